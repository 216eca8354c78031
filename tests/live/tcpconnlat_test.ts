import assert from "node:assert/strict";
import { plans, readJson, type Row, run, start, type Summary, whole } from "./nettrace.ts";
import { type Connection, type Done, type Ready, traffic } from "./traffic.ts";

interface Latency extends Row {
  saddr: string;
  daddr: string;
  dport: number;
  result: string;
  latency_ms: number;
}

interface Seen {
  rows: Latency[];
  done: Done;
  summary: Summary;
  elapsed_ms: number;
}

/** Traces connects with an outcome, of the client only. */
const connects = (...args: Parameters<typeof connectsOnce>) => whole(() => connectsOnce(...args));

async function connectsOnce(
  options: Record<string, string | number>,
  args: (ready: Ready) => string[] = () => [],
): Promise<Seen> {
  await using made = await traffic("outcome", options);
  await using tracer = await start(["tcpconnlat", "--json", "-p", String(made.ready.client), ...args(made.ready)]);
  const start_ms = performance.now();
  const done = await made.go();
  const elapsed_ms = performance.now() - start_ms;
  const { rows, summary } = readJson((await tracer.stop()).stdout);
  return { rows: rows as Latency[], done, summary, elapsed_ms };
}

const shown = (r: Latency) => `${r.pid} ${r.comm} ${r.ip} ${r.saddr} ${r.lport} ${r.daddr} ${r.dport}`;
const made = (c: Connection) => `${c.pid} ${c.comm} ${c.family} ${c.laddr} ${c.lport} ${c.raddr} ${c.rport}`;

function assertSame(rows: readonly Latency[], connections: readonly Connection[]): void {
  assert.deepEqual(rows.map(shown).sort(), connections.map(made).sort());
}

Deno.test("tcpconnlat has one plan that works everywhere", async () => {
  assert.deepEqual(await plans("tcpconnlat"), ["tracepoint"]);
});

for (const family of ["4", "6", "mapped"]) {
  for (const [outcome, result] of [["ok", "ok"], ["refused", "ECONNREFUSED"]] as const) {
    Deno.test(`tcpconnlat shows connects of family ${family} that end as ${outcome}, and who made them`, async () => {
      const { rows, done, summary, elapsed_ms } = await connects({ outcome, family, n: 31 });
      assert.equal(rows.length, 31);
      assertSame(rows, done.connections);
      for (const row of rows) {
        assert.equal(row.result, result);
        assert.ok(row.latency_ms > 0 && row.latency_ms < elapsed_ms, `${row.latency_ms}`);
      }
      assert.equal(summary.lost, summary.lost_by["missed"]);
    });
  }

  for (const [outcome, result] of [["timed_out", "ETIMEDOUT"], ["aborted", "aborted"]] as const) {
    Deno.test(`tcpconnlat shows connects of family ${family} that end as ${outcome} with --result only`, async () => {
      const { rows, done } = await connects({ outcome, family, n: 7 }, () => ["--result"]);
      assertSame(rows, done.connections);
      assert.ok(rows.every((row) => row.result === result));
      // A SYN is sent again after a second, and two seconds later it is given up (TCP_SYNCNT is 1).
      if (outcome === "timed_out") assert.ok(rows.every((row) => row.latency_ms >= 2900));
      assert.deepEqual((await connects({ outcome: "aborted", family, n: 7 })).rows, []);
    });
  }
}

Deno.test("tcpconnlat shows connects for which there is no port with --result only", async () => {
  const { rows } = await connects({ outcome: "unsent", family: "4", n: 6 }, () => ["--result"]);
  assert.deepEqual(rows.map((row) => row.result), ["ok", ...Array(5).fill("unsent")]);
  const { rows: answered } = await connects({ outcome: "unsent", family: "4", n: 6 });
  assert.deepEqual(answered.map((row) => row.result), ["ok"]);
});

