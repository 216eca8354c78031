import assert from "node:assert/strict";
import { csvStack, jsonStack, tableStack } from "./stack.ts";

const out = new Uint8Array(256);
const symbolize = (low: number, high: number) => `f${high}+0x${low}`;
// Two words a frame, the lower half first: three frames of five, then the place where the way begins.
const words = (from: number) => Uint32Array.from([1, 7, 2, 7, 3, 7, 0, 0, 0, 0, from, 7]);

function written(write: typeof tableStack, from: number, count = 5): string {
  return new TextDecoder().decode(out.subarray(0, write(out, 0, words(from), 0, count, 10, symbolize)));
}

Deno.test("tableStack writes a line for each frame from the given one on", () => {
  assert.equal(written(tableStack, 2), "\n\tf7+0x2\n\tf7+0x3\n");
});

Deno.test("tableStack writes all frames where the given one is not among them", () => {
  assert.equal(written(tableStack, 9), "\n\tf7+0x1\n\tf7+0x2\n\tf7+0x3\n");
  assert.equal(written(tableStack, 9, 2), "\n\tf7+0x1\n\tf7+0x2\n", "of a stack that fills its place");
});

Deno.test("tableStack writes the end of a line where there are no frames", () => {
  assert.equal(written(tableStack, 9, 0), "\n");
});

Deno.test("jsonStack writes an array, and csvStack a field", () => {
  assert.deepEqual(JSON.parse(written(jsonStack, 1)), ["f7+0x1", "f7+0x2", "f7+0x3"]);
  assert.equal(written(csvStack, 3), "f7+0x3");
  assert.equal(written(csvStack, 1), "f7+0x1;f7+0x2;f7+0x3");
});
