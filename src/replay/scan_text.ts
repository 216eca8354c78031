// Readers of texts, in the same way as those of scan_digits.ts.
import { bitsBefore, HIGH } from "./scan_digits.ts";

const QUOTE = 34;

/** Marks each byte that needs unescaping or is beyond ASCII, up to the first one. */
function odd(word: number): number {
  // What is below 32, or is zero, turns the highest bit on when that is taken from it, and may turn on one above wrongly.
  const quote = (word ^ 0x22222222) - 0x01010101, backslash = (word ^ 0x5c5c5c5c) - 0x01010101;
  return (word | word - 0x20202020 | quote | backslash) & HIGH;
}

/** Text that needs no unescaping, and the quote behind it, into a field of `size` bytes, a multiple of four, at `at`. */
export function text(line: DataView, p: number, events: DataView, at: number, size: number): number {
  for (const end = at + size; at < end; at += 4) {
    const word = line.getInt32(p, true), marks = odd(word);
    if (marks !== 0) {
      const bits = bitsBefore(marks);
      if ((word >>> bits & 255) !== QUOTE) return -1;
      events.setInt32(at, word & (1 << bits) - 1, true);
      return p + (bits >>> 3) + 1;
    }
    events.setInt32(at, word, true);
    p += 4;
  }
  return line.getUint8(p) === QUOTE ? p + 1 : -1;
}

/** Sixteen bytes of text that nobody asks for. */
export function sixteen(line: DataView, p: number): number {
  const odds = odd(line.getInt32(p, true)) | odd(line.getInt32(p + 4, true)) | odd(line.getInt32(p + 8, true)) |
    odd(line.getInt32(p + 12, true));
  return odds === 0 ? p + 16 : -1;
}

/** The number of a hexadecimal digit; -1 for what is none. */
export const HEX = new Int8Array(256).fill(-1);
for (let n = 0; n < 16; n++) HEX[n.toString(16).charCodeAt(0)] = n;

/** Up to sixteen hexadecimal digits and the quote behind them: the lower half into the first of `found`. */
export function hex(line: DataView, p: number, found: Float64Array): number {
  const start = p;
  let low = 0, high = 0;
  for (let digit = HEX[line.getUint8(p)] as number; digit >= 0; digit = HEX[line.getUint8(++p)] as number) {
    if (p - start === 16) return -1;
    high = high << 4 | low >>> 28;
    low = low << 4 | digit;
  }
  if (p === start || line.getUint8(p) !== QUOTE) return -1;
  found[0] = low >>> 0;
  found[1] = high >>> 0;
  return p + 1;
}
