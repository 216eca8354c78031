import assert from "node:assert/strict";
import { BadInput } from "./failure.ts";
import { parseBufferSize, parseWhole } from "./option.ts";

Deno.test("parseWhole takes decimal digits within bounds and nothing else", () => {
  assert.equal(parseWhole("181", "A PID", 1, 4194304), 181);
  for (const text of ["0", "4194305", "1.5", "1e3", " 1", "+1", "", "99999999999999999999"]) {
    assert.throws(() => parseWhole(text, "A PID", 1, 4194304), BadInput, text);
  }
});

Deno.test("parseBufferSize rounds up to a power of two", () => {
  assert.equal(parseBufferSize("4096"), 4096);
  assert.equal(parseBufferSize("5k"), 8192);
  assert.equal(parseBufferSize("512K"), 524288);
  assert.equal(parseBufferSize("3M"), 4 * 1024 ** 2);
  assert.equal(parseBufferSize("1G"), 1024 ** 3);
  for (const text of ["", "0", "4095", "2G", "K", "1T", "-1", "1.5M"]) {
    assert.throws(() => parseBufferSize(text), BadInput, text);
  }
});
