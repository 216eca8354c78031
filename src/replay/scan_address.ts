// Readers of addresses, in the same way as those of scan_digits.ts.
import { bitsBefore, four, noDigits, ZEROS } from "./scan_digits.ts";
import { HEX } from "./scan_text.ts";

const QUOTE = 34, DOT = 46, COLON = 58;

/** True if a text begins as an IPv4 address does. */
export function isIpv4(line: DataView, p: number): boolean {
  for (let i = 1; i < 4; i++) if (line.getUint8(p + i) === DOT) return true;
  return false;
}

/** An IPv4 address and the quote behind it, into the sixteen bytes of the event at `at`. */
export function ipv4(line: DataView, p: number, event: Uint8Array, at: number): number {
  for (let i = 12; i < 16; i++) {
    const word = line.getInt32(p, true), octet = word ^ ZEROS, marks = noDigits(octet), bits = bitsBefore(marks);
    if (marks === 0 || bits === 0) return -1;
    const n = four(octet << 32 - bits);
    if (n > 255 || (bits > 8 && (octet & 255) === 0)) return -1;
    if ((word >>> bits & 255) !== (i < 15 ? DOT : QUOTE)) return -1;
    event[at + i] = n;
    p += (bits >>> 3) + 1;
  }
  event[at + 10] = event[at + 11] = 255;
  return p;
}

const MAPPED = 0x66663a3a, MAPPED_END = 0x3a666666; // "::ff" and, three bytes on, "fff:"
const MAPPED_BYTES = 7;

/** An IPv6 address in groups with at most one `::`, or of a mapped IPv4 one, and the quote; the event's bytes are zero. */
export function ipv6(line: DataView, p: number, event: Uint8Array, at: number): number {
  if (
    line.getInt32(p, true) === MAPPED && line.getInt32(p + 3, true) === MAPPED_END && isIpv4(line, p + MAPPED_BYTES)
  ) {
    return ipv4(line, p + MAPPED_BYTES, event, at);
  }
  let group = 0, gap = -1;
  for (;;) {
    if (line.getUint8(p) === COLON && line.getUint8(p + 1) === COLON && gap < 0) {
      gap = group;
      p += 2;
      if (line.getUint8(p) === QUOTE) break;
    }
    const start = p;
    let n = 0;
    for (let digit = HEX[line.getUint8(p)] as number; digit >= 0; digit = HEX[line.getUint8(++p)] as number) {
      n = n << 4 | digit;
      if (p - start === 4) return -1;
    }
    if (p === start || group === 8) return -1;
    event[at + 2 * group] = n >> 8;
    event[at + 2 * group++ + 1] = n & 255;
    const byte = line.getUint8(p);
    if (byte === QUOTE) break;
    if (byte !== COLON) return -1; // as with a dot
    if (line.getUint8(p + 1) !== COLON) p++;
    else if (gap >= 0) return -1;
  }
  if (gap < 0) return group === 8 ? p + 1 : -1;
  if (group === 8) return -1;
  const moved = 16 - 2 * group;
  for (let i = 2 * group - 1; i >= 2 * gap; i--) {
    event[at + i + moved] = event[at + i] as number;
    event[at + i] = 0;
  }
  return p + 1;
}
