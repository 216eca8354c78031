import assert from "node:assert/strict";
import { newValues } from "./parquet_values.ts";
import type { ColumnType } from "./table.ts";

/** A column of these values, and how many of them did not fit it. */
function columnOf(type: ColumnType, given: readonly unknown[]): { data: unknown[]; misfits: number } {
  const values = newValues();
  const column = { key: "k", type, cell: { kind: "text", text: "" } } as const;
  const data = values.of(column, given.map((k) => ({ time: "", tool: "", k })));
  return { data: Array.from<unknown>(data), misfits: values.misfits() };
}

Deno.test("newValues makes columns of their types, with null for what is not known or not there", () => {
  assert.deepEqual(columnOf("int32", [1, null, undefined]), { data: [1, null, null], misfits: 0 });
  assert.deepEqual(columnOf("int64", [2 ** 53 - 1, 0]), { data: [9007199254740991n, 0n], misfits: 0 });
  assert.deepEqual(columnOf("time", ["1970-01-01T00:00:01.000000002Z"]), { data: [1_000_000_002n], misfits: 0 });
  assert.deepEqual(columnOf("int64_list", [[1, 2], [], null]), { data: [[1n, 2n], [], null], misfits: 0 });
});

Deno.test("newValues has null for what does not fit the column, and counts it", () => {
  const cases: [ColumnType, unknown[]][] = [
    ["int32", [1.5, 2 ** 31, "1", true, [1]]],
    ["int64", [2 ** 53, 0.5, "1", {}]],
    ["double", ["1", [1], false]],
    ["string", [1, ["a"], {}]],
    ["flag", [0, "true"]],
    ["time", ["now", 5]],
    ["int64_list", [[1, "2"], 1, [[1]]]],
    ["string_list", [["a", 1], "a"]],
  ];
  for (const [type, given] of cases) {
    const expected = { data: given.map(() => null), misfits: given.length };
    assert.deepEqual(columnOf(type, given), expected, type);
  }
});
