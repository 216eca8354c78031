import assert from "node:assert/strict";
import { rowsOf } from "./rows.ts";

const layout = {
  size: 32,
  fields: {
    kind: { offset: 0, size: 4 },
    cpu: { offset: 4, size: 4 },
    bytes: { offset: 8, size: 8 },
    slots: { offset: 16, size: 16 },
  },
};

/** Entries of kind, cpu, bytes and two slots. */
function entries(...rows: [number, number, bigint, bigint, bigint][]): Uint8Array {
  const bytes = new Uint8Array(rows.length * layout.size);
  const view = new DataView(bytes.buffer);
  for (const [i, [kind, cpu, ...counters]] of rows.entries()) {
    view.setUint32(32 * i, kind, true);
    view.setUint32(32 * i + 4, cpu, true);
    for (const [j, n] of counters.entries()) view.setBigUint64(32 * i + 8 + 8 * j, n, true);
  }
  return bytes;
}

const interval = { start_ns: 5n, end_ns: 7n, partial: true };

Deno.test("rowsOf adds up the counters of entries that agree in the group, and leaves out those that are zero", () => {
  const taken = entries([1, 0, 3n, 1n, 0n], [2, 0, 0n, 0n, 0n], [1, 1, 2n ** 40n, 1n, 5n], [3, 0, 0n, 0n, 9n]);
  const rows = rowsOf(taken, layout, ["kind"], ["bytes", "slots"], interval);
  assert.equal(rows.count, 2);
  assert.deepEqual([0, 1].map((row) => rows.number(row, "kind")), [1, 3]);
  assert.deepEqual([0, 1].map((row) => rows.number(row, "bytes")), [2 ** 40 + 3, 0]);
  assert.deepEqual([0, 1].map((row) => rows.numbers(row, "slots")), [[2, 5], [0, 9]]);
  assert.equal(rows.number(0, "cpu"), 0);
});

Deno.test("rowsOf leads every row with its interval", () => {
  const rows = rowsOf(entries([1, 0, 3n, 0n, 0n], [2, 0, 4n, 0n, 0n]), layout, ["kind"], ["bytes"], interval);
  for (const row of [0, 1]) {
    assert.deepEqual(["start_ns", "end_ns", "partial"].map((field) => rows.number(row, field)), [5, 7, 1]);
  }
});

Deno.test("rowsOf takes no entries for no rows", () => {
  assert.equal(rowsOf(new Uint8Array(0), layout, ["kind"], ["bytes"], interval).count, 0);
});
