import assert from "node:assert/strict";
import { assertSame, readJson, type Running, start } from "./nettrace.ts";
import { traffic } from "./traffic.ts";

/** A shell that does a line of script after the other, as they are written to it. */
interface Shell extends AsyncDisposable {
  readonly pid: number;
  /** Runs a line of script, and returns the line that it prints. */
  run(script: string): Promise<string>;
}

function newShell(): Shell {
  const child = new Deno.Command("sh", { stdin: "piped", stdout: "piped" }).spawn();
  const stdin = child.stdin.getWriter(), stdout = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  return {
    pid: child.pid,
    async run(script) {
      await stdin.write(new TextEncoder().encode(script + "\n"));
      let text = "";
      while (!text.endsWith("\n")) text += (await stdout.read()).value ?? assert.fail(`the shell ended: ${text}`);
      return text.trimEnd();
    },
    async [Symbol.asyncDispose]() {
      await stdin.close();
      await stdout.cancel();
      await child.status;
    },
  };
}

const CLOSED_PORT = 9;
/** A command that connects, as a process of its own, to a port where nobody listens. */
const connect =
  `${Deno.execPath()} eval --no-config --no-lock 'await Deno.connect({ port: ${CLOSED_PORT} }).catch(() => {})'`;

/** The processes whose connects were shown. */
async function pidsOf(tracer: Running): Promise<number[]> {
  return readJson((await tracer.stop()).stdout).rows.map((row) => row.pid);
}

Deno.test("--children follows children and their children, and leaves others out", async () => {
  await using shell = newShell();
  await using other = newShell();
  for (const children of [true, false]) {
    await using tracer = await start([
      "tcpconnect",
      "--json",
      "-P",
      String(CLOSED_PORT),
      "-p",
      String(shell.pid),
      ...children ? ["--children"] : [],
    ]);
    const child = await shell.run(`${connect} & echo $!; wait`);
    const grandchild = await shell.run(`sh -c '${connect.replaceAll("'", `'\\''`)} & echo $!; wait'`);
    await other.run(`${connect} & echo $!; wait`);
    await shell.run("echo"); // once those before it have ended
    await other.run("echo");
    assert.deepEqual(await pidsOf(tracer), children ? [Number(child), Number(grandchild)] : []);
  }
});

Deno.test("--children leaves out the children, and theirs, of a process that is left out", async () => {
  await using shell = newShell();
  await using other = newShell();
  for (const children of [true, false]) {
    await using tracer = await start([
      "tcpconnect",
      "--json",
      "-P",
      String(CLOSED_PORT),
      "-p",
      `!${shell.pid}`,
      ...children ? ["--children"] : [],
    ]);
    const child = await shell.run(`${connect} & echo $!; wait`);
    const grandchild = await shell.run(`sh -c '${connect.replaceAll("'", `'\\''`)} & echo $!; wait'`);
    await shell.run("echo"); // once those before it have ended
    const stranger = await other.run(`${connect} & echo $!; wait`);
    await other.run("echo");
    const all = [child, grandchild, stranger].map(Number);
    assert.deepEqual(await pidsOf(tracer), children ? all.slice(2) : all);
  }
});

Deno.test("--children does not take another process for a child that has ended and had its number", async () => {
  await using shell = newShell();
  await using other = newShell();
  await using tracer = await start([
    "tcpconnect",
    "--json",
    "-P",
    String(CLOSED_PORT),
    "-p",
    String(shell.pid),
    "--children",
  ]);
  const child = await shell.run(`${connect} & pid=$!; wait; echo $pid`);
  // Another process may fork first.
  for (let tries = 0, taken = ""; taken !== child; tries++) {
    assert.ok(tries < 50, "the number was free");
    taken = await other.run(
      `echo ${Number(child) - 1} >/proc/sys/kernel/ns_last_pid; ${connect} & pid=$!; wait; echo $pid`,
    );
  }
  assert.deepEqual(await pidsOf(tracer), [Number(child)]);
});

Deno.test("--children follows a child that has at once the number of one that has just ended", async () => {
  await using shell = newShell();
  await using tracer = await start([
    "tcpconnect",
    "--json",
    "-P",
    String(CLOSED_PORT),
    "-p",
    String(shell.pid),
    "--children",
  ]);
  // A process is freed a while after its number is: an entry of the map is the next one's by then.
  const reuse = `(:) & ended=$!; wait; echo $((ended - 1)) >/proc/sys/kernel/ns_last_pid; ${connect} & pid=$!; wait;` +
    " echo $ended $pid";
  const children: number[] = [];
  let reused = 0;
  for (let tries = 0; reused < 5; tries++) { // another process may fork first
    assert.ok(tries < 50, "the number was free");
    const [ended, child] = (await shell.run(reuse)).split(" ").map(Number);
    children.push(child ?? assert.fail("the shell names the child"));
    if (child === ended) reused++;
  }
  assert.deepEqual(await pidsOf(tracer), children);
});

Deno.test("--children follows every thread of every process below", async () => {
  await using tracer = await start(["tcpaccept", "--json", "-p", String(Deno.pid), "--children"]);
  await using made = await traffic("accept", { v4: 31, v6: 13, mapped: 7, children: 3, threads: 2 });
  const { connections } = await made.go();
  const { rows, summary } = readJson((await tracer.stop()).stdout);
  assert.equal(new Set(connections.map((c) => c.tid)).size, 6, "each thread accepts");
  assertSame(rows, connections);
  assert.equal(summary.lost, 0);
});

Deno.test("--children has room for more processes than there is room for at once, as they end", async () => {
  await using shell = newShell();
  await using tracer = await start(["tcpconnect", "--json", "-p", String(shell.pid), "--children"]);
  await shell.run("n=0; while [ $n -lt 5003 ]; do (:); n=$((n + 1)); done; echo");
  const { summary } = readJson((await tracer.stop()).stdout);
  assert.equal(summary.lost_by["children"], 0);
});
