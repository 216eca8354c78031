import assert from "node:assert/strict";
import { asctime } from "./asctime.ts";
import { scaled } from "./scaled.ts";

Deno.test("scaled writes numbers as bcc's netqtop does", () => {
  const cases: [n: number, fraction: boolean, text: string][] = [
    [0, false, "0"],
    [0, true, "0.0"],
    [1000, false, "1000"],
    [88, true, "88.0"],
    [92 + 1 / 3, true, "92.33"],
    [0.125, true, "0.12"], // to the even neighbour
    [0.375, true, "0.38"],
    [1001, false, "0.98K"],
    [1024, false, "1.0K"],
    [1500, false, "1.46K"],
    [1536, true, "1.5K"],
    [1_000_000, false, "976.56K"],
    [1_000_001, false, "0.95M"],
    [2_271_000, true, "2.17M"],
    [2 ** 50, false, "1073741824.0M"],
  ];
  for (const [n, fraction, text] of cases) assert.equal(scaled(n, fraction), text);
});

Deno.test("asctime writes a date as C does", () => {
  assert.equal(asctime(new Date(2020, 8, 3, 4, 5, 6)), "Thu Sep  3 04:05:06 2020");
  assert.equal(asctime(new Date(2020, 8, 10, 12, 34, 56)), "Thu Sep 10 12:34:56 2020");
});
