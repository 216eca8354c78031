// Writers of single values. Each takes the buffer and the place to write at, and returns the place after what it wrote;
// the caller has seen to it that there is room. None allocates, but for text that is not plain ASCII.

const PAIRS = new Uint8Array(200);
for (let i = 0; i < 100; i++) {
  PAIRS[2 * i] = 48 + Math.floor(i / 10);
  PAIRS[2 * i + 1] = 48 + i % 10;
}

/** A whole number below 2^53. */
export function uint(out: Uint8Array, p: number, n: number): number {
  if (n < 10) {
    out[p] = 48 + n;
    return p + 1;
  }
  if (n >= 1e9) {
    const high = Math.floor(n / 1e9);
    return digits9(out, uint(out, p, high), (n - high * 1e9) | 0);
  }
  // From here on all is integers of 31 bits, which V8 keeps in registers.
  let rest = n | 0;
  const next = p +
    (rest < 10000
      ? rest < 100 ? 2 : rest < 1000 ? 3 : 4
      : rest < 1e6
      ? rest < 1e5 ? 5 : 6
      : rest < 1e7
      ? 7
      : rest < 1e8
      ? 8
      : 9);
  let end = next;
  while (rest >= 100) {
    const tens = (rest / 100) | 0;
    const pair = 2 * (rest - tens * 100);
    out[--end] = PAIRS[pair + 1] as number;
    out[--end] = PAIRS[pair] as number;
    rest = tens;
  }
  if (rest >= 10) {
    out[--end] = PAIRS[2 * rest + 1] as number;
    out[--end] = PAIRS[2 * rest] as number;
  } else out[--end] = 48 + rest;
  return next;
}

/** The 32 bits at word `i`: passed by place, since V8 boxes an argument of more than 31 bits. */
export function uint32(out: Uint8Array, p: number, from: Uint32Array, i: number): number {
  const n = from[i] as number;
  if (n < 1e9) return uint(out, p, n | 0);
  const high = (n / 1e9) | 0;
  out[p] = 48 + high;
  return digits9(out, p + 1, (n - high * 1e9) | 0);
}

/** A whole number of 32 bits with a sign. */
export function int(out: Uint8Array, p: number, n: number): number {
  if (n >= 0) return uint(out, p, n);
  out[p] = 45;
  return uint(out, p + 1, -n);
}

/** The 64 bits whose lower half is word `i`. */
export function uint64(out: Uint8Array, p: number, from: Uint32Array, i: number): number {
  const high = from[i + 1] as number;
  if (high === 0) return uint32(out, p, from, i);
  const low = from[i] as number;
  if (high < 0x200000) return uint(out, p, high * 4294967296 + low);
  return ascii(out, p, String((BigInt(high) << 32n) | BigInt(low)));
}

/** `count` numbers of 64 bits from word `i` on, with commas between them, without the zeros at the end. */
export function list(out: Uint8Array, p: number, from: Uint32Array, i: number, count: number): number {
  while (count > 0 && from[i + 2 * count - 2] === 0 && from[i + 2 * count - 1] === 0) count--;
  for (let n = 0; n < count; n++) {
    if (n > 0) out[p++] = 44;
    p = uint64(out, p, from, i + 2 * n);
  }
  return p;
}

/** Nine digits with leading zeros. */
export function digits9(out: Uint8Array, p: number, n: number): number {
  for (let at = p + 8; at > p; at -= 2) {
    const rest = (n / 100) | 0;
    const pair = 2 * (n - rest * 100);
    out[at] = PAIRS[pair + 1] as number;
    out[at - 1] = PAIRS[pair] as number;
    n = rest;
  }
  out[p] = 48 + n;
  return p + 9;
}

/** Two digits with a leading zero. */
export function digits2(out: Uint8Array, p: number, n: number): number {
  out[p] = PAIRS[2 * n] as number;
  out[p + 1] = PAIRS[2 * n + 1] as number;
  return p + 2;
}

/**
 * A number with `digits` decimals, rounded as C's printf does: to the nearest, and exact halves to the even neighbour,
 * where toFixed would round them up.
 */
export function fixed(out: Uint8Array, p: number, x: number, digits: number): number {
  const scale = POWERS[digits] as number, scaled = x * scale, n = Math.floor(scaled + 0.5);
  const isPlain = scaled >= 0 && scaled < 1e9 && Math.abs(scaled - n) < NEARLY_HALF; // not of a NaN either
  if (!isPlain || digits === 0) return ascii(out, p, roundedAsC(x, digits));
  const whole = (n / scale) | 0;
  p = uint(out, p, whole);
  out[p] = 46;
  let rest = n - whole * scale;
  for (let at = p + digits; at > p; at--) {
    const tenth = (rest / 10) | 0;
    out[at] = 48 + rest - 10 * tenth;
    rest = tenth;
  }
  return p + 1 + digits;
}

const POWERS = Int32Array.of(1, 10, 100, 1000, 10000, 100000, 1000000);
// Below 2^30, a product is off by less than 2^-23: what is farther from a half is on its right side.
const NEARLY_HALF = 0.499999;

