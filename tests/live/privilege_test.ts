// What nettrace needs and what it gives up: as root, and as a user with exactly what is declared, and with one thing less.
import assert from "node:assert/strict";
import { plans, readJson, run, type Running, start, whole } from "./nettrace.ts";
import { join, newNetwork, sendFrames } from "./network.ts";
import { pinMap } from "./pinned_map.ts";
import { newUser, type Rights, rightsOf } from "./privilege.ts";
import { type Done, type Ready, traffic } from "./traffic.ts";

interface Declared {
  name: string;
  by?: string[];
  unless?: string;
  missing: boolean;
}

const user = newUser();
addEventListener("unload", () => user[Symbol.dispose]());

const diagnosis = JSON.parse((await run(["doctor", "--json"])).stdout);
const tools = new Map<string, Declared[]>(
  diagnosis.tools.map(({ name, capabilities }: { name: string; capabilities: Declared[] }) => [name, capabilities]),
);

/** True where the kernel's distributor keeps perf events from all but CAP_SYS_ADMIN. */
const isParanoid = Number(Deno.readTextFileSync("/proc/sys/kernel/perf_event_paranoid")) > 2;

const [major = 0, minor = 0] = Deno.osRelease().split(".").map(Number);
/** Maps count as locked memory before 5.11; there is too little of it for some tools. */
const LOCKS = major === 5 && minor < 11 ? ["CAP_SYS_RESOURCE"] : [];

/** What every run of a tool needs, and what it needs by an option here. */
function declared(tool: string, option?: string): string[] {
  const all = tools.get(tool) ?? assert.fail(`there is no ${tool}`);
  const needed = all.filter(({ by }) => by === undefined || (option !== undefined && by.includes(option)));
  return needed.map(({ name }) => name);
}

/** The kernel asks for CAP_BPF as long as tracing goes on before 5.19, or may come to do so. */
const refined = major > 5 || (major === 5 && minor >= 19);
const isOpen = Deno.readTextFileSync("/proc/sys/kernel/unprivileged_bpf_disabled").trim() === "0";
const BPF = refined && !isOpen ? [] : ["CAP_BPF"];

/** Fails unless these are all that the process has left. */
function assertLeft(rights: Rights, kept: readonly string[] = [], bounded = true): void {
  assert.ok(rights.threads > 1, "it has several threads");
  const { threads: _, bounding, ...others } = rights;
  const left = [...kept, ...BPF].sort();
  others.effective.sort();
  others.permitted.sort();
  assert.deepEqual(others, { effective: left, permitted: left, inheritable: [], ambient: [], noNewPrivileges: true });
  if (bounded) assert.deepEqual(bounding, []);
}

type Rows = Record<string, unknown>[];

/** A scenario whose events a tool shows exactly. */
interface Case {
  args?: (ready: Ready) => string[];
  traffic: [scenario: string, options: Record<string, string | number>];
  /** What it shows and what it is to show. */
  count: (rows: Rows, done: Done, ready: Ready) => [shown: number, made: number];
}

const every = { v4: 5, v6: 3, mapped: 2 };
const SIZES = "7,1009,65537", SUM = 7 + 1009 + 65537;
const sum = (rows: Rows, key: string) => rows.reduce((n, row) => n + Number(row[key]), 0);
const here = (rows: Rows, { netns }: Ready) => rows.filter((row) => row["netns"] === netns);
const netns = ({ netns }: Ready) => ["--netns", String(netns)];

