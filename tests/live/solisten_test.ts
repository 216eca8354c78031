import assert from "node:assert/strict";
import { plans, readJson, type Row, start, type Summary, whole } from "./nettrace.ts";
import { type Done, lacks, type Ready, traffic } from "./traffic.ts";

interface Listen extends Row {
  proto: string;
  error: string | null;
  backlog: number;
  backlog_asked: number;
  port: number;
  addr: string;
}

interface Seen {
  ready: Ready;
  done: Done;
  rows: Listen[];
  summary: Summary;
  stderr: string;
}

/** Traces the scenario listen; fails if anything was lost. */
async function traced(...args: Parameters<typeof tracedOnce>): Promise<Seen> {
  const seen = await whole(() => tracedOnce(...args));
  assert.equal(seen.summary.lost, 0, seen.stderr);
  return seen;
}

async function tracedOnce(
  plan: string,
  options: Record<string, string | number>,
  args: (ready: Ready) => string[] = () => [],
): Promise<Seen> {
  await using made = await traffic("listen", options);
  await using tracer = await start(["solisten", "--plan", plan, "--json", ...args(made.ready)]);
  const done = await made.go();
  const { stdout, stderr } = await tracer.stop();
  const { rows, summary } = readJson(stdout);
  const shown = (rows as Listen[]).filter((row) => row.netns === made.ready.netns);
  return { ready: made.ready, done, rows: shown, summary, stderr };
}

/** What the scenario says that its sockets did, each `times` times. */
const expected = (done: Done, times = 1) =>
  done.connections.flatMap((c) =>
    Array<string>(times).fill(`${c.pid} ${c.comm} TCPv${c.family} ${c.laddr} ${c.lport}`)
  );
const shown = (rows: readonly Listen[]) => rows.map((r) => `${r.pid} ${r.comm} ${r.proto} ${r.addr} ${r.port}`);

const lacksMptcp = await lacks("6.1", "listen", { mptcp: 1 }); // in the kernel since 5.6, in Debian's since 5.15
const lacksUring = await lacks("6.11", "listen", { v4: 1, mode: "uring" });
const SOMAXCONN = 4096; // of a new network namespace

for (const plan of await plans("solisten")) {
  const test = (title: string, fn: () => Promise<void>, ignore = false) =>
    Deno.test({ name: `solisten (${plan}) ${title}`, fn, ignore });

  test("shows 13 IPv4 and 11 IPv6 listens, each once and right", async () => {
    const { rows, done } = await traced(plan, { v4: 13, v6: 11, backlog: 17, uid: 4711, children: 2 });
    assert.equal(rows.length, 13 + 11);
    assert.deepEqual(shown(rows), expected(done));
    for (const { backlog, backlog_asked, error, uid } of rows) {
      assert.deepEqual([backlog, backlog_asked, error, uid], [17, 17, null, 4711]);
    }
  });

  test("shows listens that only change the backlog", async () => {
    const { rows, done } = await traced(plan, { v4: 5, v6: 3, backlog: 17, again: 2 });
    assert.deepEqual(shown(rows), expected(done, 3));
    assert.deepEqual(rows.map((r) => r.backlog), Array(5 + 3).fill([17, 18, 19]).flat());
  });

  test("shows the backlog as the kernel takes it, and as it was asked for", async () => {
    for (const [asked, taken] of [[0, 0], [0x7fffffff, SOMAXCONN], [0xffffffff, SOMAXCONN]] as const) {
      const { rows } = await traced(plan, { v4: 2, backlog: asked });
      assert.deepEqual(rows.map((r) => [r.backlog, r.backlog_asked]), Array(2).fill([taken, asked | 0]));
    }
  });

  test("shows which listens failed, and why", async () => {
    const taken = await traced(plan, { v4: 5, v6: 3, mode: "in_use" });
    assert.deepEqual(shown(taken.rows), expected(taken.done, 2));
    assert.deepEqual(taken.rows.map((r) => r.error), Array(5 + 3).fill([null, "EADDRINUSE"]).flat());
    const connected = await traced(plan, { v4: 5, mode: "connected" });
    assert.deepEqual(shown(connected.rows), expected(connected.done));
    assert.deepEqual(connected.rows.map((r) => r.error), Array(5).fill("EINVAL"));
  });

  test("shows MPTCP listeners once", async () => {
    const { rows, done } = await traced(plan, { mptcp: 7, again: 1 });
    assert.deepEqual(shown(rows), expected(done, 2));
  }, lacksMptcp);

  test("shows io_uring's listens", async () => {
    const { rows, done } = await traced(plan, { v4: 5, v6: 3, mode: "uring", backlog: 17 });
    assert.deepEqual(shown(rows), expected(done));
    assert.deepEqual(rows.map((r) => r.backlog), Array(5 + 3).fill(17));
  }, lacksUring);

  test("accounts for every listen through a ring of one page", async () => {
    const again = 20011;
    const seen = await whole(() =>
      tracedOnce(plan, { v4: 1, again }, ({ pid }) => ["--buffer", "4K", "-p", String(pid)])
    );
    const { ring_full = 0, missed = 0 } = seen.summary.lost_by;
    assert.ok(ring_full > 0, "the ring was not full: the test proves nothing");
    assert.ok(Math.abs(seen.rows.length + ring_full - (again + 1)) <= missed, `${seen.rows.length}; ${seen.stderr}`);
    assert.match(seen.stderr, /because the ring was full/);
  });

  test("-p, -n, -4, -6 and the filters leave others out", async () => {
    const cases: [(ready: Ready) => string[], number][] = [
      [({ pids }) => ["-p", String(pids[0])], 4],
      [({ netns }) => ["-n", String(netns)], 8],
      [() => ["-n", "/proc/self/ns/net"], 0],
      [() => ["-4"], 5],
      [() => ["-6"], 3],
      [() => ["--laddr", "::1"], 3],
      [() => ["--lport", "1-1023"], 0],
      [() => ["--comm", "!server"], 0],
    ];
    for (const [args, count] of cases) {
      const { rows } = await traced(plan, { v4: 5, v6: 3, children: 2 }, args);
      assert.equal(rows.length, count, String(args));
    }
  });
}

Deno.test("solisten prints the table that bcc prints, with namespace and result if asked", async () => {
  for (const args of [[], ["--show-netns"], ["--show-netns", "--show-ret"]]) {
    await using made = await traffic("listen", { v4: 1, mode: "in_use", comm: "a-long-comm-name" });
    await using tracer = await start(["solisten", ...args, "-p", String(made.ready.pid)]);
    const { connections: [c] } = await made.go();
    const [heading, ...rows] = (await tracer.stop()).stdout.split("\n");
    const netns = args.includes("--show-netns"), ret = args.includes("--show-ret");
    assert.equal(
      heading,
      "PID     COMM         " + (netns ? "NETNS        " : "") + "PROTO  " + (ret ? "RET  " : "") + "BACKLOG  PORT  " +
        "ADDR".padEnd(39),
    );
    const row = (result: string) =>
      `${String(c?.pid).padEnd(7)} a-long-comm- ` + (netns ? `${String(made.ready.netns).padEnd(12)} ` : "") +
      "TCPv4  " + (ret ? `${result.padEnd(4)} ` : "") + `7        ${String(c?.lport).padEnd(5)} ` +
      "127.0.0.1".padEnd(39);
    assert.deepEqual(rows, [row("0"), row("-98"), ""]);
  }
});
