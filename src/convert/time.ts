import { isFraction, parseSecond } from "../record/time.ts";

let second = "", second_ns: bigint | undefined;

/**
 * A time of a record (RFC 3339 in UTC, nanoseconds at most) since 1970; undefined for what is none, or
 * takes more than 64 bits.
 */
export function nanoseconds(time: unknown): bigint | undefined {
  if (typeof time !== "string") return undefined;
  const whole = time.slice(0, 19), fraction = time.slice(19);
  if (whole !== second) { // most records are of the same second as the one before
    second = whole;
    const ms = parseSecond(whole);
    second_ns = Number.isNaN(ms) ? undefined : BigInt(ms) * 1_000_000n;
  }
  if (second_ns === undefined || !isFraction(fraction)) return undefined;
  const time_ns = second_ns + BigInt(fraction.slice(1, -1).padEnd(9, "0"));
  return BigInt.asIntN(64, time_ns) === time_ns ? time_ns : undefined;
}
