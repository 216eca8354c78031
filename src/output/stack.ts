// Writers of stacks: addresses of code in a row of 64-bit words that ends with zeros. The frames before the one at
// `from` are those of the tracing itself, and left out. Names make strings: a stack is the one cell that allocates.
import { ascii } from "./bytes.ts";

/** Gives the text for an address, as its halves. */
export type Symbolize = (low: number, high: number) => string;

/** The frames of the `count` words at index `i`, from the one on that is the 64-bit word at index `from`. */
function frames(u32: Uint32Array, i: number, count: number, from: number, symbolize: Symbolize): string[] {
  const all: string[] = [];
  const end = i + 2 * count;
  let at = i;
  while (at < end && (u32[at] !== u32[from] || u32[at + 1] !== u32[from + 1])) at += 2;
  for (at = at < end ? at : i; at < end; at += 2) {
    const low = u32[at] as number, high = u32[at + 1] as number;
    if (low === 0 && high === 0) break;
    all.push(symbolize(low, high));
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
