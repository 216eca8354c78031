// Readers of single values, as the recorder writes them. Each takes the line and the place of a value and returns the place
// behind it, or -1 for what is left to JSON.parse. Four bytes are looked at in one load, and what is found is in numbers of
// 32 bits with a sign, which V8 keeps in registers.

/** Four zeros. */
const ZEROS = 0x30303030;
/** The highest bit of each byte. */
const HIGH = 0x80808080 | 0;
const QUOTE = 34, DOT = 46, COLON = 58;

/** The highest bit of each byte that is no digit, up to the first one; what is behind that is of no use. */
function noDigits(word: number): number {
  return (word + 0x76767676 | word) & HIGH; // a digit is 0 to 9, and 9 + 0x76 is 0x7f
}

/** Eight times the number of bytes before the first that is marked. */
function bitsBefore(marks: number): number {
  return 31 - Math.clz32(marks & -marks) & 24;
}

/** The number of four digits, of which the first is in the lowest byte. */
function four(word: number): number {
  const pairs = Math.imul(word, 10) + (word >>> 8) & 0x00ff00ff;
  return Math.imul(pairs, 100) + (pairs >>> 16) & 0xffff;
}

const POWERS = Int32Array.of(1, 10, 100, 1000);

/** A whole number without leading zeros, below 10^15, into the first of `found`. */
export function digits(line: DataView, p: number, found: Float64Array): number {
  const a = line.getInt32(p, true) ^ ZEROS, marked = noDigits(a);
  if (marked !== 0) {
    const bits = bitsBefore(marked);
    if (bits === 0 || (bits > 8 && (a & 255) === 0)) return -1;
    found[0] = four(a << 32 - bits);
    return p + (bits >>> 3);
  }
  if ((a & 255) === 0) return -1;
  const b = line.getInt32(p + 4, true) ^ ZEROS, marks = noDigits(b);
  if (marks === 0) return manyDigits(line, p + 8, found, four(a) * 10000 + four(b));
  const bits = bitsBefore(marks);
  found[0] = bits === 0 ? four(a) : Math.imul(four(a), POWERS[bits >>> 3] as number) + four(b << 32 - bits);
  return p + 4 + (bits >>> 3);
}

const MOST_MORE = 7; // digits than eight: below 2^53

/** The digits behind the first eight. */
function manyDigits(line: DataView, p: number, found: Float64Array, n: number): number {
  const most = p + MOST_MORE;
  for (let digit = line.getUint8(p) - 48; digit >= 0 && digit <= 9; digit = line.getUint8(p) - 48) {
    if (p++ === most) return -1;
    n = 10 * n + digit;
  }
  found[0] = n;
  return p;
}

const MOST_MS = 1e12; // in whole microseconds, doubles tell all of them up to there

/** Milliseconds with at most three decimals, as nanoseconds into the first of `found`. */
export function milliseconds(line: DataView, p: number, found: Float64Array): number {
  p = digits(line, p, found);
  if (p < 0) return p;
  const whole = found[0] as number;
  if (whole >= MOST_MS) return -1;
  let us = 0;
  if (line.getUint8(p) === DOT) {
    const word = line.getInt32(++p, true) ^ ZEROS, marks = noDigits(word), bits = bitsBefore(marks);
    if (marks === 0 || bits === 0) return -1;
    us = four(word << 32 - bits) * (POWERS[3 - (bits >>> 3)] as number);
    p += bits >>> 3;
  }
  found[0] = (whole * 1000 + us) * 1000;
  return p;
}

/** Nine digits into the second of `time`. */
export function nanoseconds(line: DataView, p: number, time: Float64Array): number {
  const a = line.getInt32(p, true) ^ ZEROS, b = line.getInt32(p + 4, true) ^ ZEROS, c = line.getUint8(p + 8) - 48;
  if ((noDigits(a) | noDigits(b)) !== 0 || c < 0 || c > 9) return -1;
  time[1] = Math.imul(four(a), 100000) + Math.imul(four(b), 10) + c;
  return p + 9;
}

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

const HEX = new Int8Array(256).fill(-1);
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
