// What becomes of events that nobody takes: each is shown or told as lost, and nettrace ends when it is told to.
import assert from "node:assert/strict";
import { commandLine, readJson, type Running, start, type Summary } from "./nettrace.ts";
import { traffic } from "./traffic.ts";
import { generate } from "../soak/generator.ts";
import { connects } from "../soak/ledger.ts";
import { leaked, objectsOf } from "./bpf_objects.ts";

const PIPE_BYTES = 65536;

/** A pipe by name, which holds what is written although nobody reads. */
async function pipe(): Promise<AsyncDisposable & { path: string; read(): Promise<string> }> {
  const dir = await Deno.makeTempDir({ prefix: "nettrace-faults-" });
  const path = `${dir}/pipe`;
  await new Deno.Command("mkfifo", { args: [path] }).output();
  const file = await Deno.open(path, { read: true, write: true });
  let text = "";
  return {
    path,
    /** What is in it, to the end of a line that is there already. Call it when the writer has ended. */
    async read() {
      await file.write(new TextEncoder().encode("\nEND\n"));
      const decoder = new TextDecoder();
      while (!text.endsWith("\nEND\n")) {
        const bytes = new Uint8Array(PIPE_BYTES), n = await file.read(bytes);
        text += decoder.decode(bytes.subarray(0, n ?? 0), { stream: true });
      }
      return text.slice(0, -"\nEND\n".length);
    },
    async [Symbol.asyncDispose]() {
      file.close();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

/** Fails unless what was shown and what is told as lost is all that there was. */
function assertWhole(shown: number, { lost, lost_by }: Pick<Summary, "lost" | "lost_by">, made: number): void {
  const missed = lost_by["missed"] ?? 0;
  assert.ok(shown + lost >= made && shown + lost - missed <= made, `${shown} shown, ${lost} lost, of ${made}`);
}

/** How many rows each connection of a flood is to a tool. */
const PER_CONNECTION: Readonly<Record<string, number>> = { tcpaccept: 1, tcpconnect: 1, tcplife: 2, tcptracer: 4 };
const FLOOD = 3001, SOON_MS = 10_000;
const SMALL_RING = ["--buffer", "64K"];

for (const [tool, rowsEach] of Object.entries(PER_CONNECTION)) {
  Deno.test(`${tool} that is stopped (SIGSTOP) under a flood says exactly what it lost`, async () => {
    await using made = await traffic("flood", { n: FLOOD });
    const netns = String(made.ready.netns);
    await using tracer = await start([tool, "--json", ...SMALL_RING, "--netns", netns]);
    const objects = objectsOf(tracer.pid);
    Deno.kill(tracer.pid, "SIGSTOP");
    const { accepted } = await made.go();
    Deno.kill(tracer.pid, "SIGCONT");
    const began_ms = performance.now();
    const { code, stdout, stderr } = await tracer.stop();
    assert.ok(performance.now() - began_ms < SOON_MS, "the signal was noticed soon");
    const { rows, summary } = readJson(stdout);
    assert.deepEqual([code, accepted], [0, FLOOD], stderr);
    assert.equal(summary.printed, rows.length);
    assert.ok((summary.lost_by["ring_full"] ?? 0) > 0, "the ring was too small for all");
    assertWhole(rows.length, summary, rowsEach * FLOOD);
    assert.equal(new Set(rows.map((row) => JSON.stringify(row))).size, rows.length, "none is shown twice");
    assert.deepEqual(await leaked(objects), []);
  });
}

Deno.test("a pipe that nobody reads for a while costs what finds no room, and no more", async () => {
  await using made = await traffic("flood", { n: FLOOD });
  await using output = await pipe();
  const netns = String(made.ready.netns);
  const args = ["tcpaccept", "--json", ...SMALL_RING, "--netns", netns];
  await using tracer = await start(args, undefined, intoPipe(output.path));
  await made.go();
  const reading = (async () => {
    using file = await Deno.open(output.path);
    let text = "";
    for await (const part of file.readable.pipeThrough(new TextDecoderStream())) {
      text += part;
      if (text.includes('"summary"') && text.endsWith("\n")) break;
    }
    return text;
  })();
  assert.equal((await tracer.stop()).code, 0);
  const { rows, summary } = readJson(await reading);
  assert.ok(summary.lost > 0);
  assertWhole(rows.length, summary, FLOOD);
});

const intoPipe = (path: string) => ["sh", "-c", 'out=$1; shift; exec "$@" >"$out"', "sh", path];

/** Ends it, and fails unless what was written, and what is told as lost, are so many rows. */
async function assertEnds(tracer: Running, output: { read(): Promise<string> }, rows: number): Promise<void> {
  const { code, stderr } = await tracer.stop();
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stderr, /internal error/);
  const lines = (await output.read()).split("\n").filter((line) => line.endsWith("}"));
  const lost = Number(/lost (\d+) event/.exec(stderr)?.[1] ?? 0),
    perhaps = Number(/(\d+) perhaps/.exec(stderr)?.[1] ?? 0);
  assert.ok(lost > perhaps, stderr);
  const told = lines.length + lost;
  assert.ok(told - perhaps <= rows && rows <= told, `${rows} rows, of which ${lines.length} were written: ${stderr}`);
}

Deno.test("tcpaccept ends although nobody reads its pipe, and says what it did not write", async () => {
  await using made = await traffic("flood", { n: FLOOD });
  await using output = await pipe();
  const netns = String(made.ready.netns);
  await using tracer = await start(["tcpaccept", "--json", "--netns", netns], undefined, intoPipe(output.path));
  await made.go();
  await assertEnds(tracer, output, FLOOD);
});

Deno.test("tcptop ends although nobody reads its pipe, and says how much of a report it did not write", async () => {
  const made = await generate(1500, 2);
  await using output = await pipe();
  const args = ["tcptop", "--json", "3600", "--netns", String(made.netns)];
  await using tracer = await start(args, undefined, intoPipe(output.path));
  const { batches } = await made.go();
  await assertEnds(tracer, output, 2 * batches.filter(connects).reduce((sum, { count }) => sum + count, 0));
  await made.end();
});

/** Runs a script in which "$@" is a nettrace that traces a flood, until it ends by itself. */
async function script(text: string, args: string[], options = { n: 5003 }) {
  await using made = await traffic("flood", options);
  const [command, words] = commandLine([...args, "--netns", String(made.ready.netns)]);
  const child = new Deno.Command("unshare", {
    args: ["--mount", "sh", "-c", text, "sh", command, ...words],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = child.output();
  await waitForAttach(child.pid);
  await made.go();
  const { code, stdout, stderr } = await output;
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** Waits until a process, or a child of it, holds BPF links. */
async function waitForAttach(pid: number): Promise<void> {
  const until_ms = performance.now() + 30_000;
  const holds = (one: number): boolean => {
    try {
      if (objectsOf(one).some(({ kind }) => kind === "link")) return true;
      const children = Deno.readTextFileSync(`/proc/${one}/task/${one}/children`).trim();
      return children.split(" ").filter((id) => id !== "").some((id) => holds(Number(id)));
    } catch {
      return false;
    }
  };
  while (!holds(pid)) {
    assert.ok(performance.now() < until_ms, "nettrace traces");
    await new Promise((next) => setTimeout(next, 10)); // of a bounded poll
  }
}

Deno.test("a full disk under standard output ends it with a sentence, and exit code 1", async () => {
  const full = 'mount -t tmpfs -o size=64k tmpfs /run && "$@" >/run/file; code=$?; stat -c %s /run/file; exit $code';
  for (const tool of ["tcplife", "tcpconnect"]) {
    const { code, stdout, stderr } = await script(full, [tool, "--json"]);
    assert.equal(code, 1);
    assert.equal(stderr, "nettrace: Cannot write to standard output: No space left on device (os error 28).\n");
    assert.ok(Number(stdout) <= 65536);
  }
});

Deno.test("a reader that goes away ends it without a word", async () => {
  const { code, stdout, stderr } = await script('"$@" | head -n 3', ["tcpaccept", "--json"]);
  assert.deepEqual([code, stdout.trim().split("\n").length, stderr], [0, 3, ""]);
});
