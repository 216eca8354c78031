import assert from "node:assert/strict";
import { plans, readJson, run, type Running, start } from "./nettrace.ts";
import { type Network, newNetwork, onCpu, sendFrames } from "./network.ts";
import { runsOf, takeTimes } from "./runs.ts";
import { allBetween, type Begun, begun, between, HIDDEN } from "./softirqs.ts";

interface Softirq {
  start: string;
  end: string;
  partial: boolean;
  softirq: string;
  count: number;
  total_ns?: number;
  dist_us?: number[];
  dist_ns?: number[];
}

const CPUS = [...begun().values()][0]?.length ?? 0;
const sum = (rows: readonly Softirq[], of: (row: Softirq) => number) => rows.reduce((n, row) => n + of(row), 0);

/** What the kernel counted at some time: soft interrupts before and after it was asked for the runs of programs. */
interface Reading {
  first: Begun;
  /** How often it has run those of the tracer: one as each soft interrupt begins, one as it ends. */
  runs: number;
  last: Begun;
}

function read(tracer: Running): Reading {
  return { first: begun(), runs: runsOf(tracer.pid).count, last: begun() };
}

interface Window {
  rows: Softirq[];
  /** Before it was started. */
  before: Begun;
  /** Once it traced. */
  began: Reading;
  /** Before it was ended. */
  ending: Reading;
  /** When it had ended. */
  ended: Begun;
}

/** Counts while packets are sent over lo by this CPU, 10007 a time: each raises NET_RX there, which then runs at once. */
async function traced(args: string[], cpu = 0, times = 1, ready?: (tracer: Running, n: number) => Promise<void>) {
  using network = newNetwork();
  network.sh("ip link set lo up");
  using _counting = takeTimes();
  const before = begun();
  await using tracer = await start(["softirqs", "--json", ...args]);
  const began = read(tracer);
  for (let n = 0; n < times; n++) {
    send(network, cpu);
    await ready?.(tracer, n);
  }
  const ending = read(tracer);
  const { stdout, stderr } = await tracer.stop();
  const { rows, summary } = readJson(stdout);
  assert.equal(summary.lost, 0, stderr);
  return { rows: rows as unknown as Softirq[], before, began, ending, ended: begun() } as Window;
}

const PACKETS = 10007;
const send = (network: Network, cpu: number) => onCpu(cpu, () => sendFrames(network, "lo", 100, PACKETS));

/**
 * Fails unless the sum of all is at least what the kernel ran the programs for, and each kind was counted at least as
 * often as it began between the inner readings, but for what the kernel did not run them for, and at most as between the
 * outer. The kernel counts one before it tells of it, and on each CPU one may be between the two, or not have ended.
 */
function assertEnclosed({ rows, before, began, ending, ended }: Window, cpu?: number): void {
  const run = Math.floor((ending.runs - began.runs) / 2), counted = sum(rows, ({ count }) => count);
  if (cpu === undefined) assert.ok(counted >= run - CPUS, `${counted} are counted of ${run}`);
  const all = allBetween(began.last, ending.first), hidden = Math.max(0, allBetween(began.first, ending.last) - run);
  assert.ok(all - run <= all * HIDDEN + CPUS, `the kernel ran the programs for ${run} of ${all}`);
  for (const kind of before.keys()) {
    const counted = sum(rows.filter((row) => row.softirq === kind), (row) => row.count);
    const least = between(began.last, ending.first, kind, cpu) - CPUS - hidden;
    const most = between(before, ended, kind, cpu);
    assert.ok(counted >= least && counted <= most, `${kind}: ${counted} is not from ${least} to ${most}`);
  }
}

const netRx = (rows: readonly Softirq[]) => rows.filter((row) => row.softirq === "net_rx");

