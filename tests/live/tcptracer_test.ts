import assert from "node:assert/strict";
import { plans, readJson, type Row, start, type Summary, whole } from "./nettrace.ts";
import { type Connection, type Done, lacks, type Ready, traffic } from "./traffic.ts";

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

/** Traces a scenario until its processes have ended, and so its sockets; fails if an event was lost. */
async function untilEnd(plan: string, scenario: string, options: Record<string, string | number>) {
  const seen = await whole(async () => {
    await using tracer = await start(["tcptracer", "--plan", plan, "--json"]);
    using held = new DisposableStack();
    let done: Done, ready: Ready;
    {
      await using made = await traffic(scenario, options);
      ready = made.ready;
      held.use(Deno.openSync(`/proc/${ready.pid}/ns/net`)); // or its number may be that of a newer one
      done = await made.go();
    }
    const { stdout, stderr } = await tracer.stop();
    const { rows, summary } = readJson(stdout);
    return { rows: (rows as Trace[]).filter((row) => row.netns === ready.netns), done, ready, summary, stderr };
  });
  assert.equal(seen.summary.lost, 0, seen.stderr);
  return seen;
}

const ends = (c: Connection) => `${c.family} ${c.laddr} ${c.lport} ${c.raddr} ${c.rport}`;
const shown = (r: Trace) => `${r.ip} ${r.saddr} ${r.sport} ${r.daddr} ${r.dport}`;

const lacksMptcp = await lacks("6.1", "mptcp", { n: 1 }); // in the kernel since 5.6, in Debian's since 5.15

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
  const test = (title: string, fn: () => Promise<void>, ignore = false) =>
    Deno.test({ name: `tcptracer (${plan}) ${title}`, fn, ignore });

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

  for (
    const [what, scenario, options] of [
      ["begin with data in the SYN", "tfo", { n: 7 }],
      ["io_uring accepts", "uring", { n: 7, mode: "single" }],
    ] as const
  ) {
    test(`shows both ends of connections that ${what}, from connect and accept to close`, async () => {
      const { rows, done, ready } = await untilEnd(plan, scenario, options);
      const other = done.connections.map((c) => ({
        ...c,
        pid: ready.client,
        comm: "client",
        laddr: c.raddr,
        lport: c.rport,
        raddr: c.laddr,
        rport: c.lport,
      }));
      assertWhole(rows, [...done.connections, ...other]);
    });
  }

  test("shows MPTCP connections once at each end, and names nobody for closes by a thread of the kernel", async () => {
    const { rows, done, ready } = await untilEnd(plan, "mptcp", { n: 7 });
    const accepts = done.connections.map((c) => `accept ${c.pid} ${ends(c)}`);
    const connects = done.connections.map((c) =>
      `connect ${ready.client} ${c.family} ${c.raddr} ${c.rport} ${c.laddr} ${c.lport}`
    );
    const opened = rows.filter((r) => r.type !== "close").map((r) => `${r.type} ${r.pid} ${shown(r)}`);
    assert.deepEqual(opened.sort(), [...accepts, ...connects].sort());
    const owners = [null, ready.client, ready.pid];
    for (const { type, pid } of rows) if (type === "close") assert.ok(owners.includes(pid), `closed by ${pid}`);
  }, lacksMptcp);

  test("shows connects by io_uring, and their closes", async () => {
    const options = { way: "uring", comm: "client", v4: 7, v6: 5, mapped: 3 };
    const { rows, done } = await untilEnd(plan, "connect", options);
    assert.equal(done.connections.length, 7 + 5 + 3);
    assertWhole(rows, done.connections);
  });

  test("shows no accept and no close of what nobody accepts", async () => {
    const { rows, done, ready } = await untilEnd(plan, "outcome", { outcome: "ok", n: 7 });
    assertWhole(rows, done.connections);
    assert.deepEqual([...new Set(rows.map((r) => r.pid))], [ready.client]);
  });

  test("names who closed what until the end, in the midst of a flood", async () => {
    await using made = await traffic("flood", { seconds: 1, rate: 20000, port: 4242 });
    const { netns, pid } = made.ready;
    await using tracer = await start([
      "tcptracer",
      "--plan",
      plan,
      "--json",
      "--netns",
      String(netns),
      "--lport",
      "4242",
    ]);
    const going = made.go();
    await tracer.says("stdout", /"close"/);
    const { rows } = readJson((await tracer.stop()).stdout);
    await going;
    assert.deepEqual(rows.filter((row) => row.pid !== pid && row.pid !== null), []);
  });

  test("accounts for every event of many connections at once through a ring of one page", async () => {
    const n = 4001;
    await using made = await traffic("accept", { v4: n, parallel: 1 });
    const own = ["--netns", String(made.ready.netns), "--buffer", "4K"];
    await using tracer = await start(["tcptracer", "--plan", plan, "--json", ...own]);
    await made.go();
    const { stdout, stderr } = await tracer.stop();
    const { rows, summary } = readJson(stdout);
    const { ring_full = 0, missed = 0 } = summary.lost_by;
    assert.ok(ring_full > 0, "the ring was not full: the test proves nothing");
    assert.ok(Math.abs(rows.length + ring_full - 2 * n) <= missed, `${rows.length} rows; ${stderr}`);
    assert.match(stderr, /because the ring was full/);
  });

  test("tells of more reset sockets than it has room for, and how many closes that may concern", async () => {
    const n = 16411; // of which all but 28 find room, as one entry is the client's that closes
    await using tracer = await start(["tcptracer", "--plan", plan, "--json", "--buffer", "64M", "--sockets", "16384"]);
    using held = new DisposableStack();
    let ready: Ready;
    {
      await using made = await traffic("reset", { n });
      ready = made.ready;
      held.use(Deno.openSync(`/proc/${ready.pid}/ns/net`)); // or its number may be that of a newer one
      assert.equal((await made.go()).connections.length, n);
    }
    const { stdout, stderr } = await tracer.stop();
    const { rows, summary } = readJson(stdout);
    const { session_full = 0, ring_full, missed = 0 } = summary.lost_by;
    assert.equal(ring_full, 0, stderr);
    assert.ok(session_full >= n - 16383, stderr);
    assert.match(stderr, new RegExp(`${session_full} perhaps, or shown twice: closes`));
    const own = (rows as Trace[]).filter((row) => row.netns === ready.netns);
    const all = (type: string) => own.filter((row) => row.type === type).length;
    for (
      const [type, wanted, unsure] of [["connect", n, 0], ["accept", n, 0], ["close", 2 * n, session_full]] as const
    ) {
      assert.ok(Math.abs(all(type) - wanted) <= unsure + missed, `${all(type)} of ${wanted} ${type}: ${stderr}`);
    }
  });

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