const CASES: Record<string, Case> = {
  tcpaccept: { traffic: ["accept", every], count: (rows, done) => [rows.length, done.connections.length] },
  // and a last one of each kind, which the scenario knows the end by
  tcpdrop: { traffic: ["drop", { mode: "refused", ...every }], count: (rows) => [rows.length, 6 + 4 + 3] },
  solisten: { traffic: ["listen", { v4: 5, v6: 3 }], count: (rows, done) => [rows.length, done.connections.length] },
  tcptracer: {
    traffic: ["accept", every],
    count: (rows, done) => [rows.filter(({ type }) => type === "accept").length, done.connections.length],
  },
  tcpretrans: {
    traffic: ["retransmit", { mode: "data", ...every, at_least: 2 }],
    count: (rows, done) => [rows.length, done.retransmits ?? 0],
  },
  tcpconnect: { traffic: ["connect", every], count: (rows, done) => [rows.length, done.connections.length] },
  tcpv4connect: { traffic: ["connect", { v4: 5 }], count: (rows) => [rows.length, 5] },
  tcpconnlat: {
    traffic: ["connect", every],
    count: (rows, done) => [rows.length, done.connections.length],
  },
  tcplife: {
    traffic: ["close", { way: "active", n: 5, family: "mapped" }],
    count: (rows, done) => [rows.length, done.connections.length],
  },
  tcpstates: {
    traffic: ["close", { way: "active", n: 3, family: "6" }],
    count: (rows, done) => [rows.filter(({ newstate }) => newstate === "ESTABLISHED").length, done.connections.length],
  },
  tcptop: {
    args: (ready) => ["3600", ...netns(ready)],
    traffic: ["bytes", { sizes: SIZES, family: "6" }],
    count: (rows, _, ready) => [sum(here(rows, ready), "tx_bytes"), SUM],
  },
  tcpsubnet: {
    args: (ready) => ["-i", "3600", ...netns(ready)],
    traffic: ["bytes", { sizes: SIZES, family: "mapped" }],
    count: (rows) => [sum(rows, "tx_bytes"), SUM],
  },
};

/** Runs a case under several tracers at once; each is looked at before and after the events. */
async function assertExact(
  tool: string,
  { args = netns, traffic: [scenario, options], count }: Case,
  tracers: readonly { program?: readonly string[]; look: (rights: Rights) => void }[],
  more: readonly string[] = [],
): Promise<void> {
  const counts = await whole(async () => {
    await using making = await traffic(scenario, options);
    await using owned = new AsyncDisposableStack();
    const words = [tool, "--json", ...args(making.ready), ...more];
    const running: { look: (rights: Rights) => void; tracer: Running }[] = [];
    for (const { program, look } of tracers) {
      running.push({ look, tracer: owned.use(await start(words, undefined, [], program)) });
    }
    const lookAtAll = () => running.forEach(({ look, tracer }) => look(rightsOf(tracer.pid)));
    lookAtAll();
    const done = await making.go();
    lookAtAll();
    const counts = [];
    let missed = 0;
    for (const { tracer } of running) {
      const { code, stdout, stderr } = await tracer.stop();
      assert.equal(code, 0, stderr);
      const { rows, summary } = readJson(stdout);
      counts.push(count(rows as unknown as Rows, done, making.ready));
      missed += summary.lost_by["missed"] ?? 0;
    }
    return { counts, summary: { printed: 0, lost: 0, lost_by: { missed } } };
  });
  const shown = counts.counts.map(([shown]) => shown), made = counts.counts.map(([, made]) => made);
  assert.ok(made.every((n) => n > 0));
  assert.deepEqual(shown, made);
}

Deno.test("there is a case for each tool", () => {
  assert.deepEqual([...Object.keys(CASES), "netqtop", "softirqs"].sort(), [...tools.keys()].sort());
});

for (const [tool, test] of Object.entries(CASES)) {
  Deno.test(`${tool} shows all to a user with what it declares, and to root, and no thread has anything of it left`, () =>
    assertExact(tool, test, [
      { program: user.as(declared(tool)), look: (rights) => assertLeft(rights, [], false) },
      { look: assertLeft },
    ]));
}

Deno.test("without one of the capabilities that tracing needs, each tool says which, and ends with 1", async () => {
  for (const [tool, capabilities] of tools) {
    const own = capabilities.filter(({ by }) => by === undefined);
    const needed = own.filter(({ unless }) => unless === undefined).map(({ name }) => name);
    assert.deepEqual(needed, ["CAP_BPF", "CAP_PERFMON"]);
    for (const lacking of needed) {
      const words = tool === "netqtop" ? [tool, "-n", "lo"] : [tool];
      const program = user.as(own.map(({ name }) => name).filter((name) => name !== lacking));
      const { code, stdout, stderr } = await run(words, program);
      const said =
        `nettrace: nettrace needs root, or ${lacking}: run it with sudo, or give them to the file with setcap.\n`;
      assert.deepEqual({ code, stdout, stderr }, { code: 1, stdout: "", stderr: said });
    }
  }
});

