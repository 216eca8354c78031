import assert from "node:assert/strict";
import { plans, readJson, type Row, start, type Summary, whole } from "./nettrace.ts";
import { type Connection, type Done, type Ready, traffic } from "./traffic.ts";

interface Trace extends Row {
  type: "connect" | "accept" | "close";
  saddr: string;
  sport: number;
  daddr: string;
  dport: number;
  state: string;
}

/** Traces a scenario; fails if an event was lost. */
async function traced(...args: Parameters<typeof tracedOnce>) {
  const seen = await whole(() => tracedOnce(...args));
  assert.equal(seen.summary.lost, 0, seen.stderr);
  return seen;
}

async function tracedOnce(
  plan: string,
  scenario: string,
  options: Record<string, string | number>,
  args: (ready: Ready) => string[] = () => [],
): Promise<{ rows: Trace[]; done: Done; ready: Ready; summary: Summary; stderr: string }> {
  await using made = await traffic(scenario, options);
  await using tracer = await start(["tcptracer", "--plan", plan, "--json", ...args(made.ready)]);
  const done = await made.go();
  const { stdout, stderr } = await tracer.stop();
  const { rows, summary } = readJson(stdout);
  const shown = (rows as Trace[]).filter((row) => row.netns === made.ready.netns);
  return { rows: shown, done, ready: made.ready, summary, stderr };
}

const ends = (c: Connection) => `${c.family} ${c.laddr} ${c.lport} ${c.raddr} ${c.rport}`;
const shown = (r: Trace) => `${r.ip} ${r.saddr} ${r.sport} ${r.daddr} ${r.dport}`;

// Who closes last is a child in these, and inherits the name.
const BY_CHILD: Record<string, string> = { last_reference_in_child: "client", server_leaves_child: "server" };

const WAYS = [
  "active",
  "passive",
  "half_closed",
  "shutdown_both",
  "reset_by_client",
  "reset_by_server",
  "exit_of_client",
  "exit_of_server",
  "killed_client",
  "killed_server",
  "unread_data",
  "last_reference_in_child",
  "server_leaves_child",
  "both_at_once",
];

/** Fails unless each end is connected or accepted once, and closed once, by its process. */
function assertWhole(rows: readonly Trace[], connections: readonly Connection[], byChild?: string): void {
  const expected = connections.flatMap((c) =>
    [c.comm === "client" ? "connect" : "accept", "close"].map((type) => {
      const pid = type === "close" && c.comm === byChild ? "child" : c.pid;
      return `${type} ${pid} ${c.comm} ${ends(c)}`;
    })
  );
  const pids = new Set(connections.map((c) => c.pid));
  const actual = rows.map((r) =>
    `${r.type} ${r.comm === byChild && r.type === "close" && !pids.has(r.pid) ? "child" : r.pid} ${r.comm} ${shown(r)}`
  );
  assert.deepEqual(actual.sort(), expected.sort());
}

for (const plan of await plans("tcptracer")) {
  const test = (title: string, fn: () => Promise<void>) => Deno.test(`tcptracer (${plan}) ${title}`, fn);

  for (const way of WAYS) {
    test(`shows connect, accept and both closes of connections that end by ${way}, each with who did it`, async () => {
      const { rows, done } = await traced(plan, "close", { way, n: 3, family: "4" });
      assert.equal(rows.length, 4 * 3);
      assertWhole(rows, done.connections, BY_CHILD[way]);
    });
  }

  for (const family of ["6", "mapped"]) {
    test(`shows connections of family ${family}`, async () => {
      for (const way of ["active", "reset_by_server"]) {
        const { rows, done } = await traced(plan, "close", { way, n: 5, family });
        assert.equal(rows.length, 4 * 5);
        assertWhole(rows, done.connections);
      }
    });
  }

  test("shows what a connection was in before it was closed", async () => {
    const { rows } = await traced(plan, "close", { way: "active", n: 3, family: "4" });
    const closes = rows.filter((r) => r.type === "close");
    assert.deepEqual(closes.map((r) => `${r.comm} ${r.state}`).sort(), [
      ...Array(3).fill("client ESTABLISHED"),
      ...Array(3).fill("server CLOSE_WAIT"),
    ]);
  });

  for (const outcome of ["refused", "aborted"]) {
    test(`shows nothing of connects that are ${outcome}`, async () => {
      const { rows } = await traced(plan, "outcome", { outcome, n: 7 });
      assert.deepEqual(rows, []);
    });
  }

  test("-p, -N, -4, -6 and the filters leave others out", async () => {
    const options = { v4: 5, v6: 3, mapped: 2 };
    const cases: [(ready: Ready) => string[], number][] = [
      [({ pid }) => ["-p", String(pid)], 5 + 3 + 2],
      [({ client }) => ["-p", String(client)], 5 + 3 + 2],
      [({ netns }) => ["-N", String(netns)], 2 * (5 + 3 + 2)],
      [() => ["-N", "/proc/self/ns/net"], 0],
      [() => ["-4"], 2 * 5 + 2],
      [() => ["-6"], 2 * 3 + 2],
      [() => ["--comm", "client"], 5 + 3 + 2],
      [() => ["--raddr", "::1"], 2 * 3],
    ];
    for (const [args, count] of cases) {
      const { rows } = await traced(plan, "accept", options, args);
      assert.equal(rows.length, count, String(args));
    }
  });
}

Deno.test("tcptracer prints the table that bcc prints, with long names and nanoseconds if asked", async () => {
  await using made = await traffic("accept", { v6: 1 });
  const args = ["tcptracer", "-p", String(made.ready.pid)];
  await using short = await start([...args, "-t"]);
  await using long = await start([...args, "-t", "-v"]);
  const { connections: [c] } = await made.go();
  const intro = "Tracing TCP established connections. Ctrl-C to end.\n";
  const who = `${String(c?.pid).padEnd(6)} ${"server".padEnd(16)} 6  ${"[::1]".padEnd(16)} ${"[::1]".padEnd(16)}`;
  const ports = `${String(c?.lport).padEnd(6)} ${String(c?.rport).padEnd(6)}`;
  const heading = "PID    COMM             IP SADDR            DADDR            SPORT  DPORT ";
  assert.equal((await short.stop()).stdout, `${intro}TIME(s)  T  ${heading}\n0.000    A  ${who} ${ports}\n`);
  assert.equal(
    (await long.stop()).stdout,
    `${intro}TIME(ns)      TYPE         ${heading} NETNS   \n` +
      `0             accept       ${who} ${ports} ${made.ready.netns}\n`,
  );
});