/** The text of a number with `digits` decimals, rounded as C does. */
export function roundedAsC(x: number, digits: number): string {
  const scaled = x * 10 ** digits;
  const floor = Math.floor(scaled);
  // Only a number with at most digits + 1 binary places can be half-way between two decimals.
  const half = scaled - floor === 0.5 && Number.isInteger(x * 2 ** (digits + 1));
  return half && floor % 2 === 0 ? (floor / 10 ** digits).toFixed(digits) : x.toFixed(digits);
}

/** ASCII text. */
export function ascii(out: Uint8Array, p: number, text: string): number {
  for (let i = 0; i < text.length; i++) out[p + i] = text.charCodeAt(i);
  return p + text.length;
}

/** Blanks up to `end`. */
export function pad(out: Uint8Array, p: number, end: number): number {
  while (p < end) out[p++] = 32;
  return p;
}

/** Moves what stands at start..p to the right, so that it ends at start + width. */
export function alignRight(out: Uint8Array, start: number, p: number, width: number): number {
  const gap = width - (p - start);
  if (gap <= 0) return p;
  // To call copyWithin and fill takes longer than so few bytes do.
  for (let at = p - 1; at >= start; at--) out[at + gap] = out[at] as number;
  pad(out, start, start + gap);
  return start + width;
}

/** An IPv4 address from the four bytes at `o`. */
export function ipv4(out: Uint8Array, p: number, from: Uint8Array, o: number): number {
  p = octet(out, p, from[o] as number);
  p = octet(out, p, from[o + 1] as number);
  p = octet(out, p, from[o + 2] as number);
  return uint(out, p, from[o + 3] as number);
}

// Each number of a byte in four: its digits, the dot after them and blanks; and how many of the four are not blanks.
const OCTETS = new Uint8Array(1024).fill(32);
const OCTET_LENGTHS = new Uint8Array(256);
for (let n = 0; n < 256; n++) OCTET_LENGTHS[n] = ascii(OCTETS, 4 * n, `${n}.`) - 4 * n;

/** Writes a number and a dot, and blanks up to four bytes: a table's padding stays blank, all else is written over. */
function octet(out: Uint8Array, p: number, n: number): number {
  out[p] = OCTETS[4 * n] as number;
  out[p + 1] = OCTETS[4 * n + 1] as number;
  out[p + 2] = OCTETS[4 * n + 2] as number;
  out[p + 3] = OCTETS[4 * n + 3] as number;
  return p + (OCTET_LENGTHS[n] as number);
}

const HEX = new TextEncoder().encode("0123456789abcdef");

function group(out: Uint8Array, p: number, n: number): number {
  if (n >= 0x1000) out[p++] = HEX[n >> 12] as number;
  if (n >= 0x100) out[p++] = HEX[(n >> 8) & 15] as number;
  if (n >= 0x10) out[p++] = HEX[(n >> 4) & 15] as number;
  out[p++] = HEX[n & 15] as number;
  return p;
}

/** A number of 64 bits in lower-case hexadecimal without leading zeros. */
export function hex64(out: Uint8Array, p: number, low: number, high: number): number {
  if (high !== 0) {
    p = hex64(out, p, high, 0);
    for (let shift = 28; shift >= 0; shift -= 4) out[p++] = HEX[(low >>> shift) & 15] as number;
    return p;
  }
  let shift = 28;
  while (shift > 0 && low >>> shift === 0) shift -= 4;
  for (; shift >= 0; shift -= 4) out[p++] = HEX[(low >>> shift) & 15] as number;
  return p;
}

/** An IPv6 address from the sixteen bytes at `o`, in the text form of RFC 5952; v4-mapped as ::ffff:a.b.c.d. */
export function ipv6(out: Uint8Array, p: number, from: Uint8Array, o: number): number {
  let zeros = 0; // a bit a group
  for (let i = 0; i < 8; i++) {
    if (((from[o + 2 * i] as number) | (from[o + 2 * i + 1] as number)) === 0) zeros |= 1 << i;
  }
  if ((zeros & 0x3f) === 0x1f && from[o + 10] === 255 && from[o + 11] === 255) {
    return ipv4(out, ascii(out, p, "::ffff:"), from, o + 12);
  }
  const run = LONGEST_RUN[zeros] as number;
  const start = run >> 4;
  const end = start + (run & 15);
  for (let i = 0; i < 8;) {
    if (i === start && end > start) {
      out[p++] = 58;
      if (i === 0) out[p++] = 58;
      i = end;
    } else {
      p = group(out, p, ((from[o + 2 * i] as number) << 8) | (from[o + 2 * i + 1] as number));
      if (++i < 8) out[p++] = 58;
    }
  }
  return p;
}

// By the set of zero groups: the first of the longest runs of at least two, as start << 4 | length.
const LONGEST_RUN = Uint8Array.from({ length: 256 }, (_, zeros) => {
  let start = 0, longest = 1;
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (zeros >> (i + run) & 1) run++;
    if (run > longest) [start, longest] = [i, run];
  }
  return longest > 1 ? start << 4 | longest : 0;
});