/** What an option needs, a command line with it, and what is said without. */
const OPTIONS: [tool: string, option: string, args: (ready: Ready) => string[], said: RegExp][] = [
  ["tcpconnect", "-d/--dns", () => ["-d"], /takes CAP_NET_RAW/],
  ["tcpretrans", "-l/--lossprobe", () => ["-l"], /does not tell the address of tcp_write_timer: run .* CAP_SYSLOG/],
  [
    "tcpaccept",
    "--netns",
    ({ pid }) => ["--netns", `pid:${pid}`],
    /may not look at .*\/ns\/net: run .* CAP_SYS_PTRACE/,
  ],
  ["tcpdrop", "--pid-netns", ({ client }) => ["--pid-netns", String(client)], /may not look at .* CAP_SYS_PTRACE/],
  [
    "tcpaccept",
    "--plan tracepoint",
    () => ["--plan", "tracepoint"],
    /tracefs, on \S+, is closed .* CAP_DAC_READ_SEARCH/,
  ],
];
if (isParanoid && (await plans("tcpaccept")).includes("kprobe")) {
  const said = /kernel\.perf_event_paranoid is \d, where perf events take root or CAP_SYS_ADMIN/;
  OPTIONS.push(["tcpaccept", "--plan kprobe", () => ["--plan", "kprobe"], said]);
}

for (const [tool, option, args, said] of OPTIONS) {
  Deno.test(`${tool} ${option} works with what it declares, and says what is missing`, async () => {
    const test = CASES[tool] ?? assert.fail();
    await using made = await traffic("accept", { v4: 1 }); // whose processes are root's
    const program = user.as(declared(tool, option));
    assert.ok(declared(tool, option).length > declared(tool).length, "the option declares something");
    await assertExact(tool, {
      ...test,
      args: (ready) => [...args(ready), ...option.endsWith("netns") ? [] : netns(ready)],
    }, [
      { program, look: (rights) => assertLeft(rights, [], false) },
    ]);
    const { code, stderr } = await run([tool, ...args(made.ready)], user.as(["CAP_BPF", "CAP_PERFMON"]));
    assert.match(stderr, said);
    assert.equal(code, 1);
  });
}

Deno.test("tcpdrop names functions with CAP_SYSLOG, which it has given up by then, and says that it cannot without", async () => {
  for (const named of [true, false]) {
    await using made = await traffic("drop", { mode: "refused", v4: 3 });
    const capabilities = declared("tcpdrop").filter((name) => named || name !== "CAP_SYSLOG");
    await using tracer = await start(["tcpdrop", "--json", ...netns(made.ready)], undefined, [], user.as(capabilities));
    assertLeft(rightsOf(tracer.pid), [], false);
    await made.go();
    const { stdout, stderr } = await tracer.stop();
    const [stack] = readJson(stdout).rows.map((row) => (row as unknown as { stack: string[] }).stack);
    assert.match(stack?.[0] ?? "", named ? /^tcp_v4_\w+\+0x[0-9a-f]+$/ : /^0xffffffff[0-9a-f]{8}$/);
    assert.equal(/stacks are shown as addresses/.test(stderr), !named);
  }
});

Deno.test("a pinned map of others takes CAP_DAC_OVERRIDE", async () => {
  using map = pinMap({});
  const args = ["tcpaccept", "--cgroupmap", map.path];
  {
    await using tracer = await start(args, undefined, [], user.as(declared("tcpaccept", "--cgroupmap")));
    assertLeft(rightsOf(tracer.pid), [], false);
    assert.equal((await tracer.stop()).code, 0);
  }
  const { code, stderr } = await run(args, user.as(["CAP_BPF", "CAP_PERFMON"]));
  assert.match(stderr, /may not open the map pinned at .* CAP_DAC_OVERRIDE/);
  assert.equal(code, 1);
});

