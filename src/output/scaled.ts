import { roundedAsC } from "./bytes.ts";

const KI = 1024, MI = 1024 ** 2;

/**
 * A number as bcc's netqtop shows it: above 1000 in units of 1024, above 1000000 in units of 1048576, with two decimals
 * at most; else as it is, a fraction with one decimal at least, as Python writes floats.
 */
export function scaled(n: number, fraction: boolean): string {
  if (n > 1_000_000) return `${pythonFloat(n / MI)}M`;
  if (n > 1000) return `${pythonFloat(n / KI)}K`;
  return fraction ? pythonFloat(n) : String(n);
}

/** round(x, 2) in Python: to the nearest, and exact halves to the even neighbour. */
function pythonFloat(x: number): string {
  const text = String(Number(roundedAsC(x, 2)));
  return text.includes(".") ? text : `${text}.0`;
}
