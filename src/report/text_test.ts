import assert from "node:assert/strict";
import type { Table } from "./model.ts";
import { tableText } from "./text.ts";

const table: Table = {
  id: "t",
  title: "T",
  columns: [
    { key: "time", heading: "TIME", kind: "time" },
    { key: "result", heading: "RESULT", kind: "text" },
    { key: "target", heading: "TARGET", kind: "text" },
    { key: "n", heading: "CONNECTS", kind: "count" },
    { key: "ms", heading: "P50", kind: "ms" },
  ],
  rows: [
    ["2026-11-20T06:00:00.123456789Z", "ETIMEDOUT", "10.0.0.1:443", 1234, 1.5],
    ["2026-11-20T06:00:00Z", "EHOSTUNREACH", `[${"2001:db8:ffff:ffff:".repeat(2)}1]:65535`, 1, null],
  ],
  others: { rows: 3, cells: [null, null, null, 5, null] },
};

Deno.test("tables fit 80 columns, and a longer text has a line of its own, whole", () => {
  assert.deepEqual(tableText(table, false), [
    "  TIME          RESULT        TARGET                           CONNECTS      P50",
    "  06:00:00.123  ETIMEDOUT     10.0.0.1:443                        1,234  1.50 ms",
    "  06:00:00      EHOSTUNREACH  [2001:db8:ffff:ffff:2001:db8:ffff:ffff:1]:65535",
    "                                                                      1        -",
    "  ... 3 more: connects 5",
  ]);
  assert.ok(tableText(table, false).every((line) => line.length <= 80));
});

Deno.test("times have their day where there are more days than one", () => {
  assert.match(tableText(table, true)[1] ?? "", /^ {2}11-20 06:00:00 {2}ETIMEDOUT /);
});