Deno.test("netqtop --netns keeps what looking there takes, and nothing else, and follows a change of name", async () => {
  using network = newNetwork();
  using other = newNetwork();
  join(network, "nq0", other, "nq1", 1);
  const args = ["netqtop", "--json", "-n", "nq0", "-i", "3600", "--netns", network.path];
  const kept = ["CAP_SYS_ADMIN", "CAP_SYS_PTRACE"];
  for (const program of [undefined, user.as(declared("netqtop", "--netns"))]) {
    await using tracer = await start(args, undefined, [], program);
    sendFrames(network, "nq0", 64, 101);
    network.sh("ip link set nq0 down; ip link set nq0 name nq2; ip link set nq2 up"); // 5.10 renames none that is up
    await tracer.says("stderr", /nq0 is called nq2 now/);
    sendFrames(network, "nq2", 64, 103);
    assertLeft(rightsOf(tracer.pid), kept, program === undefined);
    const { rows } = readJson((await tracer.stop()).stdout);
    assert.equal(sum((rows as unknown as Rows).filter(({ direction }) => direction === "tx"), "packets"), 101 + 103);
    network.sh("ip link set nq2 down; ip link set nq2 name nq0; ip link set nq0 up");
  }
  const { code, stderr } = await run(args, user.as(["CAP_BPF", "CAP_PERFMON"]));
  assert.match(stderr, /may not look into /);
  assert.equal(code, 1);
});

Deno.test("what counts and what samples goes on to do so without rights, whichever libbpf it is", async () => {
  const system = "/usr/lib/" + Deno.build.arch + "-linux-gnu/libbpf.so.1";
  await using made = await traffic("accept", every);
  await using counts = await start(["tcpconnect", "-c", "--json", "--libbpf", system, ...netns(made.ready)]);
  await using open = await start(
    ["tcplife", "--open", "--json", ...netns(made.ready)],
    undefined,
    [],
    user.as(declared("tcplife")),
  );
  await using often = await start(["tcptop", "--json", "1", "3", ...netns(made.ready)]);
  for (const { pid } of [counts, often]) assertLeft(rightsOf(pid));
  assertLeft(rightsOf(open.pid), [], false);
  await made.go();
  const counted = readJson((await counts.stop()).stdout).rows as unknown as Rows;
  assert.equal(sum(counted, "connects"), 5 + 3 + 2);
  const shown = readJson((await open.stop()).stdout).rows.filter(({ pid }) => pid === made.ready.pid);
  assert.equal(shown.length, 5 + 3 + 2);
  await often.says("stdout", /"summary"/);
});

Deno.test("netqtop and softirqs count exactly for a user with what they declare, and have nothing of it left", async () => {
  using network = newNetwork();
  network.sh("ip link set lo up");
  const left = ({ pid }: Running) => assertLeft(rightsOf(pid), [], false);
  await using queues = await start(
    ["netqtop", "--json", "-n", "lo", "-i", "3600"],
    undefined,
    network.within,
    user.as(declared("netqtop")),
  );
  const reading = () => {
    const line = /NET_RX:(.*)/.exec(Deno.readTextFileSync("/proc/softirqs"))?.[1] ?? "";
    return line.trim().split(/ +/).reduce((n, cpu) => n + Number(cpu), 0);
  };
  const before = reading();
  await using softirqs = await start(["softirqs", "--json", "-C"], undefined, [], user.as(declared("softirqs")));
  const began = reading();
  sendFrames(network, "lo", 64, 1009);
  const ended = reading();
  left(queues);
  left(softirqs);
  const packets = readJson((await queues.stop()).stdout).rows as unknown as Rows;
  const counts = readJson((await softirqs.stop()).stdout).rows as unknown as Rows;
  const after = reading();
  assert.equal(sum(packets.filter(({ direction }) => direction === "tx"), "packets"), 1009);
  const net_rx = sum(counts.filter(({ softirq }) => softirq === "net_rx"), "count");
  assert.ok(net_rx >= ended - began && net_rx <= after - before, `${ended - began} <= ${net_rx} <= ${after - before}`);
});

/** The complete files of a recording. */
const filesIn = (dir: string) =>
  Array.from(Deno.readDirSync(dir), ({ name }) => name).filter((name) => name.endsWith(".jsonl"));

async function until(what: () => boolean): Promise<void> {
  for (const end_ms = performance.now() + 20_000; !what();) {
    assert.ok(performance.now() < end_ms, `not so within 20 s: ${what}`);
    await new Promise((done) => setTimeout(done, 10)); // of a bounded poll
  }
}

const NOBODY = 65534;
const DIRECTORIES: [what: string, owner: number, mode: number, as: "root" | "user", kept: string[]][] = [
  ["root's own", 0, 0o750, "root", []],
  ["a user's", NOBODY, 0o700, "root", ["CAP_DAC_OVERRIDE"]],
  ["a user's that all may write to", NOBODY, 0o777, "root", []],
  ["a user's sticky one", NOBODY, 0o1777, "root", ["CAP_FOWNER"]],
  ["the user's own", NOBODY, 0o700, "user", []],
];

