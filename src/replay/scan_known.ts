// Readers that know a text again.
import { parseTime } from "../record/time.ts";

/** Reads a value in the same way as those of scan_digits.ts. */
export type Take = (line: DataView, p: number, found: Float64Array) => number;

const SECOND_BYTES = 20, PLACES = [0, 8, 12], SECOND = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.$/;

/** A reader of a time up to its point, into the first of `time`. A second's text is parsed once. */
export function newSecond(time: Float64Array): (line: DataView, p: number) => number {
  const known = new Float64Array(3);
  /** Looks at bytes as literal() in scan_cell.ts does. */
  const know = (line: DataView, p: number) => {
    for (const i of known.keys()) known[i] = line.getFloat64(p + (PLACES[i] as number), true);
  };
  know(new DataView(new TextEncoder().encode("1970-01-01T00:00:00.").buffer), 0); // which `time` is now
  const parse = (line: DataView, p: number): boolean => {
    const bytes = new Uint8Array(line.buffer, line.byteOffset + p, SECOND_BYTES);
    const text = new TextDecoder().decode(bytes), parsed = { seconds: 0, nanoseconds: 0 };
    if (!SECOND.test(text) || !parseTime(text, parsed)) return false;
    know(line, p);
    time[0] = parsed.seconds;
    return true;
  };
  return (line, p) => {
    const isKnown = line.getFloat64(p + 12, true) === known[2] && line.getFloat64(p + 8, true) === known[1] &&
      line.getFloat64(p, true) === known[0];
    return isKnown || parse(line, p) ? p + SECOND_BYTES : -1;
  };
}

/**
 * A reader of one of the names and the quote behind it, by a hash of its bytes that tells them apart: the number into the
 * first of `found`. Undefined if a name is that of several numbers.
 */
export function newName(names: readonly (string | undefined)[]): Take | undefined {
  const byHash = new Map<number, { n: number; bytes: Uint8Array }>();
  for (const [n, name] of names.entries()) {
    if (name === undefined) continue;
    const bytes = new TextEncoder().encode(name + '"'), hash = hashOf(new DataView(bytes.buffer), 0, bytes.length);
    if (bytes.length > LONGEST_NAME || byHash.has(hash)) return undefined;
    byHash.set(hash, { n, bytes });
  }
  return (line, p, found) => {
    const known = byHash.get(hashOf(line, p, LONGEST_NAME));
    if (known === undefined) return -1;
    const { n, bytes } = known;
    for (let k = 0; k < bytes.length; k++) if (line.getUint8(p + k) !== bytes[k]) return -1;
    found[0] = n;
    return p + bytes.length;
  };
}

const LONGEST_NAME = 32, QUOTE = 34;

function hashOf(line: DataView, p: number, most: number): number {
  let hash = 0;
  for (let i = 0; i < most && line.getUint8(p + i) !== QUOTE; i++) {
    hash = Math.imul(hash, 31) + line.getUint8(p + i) | 0;
  }
  return hash;
}
