// nettrace that dies leaves nothing behind, and what it traced goes on.
import assert from "node:assert/strict";
import { assertSame, readJson, run, type Running, start } from "./nettrace.ts";
import { join, newNetwork } from "./network.ts";
import { traffic } from "./traffic.ts";
import { leaked, objectsOf } from "./bpf_objects.ts";

/** The pins that are in the BPF file system, wherever it is mounted. */
function pins(): string[] {
  const below = (dir: string): string[] =>
    Array.from(Deno.readDirSync(dir)).flatMap(({ name, isDirectory }) =>
      isDirectory ? below(`${dir}/${name}`) : [`${dir}/${name}`]
    );
  try {
    return below("/sys/fs/bpf").sort();
  } catch {
    return []; // it is not mounted
  }
}

async function allTools(): Promise<string[]> {
  const { tools } = JSON.parse((await run(["doctor", "--json"])).stdout) as { tools: { name: string }[] };
  return tools.map(({ name }) => name).filter((name) => name !== "netqtop");
}

Deno.test("killed in the middle (SIGKILL), no tool leaves programs, maps, links or pins, nor disturbs what it traced", async () => {
  await using made = await traffic("flood", { seconds: 2, rate: 500 });
  using network = newNetwork();
  network.sh("ip link set lo up");
  const before = pins();
  const tracers: Running[] = [];
  for (const tool of await allTools()) tracers.push(await start([tool, "--json"]));
  tracers.push(await start(["netqtop", "-n", "lo", "--netns", network.path]));
  const dir = await Deno.makeTempDir({ prefix: "nettrace-faults-" });
  tracers.push(await start(["record", "-o", `${dir}/recording`, "tcplife", "+", "tcpconnect"]));
  const objects = tracers.flatMap(({ pid }) => objectsOf(pid));
  for (const kind of ["prog", "map", "link"]) assert.ok(objects.some((object) => object.kind === kind));
  const flood = made.go();
  for (const tracer of tracers) assert.notEqual((await tracer.stop("SIGKILL")).code, 0);
  assert.ok(((await flood).accepted ?? 0) > 0);
  assert.deepEqual(await leaked(objects), []);
  assert.deepEqual(pins(), before);
  await Deno.remove(dir, { recursive: true });
});

/** A memory cgroup of so many bytes, in whichever hierarchy this machine has. */
function memoryCgroup(bytes: number) {
  const unified = readText("/sys/fs/cgroup/cgroup.controllers").includes("memory");
  if (!unified && readText("/sys/fs/cgroup/memory/tasks") === "") return undefined;
  const path = `${unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"}/nettrace-faults-${Deno.pid}`;
  if (unified) Deno.writeTextFileSync("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
  Deno.mkdirSync(path);
  Deno.writeTextFileSync(`${path}/${unified ? "memory.max" : "memory.limit_in_bytes"}`, String(bytes));
  return {
    path,
    kills: () =>
      Number(/oom_kill (\d+)/.exec(readText(`${path}/${unified ? "memory.events" : "memory.oom_control"}`))?.[1]),
    [Symbol.dispose]: () => Deno.removeSync(path),
  };
}

function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

/** Waits until a process has ended. */
async function goneSoon(pid: number): Promise<void> {
  const until_ms = performance.now() + 10_000;
  while (readText(`/proc/${pid}/status`) !== "") {
    assert.ok(performance.now() < until_ms, `process ${pid} has ended`);
    await new Promise((next) => setTimeout(next, 10)); // of a bounded poll
  }
}

const MiB = 2 ** 20;
const hasMemoryCgroup = readText("/sys/fs/cgroup/cgroup.controllers").includes("memory") ||
  readText("/sys/fs/cgroup/memory/tasks") !== "";

Deno.test({
  name: "killed for want of memory, it leaves nothing behind, and what it traced goes on",
  ignore: !hasMemoryCgroup,
  async fn() {
    const most = 320 * MiB;
    using group = memoryCgroup(most) ?? assert.fail("there are memory cgroups");
    const within = (score: number) => [
      "sh",
      "-c",
      `echo $$ >${group.path}/cgroup.procs && echo ${score} >/proc/self/oom_score_adj && exec "$@"`,
      "sh",
    ];
    await using made = await traffic("flood", { n: 1009 });
    await using tracer = await start(["tcplife", "--json"], undefined, within(1000));
    const objects = objectsOf(tracer.pid);
    // What tail keeps takes all the room; the kernel kills the tracer first, and perhaps tail, too.
    const hog = new Deno.Command("sh", {
      args: [...within(0).slice(1), "sh", "-c", `head -c ${most} /dev/zero | tail -c ${most} >/dev/null`],
      stdin: "null",
      stderr: "null",
    });
    await hog.output();
    await goneSoon(tracer.pid);
    assert.ok(group.kills() > 0);
    assert.equal((await made.go()).accepted, 1009);
    assert.deepEqual(await leaked(objects), []);
  },
});

Deno.test("40 at once count each connection exactly, all end, and leave nothing behind", async () => {
  await using made = await traffic("accept", { v4: 31, v6: 29, mapped: 23, children: 3 });
  const netns = String(made.ready.netns);
  const tools = ["tcpaccept", "tcpconnect", "tcptracer", "tcpconnlat"] as const;
  const each = { tcpaccept: 1, tcpconnect: 1, tcptracer: 2, tcpconnlat: 1 };
  const tracers = await Promise.all(Array.from({ length: 40 }, async (_, i) => {
    const tool = tools[i % tools.length]!;
    return { tool, tracer: await start([tool, "--json", "--buffer", "256K", "--netns", netns]) };
  }));
  const objects = tracers.flatMap(({ tracer }) => objectsOf(tracer.pid));
  const { connections } = await made.go();
  const results = await Promise.all(tracers.map(({ tracer }) => tracer.stop()));
  for (const [i, { tool }] of tracers.entries()) {
    const { code, stdout, stderr } = results[i]!;
    const { rows, summary } = readJson(stdout);
    assert.deepEqual([code, summary.lost], [0, 0], stderr);
    assert.equal(rows.length, each[tool] * connections.length, tool);
    if (tool === "tcpaccept") assertSame(rows, connections);
  }
  assert.deepEqual(await leaked(objects), []);
});

Deno.test("a network namespace that goes while it is looked at ends no tool", async () => {
  const tracers: { tool: string; tracer: Running }[] = [];
  {
    using network = newNetwork();
    using other = newNetwork();
    join(network, "gone0", other, "gone1", 1);
    for (const tool of ["tcplife", "tcptop", "tcpstates", "tcpdrop"]) {
      tracers.push({ tool, tracer: await start([tool, "--json", "--netns", network.path]) });
    }
    tracers.push({
      tool: "netqtop",
      tracer: await start(["netqtop", "--json", "-n", "gone0", "--netns", network.path]),
    });
    network.sh("ip link del gone0");
  }
  for (const { tool, tracer } of tracers) {
    const objects = objectsOf(tracer.pid);
    const { code, stderr } = await tracer.stop();
    assert.doesNotMatch(stderr, /internal error/, tool);
    assert.equal(code, 0, `${tool}: ${stderr}`);
    assert.deepEqual(await leaked(objects), []);
  }
});
