import assert from "node:assert/strict";
import { coarseEdge, coarseOf, EXACT_MOST, newDistribution } from "./distribution.ts";

Deno.test("quantiles of few durations are exact, by nearest rank", () => {
  const few = newDistribution();
  for (const ms of [5, 1, 4, 2, 3]) few.add(ms);
  assert.deepEqual([0, 0.2, 0.21, 0.5, 0.99, 1].map((q) => few.quantile(q)), [1, 1, 2, 3, 5, 5]);
  assert.deepEqual([few.count, few.sum_ms, few.max_ms], [5, 15, 5]);
});

Deno.test("there are no quantiles of nothing", () => assert.equal(newDistribution().quantile(0.5), null));

Deno.test("quantiles of many durations are right within 2 %, from microseconds to days", () => {
  const many = newDistribution(), all: number[] = [];
  for (let i = 0; i < 10_000; i++) {
    const ms = 10 ** (-3 + 12 * ((i * 7919) % 10_000) / 10_000);
    many.add(ms);
    all.push(ms);
  }
  all.sort((a, b) => a - b);
  for (const q of [0.0001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1]) {
    const real = all[Math.ceil(q * all.length) - 1] as number, got = many.quantile(q) as number;
    assert.ok(Math.abs(got / real - 1) <= 0.02, `${q}: ${got}, really ${real}`);
  }
});

Deno.test("no duration is lost where exact ones become buckets", () => {
  for (const n of [EXACT_MOST - 1, EXACT_MOST, EXACT_MOST + 1, 3 * EXACT_MOST]) {
    const some = newDistribution();
    for (let i = 0; i < n; i++) some.add(i % 2 === 0 ? 0 : 1000 * i);
    const { counts } = some.coarse();
    assert.equal(counts.reduce((sum, each) => sum + each, 0), n);
    assert.equal(counts[0], Math.ceil(n / 2));
    assert.equal(some.quantile(0.5), 0);
  }
});

Deno.test("an octave has two coarse buckets, almost alike in ratio", () => {
  const edges = [1, 1.40625, 2, 2.8125, 4, 5.625];
  assert.deepEqual(edges.map((edge) => coarseEdge(coarseOf(edge))), edges);
  assert.deepEqual([1.40, 2.81, 5.62].map((ms) => coarseEdge(coarseOf(ms))), [1, 2, 4]);
  assert.equal(coarseEdge(coarseOf(0)), 0);
});