for (const plan of await plans("softirqs")) {
  const test = (title: string, fn: () => Promise<void>) => Deno.test(`softirqs (${plan}) ${title}`, fn);
  const forced = ["--plan", plan];

  test("-C counts what the kernel counts, by kind", async () => {
    const seen = await traced([...forced, "-C"]);
    assertEnclosed(seen);
    assert.ok(sum(netRx(seen.rows), (row) => row.count) >= PACKETS);
    assert.deepEqual(seen.rows.map((row) => row.total_ns), seen.rows.map(() => undefined));
  });

  test("times each that ended, for no longer than there was time", async () => {
    const began_ms = performance.now();
    const seen = await traced(forced);
    const spent_ns = (performance.now() - began_ms) * 1e6;
    assertEnclosed(seen);
    assert.ok(sum(netRx(seen.rows), (row) => row.count) >= PACKETS - CPUS);
    for (const { count, total_ns = 0 } of seen.rows) assert.ok(total_ns >= count && total_ns <= spent_ns * CPUS);
  });

  test("-d has each in its slot, in microseconds and with -N in nanoseconds", async () => {
    for (const [args, key, unit_ns] of [[["-d"], "dist_us", 1000], [["-d", "-N"], "dist_ns", 1]] as const) {
      const seen = await traced([...forced, ...args]);
      assertEnclosed(seen);
      for (const row of seen.rows) {
        const slots = row[key] ?? [], total_ns = row.total_ns ?? NaN;
        assert.equal(slots.reduce((sum, n) => sum + n, 0), row.count, row.softirq);
        const least = slots.reduce((sum, n, i) => sum + n * (i === 0 ? 0 : 2 ** i), 0);
        const most = slots.reduce((sum, n, i) => sum + n * 2 ** (i + 1), 0);
        assert.ok(least * unit_ns <= total_ns && total_ns <= most * unit_ns, JSON.stringify(row));
      }
    }
  });

  test("-c counts what one CPU does, and nothing of the others", async () => {
    for (let cpu = 0; cpu < Math.min(2, CPUS); cpu++) {
      const seen = await traced([...forced, "-C", "-c", String(cpu)], 0);
      assertEnclosed(seen, cpu);
      if (cpu === 0) assert.ok(sum(netRx(seen.rows), (row) => row.count) >= PACKETS);
    }
  });

  test("loses nothing between intervals", async () => {
    const next = (tracer: Running, n: number) => tracer.says("stdout", new RegExp(`(?:[^]*?"net_rx".*\\n){${n + 1}}`));
    const seen = await traced([...forced, "-C", "1"], 0, 3, next);
    assertEnclosed(seen);
    assert.ok(sum(netRx(seen.rows), (row) => row.count) >= 3 * PACKETS);
    const ends = [...new Set(seen.rows.map((row) => row.end))],
      starts = [...new Set(seen.rows.map((row) => row.start))];
    assert.ok(ends.length >= 3);
    for (const [i, end] of ends.slice(0, -1).entries()) {
      const gap_ms = Date.parse(starts[i + 1] ?? "") - Date.parse(end);
      assert.ok(Math.abs(gap_ms) <= 1, "the clock may have been adjusted by some microseconds");
    }
    for (const row of seen.rows) assert.equal(row.partial, row.end === ends.at(-1), "the last one was interrupted");
  });

  test("without an interval sums up until its end, which is no partial interval", async () => {
    const { rows } = await traced([...forced, "-C"]);
    assert.ok(rows.length > 0 && rows.every((row) => !row.partial));
    assert.equal(new Set(rows.map((row) => row.softirq)).size, rows.length);
  });
}

Deno.test("softirqs prints the table that bcc prints, and says which interval is partial", async () => {
  const cases: [string[], RegExp][] = [
    [[], /^Tracing soft irq event time\.\.\. Hit Ctrl-C to end\.\n\nSOFTIRQ {10}TOTAL_usecs\n(\w+ +\d+\n)+$/],
    [["-N"], /\n\nSOFTIRQ {10}TOTAL_nsecs\n(\w+ +\d+\n)+$/],
    [["-C"], /^Tracing soft irq events\.\.\. Hit Ctrl-C to end\.\n\nSOFTIRQ {10}TOTAL_count\n(\w+ +\d+\n)+$/],
    [["-T"], /\n\n\d\d:\d\d:\d\d\nSOFTIRQ/],
    [["-d"], /\n\nsoftirq = \w+\n {5}usecs {15}: count {5}distribution\n( +\d+ -> \d+ +: \d+ +\|\*{0,40} *\|\n)+/],
    [["-dN"], /\n\nsoftirq = \w+\n.*nsecs/],
    [["3600"], /\npartial interval of \d+\.\d{3} s:\n\nSOFTIRQ/],
  ];
  for (const [args, pattern] of cases) {
    using network = newNetwork();
    network.sh("ip link set lo up");
    await using tracer = await start(["softirqs", ...args]);
    send(network, 0);
    const { code, stdout } = await tracer.stop();
    assert.match(stdout, pattern);
    assert.equal(code, 0);
  }
});

Deno.test("softirqs ends after as many reports as it is asked for", async () => {
  const { code, stdout } = await run(["softirqs", "1", "2"]);
  assert.deepEqual([code, stdout.match(/^SOFTIRQ/gm)?.length, stdout.includes("partial")], [0, 2, false]);
});

Deno.test("softirqs refuses what cannot be with a sentence, on standard error", async () => {
  const refused: [string[], RegExp][] = [
    [["-c", "8191"], /This machine has no CPU 8191: its CPUs are \d/],
    [["-c", "x"], /CPU must be a whole number/],
    [["0"], /interval in seconds must be a whole number from 1/],
    [["1", "0"], /number of reports must be/],
    [["-C", "-N"], /exclude each other/],
    [["-C", "-d"], /exclude each other/],
  ];
  for (const [args, sentence] of refused) {
    const { code, stdout, stderr } = await run(["softirqs", ...args]);
    assert.deepEqual([code, stdout, stderr.trim().split("\n").length], [2, "", 1], stderr);
    assert.match(stderr, sentence);
  }
});
