import { digits2, digits9, pad, uint } from "./bytes.ts";

/** Where the realtime clock stands when the monotonic clock is at zero. */
export interface ClockOffset {
  seconds: number;
  nanoseconds: number;
}

/** Writes times of events, which are nanoseconds of CLOCK_MONOTONIC: the 64 bits whose lower half is word `i`. */
export interface Clock {
  /** RFC 3339 in UTC with nanoseconds. */
  time(out: Uint8Array, p: number, from: Uint32Array, i: number): number;
  /** Microseconds since 1970. */
  realtime_us(out: Uint8Array, p: number, from: Uint32Array, i: number): number;
  /** Local HH:MM:SS. */
  timeOfDay(out: Uint8Array, p: number, from: Uint32Array, i: number): number;
  /** Seconds since the first time asked for. */
  elapsed_s(from: Uint32Array, i: number): number;
  /** Nanoseconds since the first time asked for; 0 for earlier ones, as events of several CPUs may come. */
  elapsed_ns(from: Uint32Array, i: number): number;
  /** Takes a new reading, for when the realtime clock was set. */
  adjust(offset: ClockOffset): void;
}

/**
 * A clock over an offset. Text of the second is made once a second. Times are exact up to an uptime of four years, and
 * to the next double after that: 2^32 ns are 4 s and 294967296 ns, so no product exceeds 2^53.
 */
export function newClock(offset: ClockOffset): Clock {
  const prefix = new Uint8Array(20); // "2026-11-20T06:00:00."
  let prefixOf = -1;
  const local = new Uint8Array(8); // "06:00:00"
  let localOf = -1;
  let first_us = -1;
  let firstLow = 0, firstHigh = -1; // of the first time whose nanoseconds were asked for
  let seconds = 0, nanoseconds = 0;
  let startLow = 0, startHigh = -1; // where the second of the last event begins

  const set = (from: Uint32Array, i: number) => {
    const low = from[i] as number, high = from[i + 1] as number;
    const since_ns = low - startLow;
    if (high === startHigh && since_ns >= 0 && since_ns < 1e9) {
      nanoseconds = since_ns;
      return;
    }
    const rest = high * 294967296 + low + offset.nanoseconds;
    const carry = Math.floor(rest / 1e9);
    nanoseconds = rest - carry * 1e9;
    seconds = high * 4 + carry + offset.seconds;
    startLow = low - nanoseconds; // negative, if the second began before the high half did
    startHigh = high;
  };

  return {
    time(out, p, from, i) {
      set(from, i);
      if (seconds !== prefixOf) {
        new TextEncoder().encodeInto(new Date(seconds * 1000).toISOString().slice(0, 19) + ".", prefix);
        prefixOf = seconds;
      }
      for (let i = 0; i < 20; i++) out[p + i] = prefix[i] as number;
      p = digits9(out, p + 20, nanoseconds);
      out[p] = 90;
      return p + 1;
    },
    realtime_us(out, p, from, i) {
      set(from, i);
      return uint(out, p, seconds * 1e6 + Math.floor(nanoseconds / 1000));
    },
    timeOfDay(out, p, from, i) {
      set(from, i);
      if (seconds !== localOf) {
        const date = new Date(seconds * 1000);
        pad(local, 0, 8);
        local[digits2(local, 0, date.getHours())] = 58;
        local[digits2(local, 3, date.getMinutes())] = 58;
        digits2(local, 6, date.getSeconds());
        localOf = seconds;
      }
      for (let i = 0; i < 8; i++) out[p + i] = local[i] as number;
      return p + 8;
    },
    elapsed_s(from, i) {
      const low = from[i] as number, high = from[i + 1] as number;
      const us = high * 4294967.296 + low / 1000;
      const whole_us = Math.floor(us);
      if (first_us < 0) first_us = whole_us;
      return (whole_us - first_us) / 1e6;
    },
    elapsed_ns(from, i) {
      const low = from[i] as number, high = from[i + 1] as number;
      if (firstHigh < 0) [firstLow, firstHigh] = [low, high];
      return Math.max(0, (high - firstHigh) * 4294967296 + (low - firstLow));
    },
    adjust(next) {
      offset = next;
      prefixOf = localOf = startHigh = -1;
    },
  };
}