for (const [what, owner, mode, as, kept] of DIRECTORIES) {
  Deno.test(`record, as ${as} and into a directory that is ${what}, keeps what its next file takes, and nothing else`, async () => {
    const dir = Deno.makeTempDirSync({ prefix: "nettrace-record-" });
    try {
      Deno.chownSync(dir, owner, owner);
      Deno.chmodSync(dir, mode);
      const old = `${dir}/tcpaccept-${Deno.hostname()}-20200101T000000Z.jsonl`;
      Deno.writeTextFileSync(old, "");
      Deno.chownSync(old, owner, owner);
      const { shown, made } = await whole(async () => {
        await using making = await traffic("accept", every);
        const args = ["record", "-o", dir, "--compress", "none", "--keep", "7d", "tcpaccept", ...netns(making.ready)];
        const program = as === "user" ? user.as(declared("tcpaccept")) : undefined;
        await using tracer = await start([...args, "+", "softirqs", "1"], undefined, [], program);
        const before = filesIn(dir).length;
        Deno.kill(tracer.pid, "SIGHUP");
        await until(() => filesIn(dir).length >= before + 2);
        assertLeft(rightsOf(tracer.pid), kept, as === "root");
        const { connections } = await making.go();
        assert.equal((await tracer.stop()).code, 0);
        const { stdout } = await run(["replay", "tcpaccept", dir, "--json"]);
        const { rows, summary } = readJson(stdout);
        const { missed = 0 } = summary.lost_by;
        const shown = here(rows as unknown as Rows, making.ready).length;
        return { shown, made: connections.length, summary: { ...summary, lost_by: { missed } } };
      });
      assert.deepEqual([shown, made], [5 + 3 + 2, 5 + 3 + 2]);
      assert.ok(!filesIn(dir).some((name) => name.includes("20200101")), "what is old is removed, whoever wrote it");
    } finally {
      Deno.removeSync(dir, { recursive: true });
    }
  });
}

Deno.test("doctor says of each tool what it takes and what of that is missing", async () => {
  const { stdout } = await run(["doctor", "--json"], user.as(["CAP_BPF", "CAP_PERFMON", ...LOCKS]));
  const seen = JSON.parse(stdout);
  assert.deepEqual([seen.obstacle, seen.tracefs, seen.tracefs_readable], [null, "/sys/kernel/tracing", false]);
  for (const { name, plan, capabilities } of seen.tools as { name: string; plan: string; capabilities: Declared[] }[]) {
    assert.ok(plan, `${name} has a plan`);
    const missing = capabilities.filter((capability) => capability.missing).map(({ name }) => name);
    const all = capabilities.map(({ name }) => name), given = ["CAP_BPF", "CAP_PERFMON", ...LOCKS];
    assert.deepEqual(missing, all.filter((name) => !given.includes(name)));
    assert.deepEqual(given.filter((name) => !all.includes(name)), []);
    assert.equal(all.includes("CAP_SYS_RESOURCE"), LOCKS.length > 0);
  }
  const { stdout: text } = await run(["doctor"], user.as(["CAP_BPF", "CAP_PERFMON"]));
  assert.match(text, /^tracefs +\/sys\/kernel\/tracing, closed to this user$/m);
  assert.match(text, /^tcpconnect .*\n(?: {2}.*\n)* {2}lacks +CAP_NET_RAW \(-d\/--dns\)/m);
});

Deno.test("no thread keeps anything while others make threads all the time", async () => {
  const [script, library] = ["many_threads.ts", "../../out/relinquish.so"].map((name) =>
    import.meta.dirname + "/" + name
  );
  const args = ["run", "-A", "--no-check", script ?? "", library ?? ""];
  for (let round = 0; round < 7; round++) {
    await using process = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
    const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    assert.equal((await reader.read()).value, "given up\n");
    const rights = rightsOf(process.pid);
    process.kill("SIGKILL");
    while (!(await reader.read()).done);
    assert.deepEqual([rights.effective, rights.permitted, rights.bounding, rights.noNewPrivileges], [[], [], [], true]);
    assert.ok(rights.threads > 16, `it had ${rights.threads} threads`);
  }
});
