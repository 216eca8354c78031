import assert from "node:assert/strict";
import { BINS, newHeat, newLines, newTimeline } from "./timeline.ts";

const T = Date.UTC(2026, 10, 20, 6);

/** The sum, start, width and number of a timeline's bins after an event at each time. */
function after(times_ms: readonly number[]) {
  const timeline = newTimeline(), lines = newLines(timeline);
  for (const at_ms of times_ms) lines.add("all", at_ms, 1);
  const chart = lines.chart("", "count");
  const values = chart?.lines[0]?.values ?? [];
  const places = values.flatMap((n, bin) => new Array(n).fill((chart?.start_ms ?? 0) + bin * (chart?.step_ms ?? 0)));
  return { step_ms: chart?.step_ms, bins: values.length, places };
}

Deno.test("bins are a millisecond wide while they suffice", () => {
  assert.deepEqual(after([T, T + 3, T + 3, T + BINS - 1]), {
    step_ms: 1,
    bins: BINS,
    places: [T, T + 3, T + 3, T + BINS - 1],
  });
});

Deno.test("bins grow wider and events stay in the right ones, in whichever order they come", () => {
  const times = [0, 1, 999, 1000, 59_999, 3_599_999].map((ms) => T + ms);
  const expected = { step_ms: 10_000, bins: 360, places: [0, 0, 0, 0, 50_000, 3_590_000].map((ms) => T + ms) };
  assert.deepEqual(after(times), expected);
  assert.deepEqual(after(times.toReversed()), expected);
});

Deno.test("a year has no more bins than a second has", () => {
  const { bins, places, step_ms } = after([T, T + 365 * 86_400_000]);
  assert.ok(bins <= BINS);
  assert.equal(places.length, 2);
  assert.equal(step_ms, 86_400_000);
});

Deno.test("times that somebody made up are held as well", () => {
  const { places, bins } = after([-8.64e15, 8.64e15, 0]);
  assert.ok(bins <= BINS);
  assert.equal(places.length, 3);
});

Deno.test("an interval's amount is in equal parts in the bins that it spans", () => {
  const lines = newLines(newTimeline());
  lines.spread("sent", T, T + 4000, 400);
  lines.spread("sent", T + 4000, T + 8000, 800);
  const values = lines.chart("", "bytes")?.lines[0]?.values ?? [];
  assert.equal(values.reduce((sum, n) => sum + n, 0), 1200);
  assert.deepEqual([values[0], values.at(-1)], [5, 10]); // of 50 ms each
});

Deno.test("the heaviest names have lines of their own, and the others one together", () => {
  const lines = newLines(newTimeline());
  for (let i = 0; i < 100; i++) lines.add(`n${i}`, T, 100 - i);
  const shown = lines.chart("", "count")?.lines.map(({ name, values }) => [name, values[0]]) ?? [];
  assert.equal(shown.length, 8);
  assert.deepEqual(shown[0], ["n0", 100]);
  assert.deepEqual(shown[7], ["others", 5050 - 100 - 99 - 98 - 97 - 96 - 95 - 94]);
});

Deno.test("a heat map has durations by time, each in its bucket", () => {
  const timeline = newTimeline(), heat = newHeat(timeline);
  for (const [at, ms] of [[0, 1], [0, 1.2], [2, 3], [599, 1]] as const) heat.add(T + at, ms);
  assert.deepEqual(heat.chart("x"), {
    kind: "heat",
    title: "x",
    start_ms: T,
    step_ms: 1,
    bins: 600,
    edges_ms: [1, 1.40625, 2, 2.8125, 4],
    rows: [[[0, 2], [599, 1]], [], [], [[2, 1]]],
  });
  assert.equal(newHeat(timeline).chart("x"), undefined);
});