Deno.test("tcpconnlat shows no connect that took less than the time asked for, and no other is left out", async () => {
  assert.deepEqual((await connects({ outcome: "ok", family: "4", n: 7 }, () => ["60000"])).rows, []);
  assert.equal((await connects({ outcome: "ok", family: "4", n: 7 }, () => ["0.001"])).rows.length, 7);
  const { rows } = await connects({ outcome: "timed_out", family: "4", n: 5 }, () => ["--result", "2900.5"]);
  assert.equal(rows.length, 5);
});

Deno.test("tcpconnlat -4 and -6, --localport, --rport and -p leave others out", async () => {
  const options = { outcome: "ok", n: 5 };
  assert.equal((await connects({ ...options, family: "4" }, () => ["-4"])).rows.length, 5);
  assert.deepEqual((await connects({ ...options, family: "4" }, () => ["-6"])).rows, []);
  assert.equal((await connects({ ...options, family: "mapped" }, () => ["-6"])).rows.length, 5);
  assert.deepEqual((await connects({ ...options, family: "mapped" }, () => ["-4"])).rows, []);
  const port = ({ ports }: Ready) => String(ports[0]);
  assert.equal((await connects({ ...options, family: "4" }, (r) => ["--rport", port(r)])).rows.length, 5);
  assert.deepEqual((await connects({ ...options, family: "4" }, (r) => ["--rport", `!${port(r)}`])).rows, []);
  assert.deepEqual((await connects({ ...options, family: "4" }, (r) => ["--localport", port(r)])).rows, []);
  await using made = await traffic("outcome", { ...options, family: "4" });
  await using tracer = await start(["tcpconnlat", "--json", "-p", String(made.ready.pid)]);
  await made.go();
  assert.deepEqual(readJson((await tracer.stop()).stdout).rows, []);
});

Deno.test("tcpconnlat accounts for every connect through a ring of one page", async () => {
  const { rows, summary } = await connects({ outcome: "refused", family: "4", n: 5003 }, () => ["--buffer", "4K"]);
  assert.equal(rows.length + (summary.lost_by["ring_full"] ?? 0), 5003);
});

Deno.test("tcpconnlat counts the connects that it has no room for", async () => {
  const n = 16411; // all unanswered at once; the map has 16384 entries
  const { rows, summary } = await connects({ outcome: "aborted", family: "4", n }, () => ["--result"]);
  const lost = summary.lost_by["attempt_full"] ?? 0;
  assert.ok(lost >= n - 16384);
  assert.equal(rows.length + lost, n);
});

Deno.test("tcpconnlat prints the table that bcc prints, and with --result one column more", async () => {
  for (const result of [false, true]) {
    await using made = await traffic("outcome", { outcome: "refused", family: "4", n: 1 });
    const args = ["tcpconnlat", "-tL", ...result ? ["--result"] : [], "-p", String(made.ready.client)];
    await using tracer = await start(args);
    const { connections: [c] } = await made.go();
    const { stdout } = await tracer.stop();
    assert.equal(
      stdout.replace(/\d+\.\d\d$/m, "0.01"),
      `TIME(s)  PID     COMM         IP SADDR            LPORT  DADDR            DPORT ${
        result ? "RESULT       " : ""
      }LAT(ms)\n` +
        `0.000    ${String(c?.pid).padEnd(7)} client       4  127.0.0.1        ${String(c?.lport).padEnd(6)} ` +
        `127.0.0.1        ${String(c?.rport).padEnd(5)} ${result ? "ECONNREFUSED " : ""}0.01\n`,
    );
  }
});

Deno.test("tcpconnlat refuses what is no latency, in a sentence", async () => {
  for (const [args, message] of [[["x"], /'x'/], [["1", "2"], /takes duration_ms and options/]] as const) {
    const { code, stderr } = await run(["tcpconnlat", ...args]);
    assert.equal(code, 2);
    assert.match(stderr, message);
  }
});
