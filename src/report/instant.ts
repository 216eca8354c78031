import { parseSecond } from "../record/time.ts";

// The last time that a kernel can tell: 2^63 nanoseconds.
const LAST_MS = 2 ** 63 / 1e6;

/**
 * Milliseconds since 1970, with a fraction, of RFC 3339 texts in UTC; NaN for what is none, or no event's. Of times in order it parses
 * each second once.
 */
export function newInstants(): (text: unknown) => number {
  let second = "", second_ms = NaN;
  return (text) => {
    if (typeof text !== "string" || text.length < 20 || !text.endsWith("Z")) return NaN;
    const head = text.slice(0, 19);
    if (head !== second) {
      second = head;
      second_ms = parseSecond(head);
    }
    const at_ms = text.length === 20 ? second_ms : second_ms + Number(text.slice(19, -1)) * 1000;
    return at_ms >= 0 && at_ms < LAST_MS ? at_ms : NaN;
  };
}
