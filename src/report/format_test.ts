import assert from "node:assert/strict";
import { bytes, duration, grouped, rate, significant } from "./format.ts";

Deno.test("numbers are grouped, and have three digits that matter", () => {
  assert.deepEqual([0, 999, 1000, 1234567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
  assert.deepEqual([0, 0.0123, 1, 9.999, 12.34, 99.96, 1234.5].map(significant), [
    "0",
    "0.0123",
    "1.00",
    "10.0",
    "12.3",
    "100",
    "1,235",
  ]);
});

Deno.test("bytes and durations have the unit that suits them", () => {
  assert.deepEqual([0, 999, 1000, 1024, 1536, 5 * 2 ** 30, 2 ** 70].map(bytes), [
    "0 B",
    "999 B",
    "0.977 KiB",
    "1.00 KiB",
    "1.50 KiB",
    "5.00 GiB",
    "1,024 EiB",
  ]);
  assert.deepEqual([0, 0.001, 0.9996, 1, 999.4, 999.6, 119_000, 150_000, 3 * 3_600_000, 3 * 86_400_000].map(duration), [
    "0",
    "1.00 us",
    "1.00 ms",
    "1.00 ms",
    "999 ms",
    "1.00 s",
    "119 s",
    "2.50 min",
    "3.00 h",
    "3.00 d",
  ]);
});

Deno.test("what is seldom is told by the minute or the hour", () => {
  assert.deepEqual([0, 12.34, 0.1, 0.05, 1 / 60, 1 / 3600].map(rate), [
    "0/s",
    "12.3/s",
    "0.100/s",
    "3.00/min",
    "1.00/min",
    "1.00/h",
  ]);
});
