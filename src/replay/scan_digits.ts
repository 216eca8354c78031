// Readers of numbers, as the recorder writes them. Each takes the line and the place of a value and returns the place
// behind it, or -1 for what is left to JSON.parse. Four bytes are looked at in one load, and what is found is in numbers of
// 32 bits with a sign, which V8 keeps in registers.

/** Four zeros. */
export const ZEROS = 0x30303030;
/** The highest bit of each byte. */
export const HIGH = 0x80808080 | 0;
const DOT = 46;

/** The highest bit of each byte that is no digit, up to the first one; what is behind that is of no use. */
export function noDigits(word: number): number {
  return (word + 0x76767676 | word) & HIGH; // a digit is 0 to 9, and 9 + 0x76 is 0x7f
}

/** Eight times the number of bytes before the first that is marked. */
export function bitsBefore(marks: number): number {
  return 31 - Math.clz32(marks & -marks) & 24;
}

/** The number of four digits, of which the first is in the lowest byte. */
export function four(word: number): number {
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
