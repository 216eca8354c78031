import assert from "node:assert/strict";
import { newInstants } from "./instant.ts";

Deno.test("times are read to the microsecond, in any order", () => {
  const instant = newInstants();
  const T = Date.UTC(2026, 10, 20, 6);
  assert.equal(instant("2026-11-20T06:00:00Z"), T);
  assert.equal(instant("2026-11-20T06:00:00.123456789Z").toFixed(3), (T + 123.456789).toFixed(3));
  assert.equal(instant("2026-11-20T06:00:01.5Z"), T + 1500);
  assert.equal(instant("2026-11-20T06:00:00.000000000Z"), T);
});

Deno.test("what is no time, or that of no event, is none", () => {
  const instant = newInstants();
  const none = ["", "now", "2026-11-20T06:00:00", "2026-11-20T06:00:00+01:00", "2026-13-20T06:00:00Z", null, 5, {}];
  for (const text of [...none, "+275760-09-13T00:00Z", "1969-12-31T23:59:59.9Z", "2026-11-20T06:00:00.xZ"]) {
    assert.ok(Number.isNaN(instant(text)), String(text));
  }
});
