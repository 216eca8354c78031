import assert from "node:assert/strict";
import { nanoseconds } from "./time.ts";

Deno.test("nanoseconds reads times of records to the last digit", () => {
  assert.equal(nanoseconds("2026-11-20T06:00:00.123456789Z"), 1795154400123456789n);
  assert.equal(nanoseconds("2026-11-20T06:00:00.000000001Z"), 1795154400000000001n);
  assert.equal(nanoseconds("2026-11-20T06:00:00.5Z"), 1795154400500000000n);
  assert.equal(nanoseconds("2026-11-20T06:00:00Z"), 1795154400000000000n);
  assert.equal(nanoseconds("1969-12-31T23:59:59.999999999Z"), -1n);
});

Deno.test("nanoseconds reads nothing else", () => {
  for (const time of [undefined, null, 5, "", "2026-11-20", "2026-13-20T06:00:00Z", "2026-11-20T06:00:00+01:00"]) {
    assert.equal(nanoseconds(time), undefined, String(time));
  }
});
