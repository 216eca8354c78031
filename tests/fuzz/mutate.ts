import type { Random } from "./random.ts";

/** Texts that were somebody's downfall: what steers terminals, what hides, what has a meaning elsewhere. */
export const NASTY_TEXTS: readonly string[] = [
  "",
  " ",
  "-",
  "--",
  "..",
  "/",
  "../../etc/passwd",
  "a/../../b",
  "\0",
  "\n",
  "\r\n",
  "\x1b[2J\x1b]0;title\x07",
  "\x7f",
  "\u009b31m",
  "\u202egnp.exe",
  "\u200b\u200d\u2060\ufeff",
  "\u{e0041}\u{e007f}",
  "\ud800",
  "\udc00x",
  "\ufffd",
  "🦊".repeat(99),
  '"',
  "'",
  "\\",
  '","',
  "`$(id)`",
  "<script>alert(1)</script>",
  "</script><!--",
  "=1+1",
  "@SUM(A1)",
  "%s%n",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "null",
  "NaN",
  "Infinity",
  "-1",
  "0x10",
  "1e309",
  "99999999999999999999",
  "9007199254740993",
  "18446744073709551616",
  "::1",
  "::ffff:1.2.3.4",
  "1:2:3:4:5:6:7:8:9",
  "999.1.1.1",
  "10.0.0.0/33",
  "2026-11-20T06:00:00Z",
  "1/1/2026 1:1:1.123",
  "+275760-09-13T00:00:00.000Z",
  "x".repeat(5000),
];

const encoder = new TextEncoder();
const NASTY_NUMBERS = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xfffffffe, 0xffffffff];

/** Any bytes, at most so many. */
export function anyBytes(random: Random, most: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: random.below(most + 1) }, () => random.below(256));
}

/** The bytes with a few changes. */
export function mutated(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  let result = Uint8Array.from(bytes);
  for (let n = random.below(6); n >= 0; n--) {
    const at = random.below(result.length + 1), length = random.below(Math.min(64, result.length - at) + 1);
    const [before, taken, behind] = [
      result.subarray(0, at),
      result.subarray(at, at + length),
      result.subarray(at + length),
    ];
    switch (random.below(8)) {
      case 0:
        result = joined(before, behind);
        break;
      case 1:
        result = joined(before, taken, taken, behind);
        break;
      case 2:
        result = before.slice();
        break;
      case 3:
        result = joined(before, encoder.encode(random.one(NASTY_TEXTS)), behind);
        break;
      case 4:
        result = joined(before, anyBytes(random, 16), behind);
        break;
      case 5: {
        const size = random.one([1, 2, 4]), view = new DataView(result.buffer, result.byteOffset);
        if (result.length < size) break;
        const place = Math.min(at, result.length - size), number = random.one(NASTY_NUMBERS);
        if (size === 1) view.setUint8(place, number);
        else if (size === 2) view.setUint16(place, number, random.in(2));
        else view.setUint32(place, number, random.in(2));
        break;
      }
      default:
        if (at < result.length) result[at] = (result[at] as number) ^ 1 << random.below(8);
    }
  }
  return result;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Any JSON value, as text: also what JSON.stringify would never write. */
export function anyJson(random: Random, depth = 3): string {
  switch (random.below(depth > 0 ? 9 : 6)) {
    case 0:
      return random.one(["null", "true", "false", "0", "-0", "1", "-1", "1.5", "1e308", "1e999", "-1e999"]);
    case 1:
      return random.one(["4294967296", "18446744073709551615", "1" + "0".repeat(400), "0.1e-400"]);
    case 2:
      return String(random.below(70000));
    case 6:
      return `[${Array.from({ length: random.below(4) }, () => anyJson(random, depth - 1)).join()}]`;
    case 7:
      return `{${
        Array.from({ length: random.below(4) }, () =>
          `${JSON.stringify(random.one([...NASTY_KEYS, "a"]))}:${anyJson(random, depth - 1)}`).join()
      }}`;
    case 8:
      if (random.in(20)) return "[".repeat(9000) + "]".repeat(9000);
      return '{"toString":1,"valueOf":1,"toJSON":1}';
    default:
      return JSON.stringify(random.one(NASTY_TEXTS));
  }
}

/** Keys that objects of JavaScript have already, or act on. */
export const NASTY_KEYS = ["__proto__", "constructor", "prototype", "toString", "valueOf", "toJSON", "then", "length"];
