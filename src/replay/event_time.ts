import type { Time } from "../record/time.ts";

/** Puts the times of records into events: nanoseconds of the clock that began `offset` later than 1970. */
export interface EventTimes {
  /** Goes over to another offset. */
  adjust(offset: Readonly<Time>): void;
  /** Sets the time of the event at byte `q`. */
  set(seconds: number, nanoseconds: number, q: number): void;
}

const EXACT_NS = 9e15; // 104 days; up to 2^53, whole numbers are exact

/** For events in these bytes, each with its time at byte `at`. */
export function newEventTimes(bytes: Uint8Array, at: number): EventTimes {
  const u32 = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2), word = at >>> 2;
  const u64 = new BigInt64Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 3);
  let offset: Readonly<Time> = { seconds: 0, nanoseconds: 0 };
  let second = NaN, begin_ns = NaN; // of the last event
  return {
    adjust(next) {
      offset = next;
      second = NaN;
    },
    set(seconds, nanoseconds, q) {
      if (seconds !== second) {
        second = seconds;
        begin_ns = (seconds - offset.seconds) * 1e9 - offset.nanoseconds;
      }
      const time_ns = begin_ns + nanoseconds, i = (q >>> 2) + word;
      if (time_ns >= 0 && time_ns < EXACT_NS) {
        u32[i] = time_ns;
        u32[i + 1] = time_ns / 4294967296;
        return;
      }
      const whole = BigInt(seconds - offset.seconds), rest = BigInt(nanoseconds - offset.nanoseconds);
      u64[i >>> 1] = whole * 1_000_000_000n + rest;
    },
  };
}
