import assert from "node:assert/strict";
import { newEventTimes } from "./event_time.ts";

Deno.test("an event's time is the record's less the offset, to the nanosecond, however long the uptime", () => {
  const bytes = new Uint8Array(48), times = newEventTimes(bytes, 8), read = new BigInt64Array(bytes.buffer);
  for (const offset of [{ seconds: 0, nanoseconds: 0 }, { seconds: 1_790_000_000, nanoseconds: 999_999_999 }]) {
    times.adjust(offset);
    for (const up_s of [-5, 0, 1, 4, 4_294_967, 8_999_999, 9_000_000, 9_007_200, 400_000_000]) {
      for (const nanoseconds of [0, 1, 499_999_999, 999_999_999]) {
        const seconds = offset.seconds + up_s;
        times.set(seconds, nanoseconds, 24);
        assert.equal(read[4], BigInt(up_s) * 1_000_000_000n + BigInt(nanoseconds - offset.nanoseconds));
      }
    }
  }
  assert.ok(read.every((n, i) => i === 4 || n === 0n), "nothing else is written to");
});
