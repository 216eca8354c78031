import assert from "node:assert/strict";
import { parse, toRun } from "../../src/cli.ts";
import { BadInput } from "../../src/failure.ts";
import { runSample } from "../../src/sample.ts";
import type { Terminal } from "../../src/terminal.ts";
import softirqs from "../../tools/softirqs.ts";
import { encodeEvent, newKernel, newRing, newTerminal } from "./fake_kernel.ts";

interface Interval {
  start: string;
  end: string;
  partial: boolean;
  count: number;
}

const layout = softirqs.layout.sample as NonNullable<typeof softirqs.layout.sample>;
const BEGIN_MS = 5000, EPOCH_MS = 1_600_000_000_000;

/** Runs softirqs on a clock of its own: the n-th interval counts n softirqs, and `override` changes the terminal. */
async function play(args: string[], override: (world: World) => Partial<Terminal>) {
  const calls: string[] = [];
  let taken = 0;
  const terminal = newTerminal();
  const world: World = { now_ms: BEGIN_MS, write: (bytes) => terminal.write(bytes) };
  const kernel = newKernel(newRing(4096), {
    monotonic_ns: () => BigInt(Math.round(world.now_ms * 1e6)),
    object: {
      exchange: (outer, inner) => void calls.push(`exchange ${outer} ${inner}`),
      take(map) {
        calls.push(`take ${map}`);
        return encodeEvent({ vector: 3, count: ++taken }, layout);
      },
      detach: () => void calls.push("detach"),
    },
  });
  const pause = (duration_ms: number) => {
    world.now_ms += duration_ms;
    return Promise.resolve();
  };
  const run = toRun(softirqs, parse(softirqs, ["-C", "--json", ...args]).values);
  await runSample(run, kernel, { ...terminal, stopping: () => false, pause, ...override(world) });
  const records = terminal.text().split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  const ms = (time: string) => Date.parse(time) - EPOCH_MS - BEGIN_MS;
  const intervals = records.filter((r) => !r.summary) as Interval[];
  return {
    calls,
    lines: terminal.lines,
    summary: records.find((r) => r.summary)?.summary,
    spans: intervals.map(({ start, end }) => [ms(start), ms(end)]),
    counts: intervals.map(({ count }) => count),
    partial: intervals.map(({ partial }) => partial),
  };
}

interface World {
  now_ms: number;
  readonly write: Terminal["write"];
}

Deno.test("intervals end by the clock: one that ends late does not put off the next", async () => {
  const late_ms = [3, 400, 0, 7];
  const { spans, partial, counts } = await play(["1", "4"], (world) => ({
    pause: (duration_ms) => {
      world.now_ms += duration_ms + (late_ms.shift() ?? 0);
      return Promise.resolve();
    },
  }));
  assert.deepEqual(spans, [[0, 1003], [1003, 2400], [2400, 3000], [3000, 4007]]);
  assert.deepEqual([partial, counts], [[false, false, false, false], [1, 2, 3, 4]]);
});

Deno.test("a pause that ends early is taken up again, and makes no partial interval", async () => {
  const { spans, partial } = await play(["2", "2"], (world) => ({
    pause: (duration_ms) => {
      world.now_ms += Math.min(duration_ms, 300);
      return Promise.resolve();
    },
  }));
  assert.deepEqual([spans, partial], [[[0, 2000], [2000, 4000]], [false, false]]);
});

Deno.test("a reader that stops reading makes one interval longer, and loses nothing", async () => {
  let waits = 0;
  const { spans, counts } = await play(["1", "4"], (world) => ({
    waitWritable: () => {
      world.now_ms += 1150;
      return ++waits >= 3;
    },
    write: (bytes) => waits < 3 ? 0 : world.write(bytes),
  }));
  assert.deepEqual([spans, counts], [[[0, 1000], [1000, 4450], [4450, 5000], [5000, 6000]], [1, 2, 3, 4]]);
});

Deno.test("a signal ends the wait: the last interval is partial, and is taken once nothing counts any more", async () => {
  const { spans, partial, calls, summary } = await play(["10"], (world) => ({
    pause: (duration_ms) => {
      world.now_ms += Math.min(duration_ms, 2500 + BEGIN_MS + 10_000 - world.now_ms);
      return Promise.resolve();
    },
    stopping: () => world.now_ms >= BEGIN_MS + 12_500,
  }));
  assert.deepEqual([spans, partial], [[[0, 10_000], [10_000, 12_500]], [false, true]]);
  assert.deepEqual(calls.slice(0, 5), [
    "exchange samples samples_1",
    "take samples_0",
    "detach",
    "exchange samples samples_0",
    "take samples_1",
  ]);
  assert.equal(summary.printed, 2);
});

Deno.test("without an interval there is one report, at the end, and it is whole", async () => {
  const { spans, partial } = await play([], (world) => ({
    pause: () => {
      world.now_ms += 1234;
      return Promise.resolve();
    },
    stopping: () => world.now_ms > BEGIN_MS,
  }));
  assert.deepEqual([spans, partial], [[[0, 1234]], [false]]);
});

Deno.test("a reader that goes away ends it without a word", async () => {
  const { calls, lines, summary } = await play(["1"], () => ({ write: () => -1 }));
  assert.deepEqual([calls.filter((call) => call.startsWith("take")).length, lines, summary], [1, [], undefined]);
});

Deno.test("softirqs -c refuses a CPU that the machine does not have", async () => {
  for (const [cpu, present, allowed] of [["3", "0-1,3", true], ["2", "0-1,3", false], ["99", "0-1", false]] as const) {
    const { values } = parse(softirqs, ["-c", cpu]);
    const kernel = newKernel(newRing(4096), {
      readText: (path) =>
        path.endsWith("/present")
          ? `${present}\n`
          : path.endsWith("/status")
          ? "CapEff:\t000001ffffffffff\n"
          : undefined,
    });
    const result = runSample(toRun(softirqs, values), kernel, newTerminal(1));
    if (allowed) await result;
    else await assert.rejects(result, (e) => e instanceof BadInput && e.message.includes(`no CPU ${cpu}`));
  }
});
