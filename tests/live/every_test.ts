// Every tool on whatever machine this is: it traces where the doctor says that it can, and else refuses with the doctor's
// words. What is so on machines with something missing is in tests/vm/machines.json. Traffic is of IPv4 alone, as there
// are machines without IPv6.
import assert from "node:assert/strict";
import { assertSame, commandLine, readJson, type Row, run, type Running, start } from "./nettrace.ts";
import { type Connection, type Done, traffic } from "./traffic.ts";

interface Diagnosis {
  obstacle: string | null;
  tools: { name: string; plan: string | null; plans: { name: string; usable: boolean; reason?: string }[] }[];
}

const diagnosed: Diagnosis = JSON.parse((await run(["doctor", "--json"])).stdout);
const usable = new Map(
  diagnosed.tools.map(({ name, plans }) => [name, plans.filter((plan) => plan.usable).map((plan) => plan.name)]),
);

const LONG = "3600"; // an interval that the test ends
/** Words that a tool cannot do without, and those that make it report at the end only. */
const WORDS: Readonly<Record<string, string[]>> = {
  netqtop: ["-n", "lo", "-i", LONG],
  softirqs: [LONG],
  tcpsubnet: ["-i", LONG],
  tcptop: [LONG],
};
const words = (tool: string) => ["--json", ...WORDS[tool] ?? []];

const PATIENCE_S = "120"; // after which what was to refuse traces

