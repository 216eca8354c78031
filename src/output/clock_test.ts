import assert from "node:assert/strict";
import { newClock } from "./clock.ts";

const out = new Uint8Array(64);
const words = (ns: bigint): [Uint32Array, number] => [new Uint32Array(new BigUint64Array([ns]).buffer), 0];

Deno.test("clock writes nanoseconds exactly at any uptime", () => {
  const clock = newClock({ seconds: 1_700_000_000, nanoseconds: 999_999_999 });
  for (const ns of [0n, 1n, 2n, 999_999_999n, 10n ** 9n, 2n ** 32n, 2n ** 53n + 3n, 10n ** 17n + 7n]) {
    const total = 1_700_000_000_999_999_999n + ns;
    const expected = new Date(Number(total / 10n ** 9n) * 1000).toISOString().slice(0, 19) +
      `.${String(total % 10n ** 9n).padStart(9, "0")}Z`;
    assert.equal(new TextDecoder().decode(out.subarray(0, clock.time(out, 0, ...words(ns)))), expected);
  }
});

Deno.test("clock writes times that come out of order, around the end of a second and of the low half", () => {
  const clock = newClock({ seconds: 10, nanoseconds: 999_999_990 });
  for (const ns of [2n ** 32n - 1n, 2n ** 32n, 2n ** 32n - 1n, 5n * 10n ** 9n, 0n, 9n, 10n, 9n, 2n ** 32n + 10n]) {
    const total = 10_999_999_990n + ns;
    const expected = `1970-01-01T00:00:${total / 10n ** 9n}.${String(total % 10n ** 9n).padStart(9, "0")}Z`;
    assert.equal(new TextDecoder().decode(out.subarray(0, clock.time(out, 0, ...words(ns)))), expected);
  }
});

Deno.test("clock takes a new reading of the wall clock", () => {
  const clock = newClock({ seconds: 0, nanoseconds: 0 });
  clock.time(out, 0, ...words(5n));
  clock.adjust({ seconds: 86400, nanoseconds: 1 });
  assert.equal(
    new TextDecoder().decode(out.subarray(0, clock.time(out, 0, ...words(5n)))),
    "1970-01-02T00:00:00.000000006Z",
  );
});

Deno.test("clock counts elapsed time in whole microseconds from the first one asked for", () => {
  const clock = newClock({ seconds: 0, nanoseconds: 0 });
  assert.equal(clock.elapsed_s(...words(1_000_000_999n)), 0);
  assert.equal(clock.elapsed_s(...words(1_000_999_000n)), 0.000999);
  assert.equal(clock.elapsed_s(...words(105_000_000_000_000n)), 104999);
});

Deno.test("clock shows the local time of day", () => {
  const clock = newClock({ seconds: 1_600_000_000, nanoseconds: 0 });
  const date = new Date(1_600_000_000_000);
  const expected = [date.getHours(), date.getMinutes(), date.getSeconds()].map((n) => String(n).padStart(2, "0")).join(
    ":",
  );
  assert.equal(new TextDecoder().decode(out.subarray(0, clock.timeOfDay(out, 0, ...words(0n)))), expected);
});

Deno.test("clock counts whole microseconds since 1970", () => {
  const clock = newClock({ seconds: 1_700_000_000, nanoseconds: 999_999_999 });
  for (const ns of [0n, 1n, 1_000n, 2n ** 32n]) {
    const end = clock.realtime_us(out, 0, ...words(ns));
    assert.equal(new TextDecoder().decode(out.subarray(0, end)), String((1_700_000_000_999_999_999n + ns) / 1000n));
  }
});
