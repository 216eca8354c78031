import assert from "node:assert/strict";
import { newHeavy } from "./heavy.ts";

Deno.test("sums are exact while keys are few, and others have the rest", () => {
  const heavy = newHeavy(1, 4);
  for (const [key, weight] of [["a", 5], ["b", 1], ["a", 2], ["c", 3]] as const) {
    const entry = heavy.add(key, weight);
    entry.cells ??= [key];
    entry.sums[0] = entry.sums[0] as number + 10;
  }
  const { entries, others } = heavy.top(2);
  assert.deepEqual(entries.map((e) => [e.cells, e.weight, e.sums, e.missing_most]), [
    [["a"], 7, [20], 0],
    [["c"], 3, [10], 0],
  ]);
  assert.deepEqual([others.count, others.sum.weight, others.sum.sums], [1, 1, [10]]);
  assert.ok(heavy.exact());
});

Deno.test("with too many keys no weight is too large, and none lacks more than it says", () => {
  const heavy = newHeavy(0, 8), truth = new Map<string, number>();
  let seed = 7, all = 0;
  for (let i = 0; i < 20_000; i++) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    const key = `k${Math.floor(300 ** ((seed >>> 8) / 2 ** 24))}`;
    heavy.add(key, 1).cells ??= [key];
    truth.set(key, (truth.get(key) ?? 0) + 1);
    all++;
  }
  const { entries, others } = heavy.top(5);
  assert.ok(!heavy.exact());
  assert.equal(others.count, null);
  for (const { cells, weight, missing_most } of entries) {
    const real = truth.get(String(cells?.[0])) as number;
    assert.ok(weight <= real && real <= weight + missing_most, `${cells}: ${weight} + ${missing_most}, really ${real}`);
  }
  assert.equal(entries.reduce((sum, e) => sum + e.weight, others.sum.weight), all);
  assert.ok((entries[0]?.weight ?? 0) > 1000, "the heavy ones are there");
});

Deno.test("of equal keys no more are kept than there is room for", () => {
  const heavy = newHeavy(0, 4);
  for (let i = 0; i < 100; i++) heavy.add(`k${i}`, 1);
  const { entries, others } = heavy.top(1000);
  assert.ok(entries.length <= 8);
  assert.equal(entries.length + others.sum.weight, 100);
});