/** What a run that cannot trace says, in one line. */
async function refusal(args: readonly string[]): Promise<string> {
  const [command, words] = commandLine(args);
  const ended = await new Deno.Command("timeout", { args: ["-s", "KILL", PATIENCE_S, command, ...words] }).output();
  const [stdout = "", stderr = ""] = [ended.stdout, ended.stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.deepEqual([ended.code, stdout], [1, ""], stderr);
  const [line = "", ...rest] = stderr.split("\n");
  assert.deepEqual(rest, [""], `it is to say one sentence: ${stderr}`);
  assert.ok(line.startsWith("nettrace: "), line);
  return line.slice("nettrace: ".length);
}

for (const { name, plan, plans } of diagnosed.tools) {
  Deno.test(`${name} takes the plan that the doctor says, and refuses those that it calls unusable with its words`, async () => {
    if (plan !== null) {
      await using tracer = await start([name, ...words(name)]);
      const { code, stderr } = await tracer.stop();
      assert.match(stderr, /^(nettrace: [^\n]+\n)*$/); // tcpdrop says what kernels before 5.17 do not tell
      assert.equal(code, 0, stderr);
    } else {
      const said = await refusal([name, ...words(name)]);
      const why = plans.map(({ name, reason }) => `${name}: ${reason}`).join("; ");
      assert.equal(
        said,
        diagnosed.obstacle ?? `No plan of ${name} works on this kernel (${why}). \`nettrace doctor\` says more.`,
      );
    }
    for (const { name: one, usable, reason } of plans) {
      if (usable) continue;
      assert.equal(
        await refusal([name, ...words(name), "--plan", one]),
        diagnosed.obstacle ?? `The plan ${one}: ${reason}. Leave out --plan to use the best one that works.`,
      );
    }
  });
}

const N = 13;
type Shown = Row & Record<string, unknown>;
interface Made {
  rows: Shown[];
  /** Both ends of 13 connections, which clients made and closed. */
  ends: Connection[];
  /** How many segments the kernel says that it sent again for those. */
  retransmitted: number;
  /** Another, over which `bytes` were sent. */
  bytes: Done;
}

/** How many segments were sent again in a process's network namespace since it was made. */
function retransmittedBeside(pid: number): number {
  const [names = [], values = []] = Deno.readTextFileSync(`/proc/${pid}/net/snmp`).split("\n")
    .filter((line) => line.startsWith("Tcp:")).map((line) => line.split(" "));
  return Number(values[names.indexOf("RetransSegs")]);
}

const owners = (rows: readonly Shown[]) => rows.map(({ pid, comm }) => `${pid} ${comm}`).sort();
const ownersOf = (ends: readonly Connection[]) => ends.map(({ pid, comm }) => `${pid} ${comm}`).sort();
const count = (rows: readonly Shown[], key: string, value: unknown) => rows.filter((row) => row[key] === value).length;
const ofClients = (ends: readonly Connection[]) => ends.filter(({ comm }) => comm === "client");
const ofServers = (ends: readonly Connection[]) => ends.filter(({ comm }) => comm === "server");

/**
 * Whether an acknowledgment alone was dropped when its connection had ended: what two CPUs send of one connection may
 * overtake each other, as each has a queue of its own. One that comes late to TIME_WAIT is answered with another.
 */
const isLateAck = ({ flags, state }: Shown) => flags === "ACK" && (state === "TIME_WAIT" || state === "LISTEN");

/** What each tool has to show of it, exactly. */
const CHECKS: Readonly<Record<string, (made: Made) => void>> = {
  tcpaccept: ({ rows, ends }) => assertSame(rows, ofServers(ends)),
  tcpv4connect: ({ rows, ends }) => assert.deepEqual(owners(rows), ownersOf(ofClients(ends))),
  tcpconnect: ({ rows, ends }) => assert.deepEqual(owners(rows), ownersOf(ofClients(ends))),
  tcpconnlat: ({ rows, ends }) => {
    assert.deepEqual(owners(rows), ownersOf(ofClients(ends)));
    assert.equal(count(rows, "result", "ok"), N);
  },
  tcplife: ({ rows, ends }) => assertSame(rows, ends),
  tcpstates: ({ rows }) => {
    assert.equal(count(rows, "newstate", "SYN_SENT"), N);
    assert.equal(count(rows, "newstate", "ESTABLISHED"), 2 * N);
    assert.equal(count(rows, "newstate", "CLOSE"), 2 * N);
  },
  tcptracer: ({ rows, ends }) => {
    const of = (type: string) => owners(rows.filter((row) => row["type"] === type));
    assert.deepEqual(of("connect"), ownersOf(ofClients(ends)));
    assert.deepEqual(of("accept"), ownersOf(ofServers(ends)));
    assert.deepEqual(of("close"), ownersOf(ends));
    assert.equal(rows.length, 4 * N);
  },
  // Where a machine is slow, a FIN may be sent again before its acknowledgment is there.
  tcpretrans: ({ rows, retransmitted }) => assert.equal(rows.length, retransmitted, JSON.stringify(rows)),
  // Kernels that give no reasons do not tell what is lost from what is only freed; and where both ends close at a time, a
  // FIN may come to a socket that is closed.
  tcpdrop: ({ rows }) => {
    const dropped = rows.filter(({ reason }) => reason !== null && reason !== "TCP_CLOSE");
    assert.deepEqual(dropped.filter((row) => !isLateAck(row)), []);
    assert.ok(dropped.length < N, "an acknowledgment that each connection ends with is not dropped");
  },
  solisten: ({ rows }) => assert.deepEqual(rows, []),
  softirqs: ({ rows }) => assert.ok(rows.some((row) => row["softirq"] === "net_rx")),
  netqtop: ({ rows, bytes: { sent = NaN } }) => {
    const [tx, rx] = ["tx", "rx"].map((way) => rows.find(({ direction }) => direction === way));
    assert.ok(Number(tx?.["bytes"]) > sent, "headers come on top");
    assert.equal(tx?.["packets"], rx?.["packets"]);
  },
  tcptop: ({ rows, bytes: { connections, sent, received } }) =>
    assert.deepEqual(
      rows.map((row) => `${row.pid} ${row["tx_bytes"]} ${row["rx_bytes"]}`).sort(),
      connections.map(({ pid, comm }) => comm === "client" ? `${pid} ${sent} 0` : `${pid} 0 ${received}`).sort(),
    ),
  tcpsubnet: ({ rows, bytes }) =>
    assert.deepEqual(rows.map((row) => [row["subnet"], row["tx_bytes"]]), [["127.0.0.1/32", bytes.sent]]),
};
/** Those that are told which of the two network namespaces they are to count. */
const OF_BYTES = ["netqtop", "tcptop", "tcpsubnet"];

const GIB_K = 1 << 20, TRACER_K = 100 << 10;

/** What memory could be had, in KiB. */
function available_k(): number {
  return Number(/^MemAvailable: +(\d+) kB$/m.exec(Deno.readTextFileSync("/proc/meminfo"))?.[1]);
}

const ROUNDS = 5;

/**
 * Fails unless these tools show exactly what there was, and lose nothing, tracing together. The kernel runs no program
 * inside itself, which each tool tells: what a round proves nothing of, another has to, in which all trace again.
 */
async function assertExactTogether(tools: readonly string[]): Promise<void> {
  let unproven = tools;
  for (let round = 0; round < ROUNDS && unproven.length > 0; round++) {
    const proven = await traceTogether(tools);
    unproven = unproven.filter((tool) => !proven.has(tool));
  }
  assert.deepEqual(unproven, [], `the kernel left programs out in each of ${ROUNDS} rounds`);
}

/** Those of these tools, all of which trace at once, that showed exactly what there was; fails if one lost more than it tells. */
async function traceTogether(tools: readonly string[]): Promise<Set<string>> {
  await using closing = await traffic("close", { way: "active", n: N, family: "4" });
  await using sending = await traffic("bytes", { family: "4" });
  const place = (tool: string) => {
    if (tool === "softirqs") return [];
    return ["--netns", `pid:${OF_BYTES.includes(tool) ? sending.ready.client : closing.ready.pid}`];
  };
  await using all = new AsyncDisposableStack();
  const running = new Map<string, Running>();
  for (const tool of tools) { // in turn, as many starting at once only make a small machine slow
    running.set(tool, all.use(await start([tool, ...words(tool), ...place(tool)])));
  }
  const ends = (await closing.go()).connections, bytes = await sending.go();
  assert.equal(ends.length, 2 * N);
  // At once, as each waits until no CPU runs its programs any more.
  const results = await Promise.all([...running].map(async ([tool, tracer]) => [tool, await tracer.stop()] as const));
  const retransmitted = retransmittedBeside(closing.ready.pid);
  const proven = new Set<string>();
  for (const [tool, { code, stdout, stderr }] of results) {
    assert.equal(code, 0, stderr);
    const { rows, summary } = readJson(stdout);
    // The first two are of sockets that nobody had open at the start.
    const { first_read: _, first_write: __, missed = 0, ...lost } = summary.lost_by;
    assert.ok(Object.values(lost).every((n) => n === 0), `${tool}: ${JSON.stringify(lost)}`);
    if (missed > 0) continue;
    (CHECKS[tool] ?? assert.fail(`${tool} is not checked`))({ rows: rows as Shown[], ends, retransmitted, bytes });
    proven.add(tool);
  }
  return proven;
}

Deno.test({
  name:
    "every tool that works here shows exactly what there was while all others trace, too, or as many as there is memory for",
  ignore: diagnosed.obstacle !== null,
  fn: async () => {
    const tools = [...usable].flatMap(([tool, plans]) => plans.length > 0 ? tool : []);
    const at_once = Math.max(1, Math.floor(available_k() / TRACER_K));
    for (let i = 0; i < tools.length; i += at_once) await assertExactTogether(tools.slice(i, i + at_once));
  },
});

Deno.test({
  name: "--buffer 1G is taken where there is room for it, and refused in a sentence where there is not",
  ignore: diagnosed.obstacle !== null,
  fn: async () => {
    const available = available_k();
    const words = ["tcpconnlat", "--buffer", "1G"];
    const traces = async () => {
      await using tracer = await start(words);
      assert.equal((await tracer.stop()).code, 0);
    };
    const refuses = async () => assert.match(await refusal(words), /give --buffer a smaller size\.$/);
    if (available > 2 * GIB_K) await traces();
    else if (available < GIB_K) await refuses();
    else await traces().catch(refuses); // as it is with what else needs memory just then
  },
});
