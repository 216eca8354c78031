// Writers of stacks: addresses of code in a row of 64-bit words that ends with zeros. The frames before the one at
// `from` are those of the tracing itself, and left out. Names make strings: a stack is the one cell that allocates.
import { ascii } from "./bytes.ts";

/** Gives the text for an address, as its halves. */
export type Symbolize = (low: number, high: number) => string;

/** The frames of the `count` words at index `i`, from the one on that is the 64-bit word at index `from`. */
function frames(u32: Uint32Array, i: number, count: number, from: number, symbolize: Symbolize): string[] {
  const all: string[] = [];
  const end = i + 2 * count;
  const isZero = (at: number) => u32[at] === 0 && u32[at + 1] === 0;
  let at = i;
  while (at < end && !isZero(at) && (u32[at] !== u32[from] || u32[at + 1] !== u32[from + 1])) at += 2;
  for (at = at === end || isZero(at) ? i : at; at < end && !isZero(at); at += 2) {
    all.push(symbolize(u32[at] as number, u32[at + 1] as number));
  }
  return all;
}

/** A line for each frame, with a tab before it, and the end of the line before. */
export function tableStack(
  out: Uint8Array,
  p: number,
  u32: Uint32Array,
  i: number,
  count: number,
  from: number,
  symbolize: Symbolize,
): number {
  for (const frame of frames(u32, i, count, from, symbolize)) p = ascii(out, ascii(out, p, "\n\t"), frame);
  out[p] = 10;
  return p + 1;
}

/** An array of strings. */
export function jsonStack(
  out: Uint8Array,
  p: number,
  u32: Uint32Array,
  i: number,
  count: number,
  from: number,
  symbolize: Symbolize,
): number {
  return ascii(out, p, JSON.stringify(frames(u32, i, count, from, symbolize)));
}

/** The frames with semicolons between them, as flame graphs take them, but the innermost first. */
export function csvStack(
  out: Uint8Array,
  p: number,
  u32: Uint32Array,
  i: number,
  count: number,
  from: number,
  symbolize: Symbolize,
): number {
  return ascii(out, p, frames(u32, i, count, from, symbolize).join(";"));
}
