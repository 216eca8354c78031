// Reads events out of lines that look exactly as the recorder writes them, without making objects of them. What looks
// otherwise in any way is left to JSON.parse, so this is about speed alone.
import type { Column } from "../column.ts";
import type { Fields } from "../output/row.ts";
import { ipv4, ipv6, isIpv4 } from "./scan_address.ts";
import { type CellCode, cellCode, literal, store, word } from "./scan_cell.ts";
import { digits, milliseconds, nanoseconds } from "./scan_digits.ts";
import { newName, newSecond } from "./scan_known.ts";
import { hex, sixteen, text } from "./scan_text.ts";

/** Reads lines of one tool. */
export interface Scanner {
  /**
   * Puts the event of the line at `p` into the bytes from `q` on, but for `time_ns`, and its time into `time`; returns the
   * place behind the line's end. Returns -1 if the line does not look as it should; the event's bytes may be anything then.
   */
  scan(line: DataView, p: number, q: number): number;
  /** Seconds since 1970, and nanoseconds. */
  readonly time: Float64Array;
  /** So many bytes it may look at, all of which must be there, whatever they are behind the line. */
  readonly reach: number;
}

/**
 * Compiles a scanner of these columns, in this order, into events of `size` bytes, a multiple of eight; undefined if there
 * are some whose values it cannot read. As with row writers, source text is made from the declaration alone, never from data
 * of a line, and compiled once: it takes a fifth of the time of closures that look at single bytes.
 */
export function compileScan(
  columns: readonly Column[],
  fields: Fields,
  size: number,
  bytes: Uint8Array,
): Scanner | undefined {
  const cells = columns.map(({ cell }, i) => cellCode(cell, i, fields));
  const names = columns.map(({ cell }) => cell.kind === "enum" ? newName(cell.names) : undefined);
  const areKnown = columns.every(({ cell }, i) =>
    (cell.kind === "time") === (i === 0) && (cell.kind !== "enum" || names[i] !== undefined)
  );
  if (!areKnown || !cells.every((cell) => cell !== undefined)) return undefined;
  const { buffer, byteOffset, byteLength } = bytes;
  const u16 = new Uint16Array(buffer, byteOffset, byteLength >>> 1);
  const u32 = new Uint32Array(buffer, byteOffset, byteLength >>> 2);
  const f64 = new Float64Array(buffer, byteOffset, byteLength >>> 3), events = new DataView(buffer, byteOffset);
  const time = new Float64Array(2), found = new Float64Array(2);
  const make = new Function(...PARAMETERS, source(columns, cells, fields, size));
  return {
    scan: make(bytes, u16, u32, f64, events, time, found, newSecond(time), names, values),
    time,
    reach: columns.reduce((sum, { key }) => sum + key.length + MOST_VALUE_BYTES, 0),
  };
}

const values = { digits, milliseconds, nanoseconds, text, sixteen, hex, isIpv4, ipv4, ipv6 };
const PARAMETERS = ["u8", "u16", "u32", "f64", "events", "time", "found", "second", "names", "values"];
// An address has 45, a time 30, a whole number 15 and the load behind it; names of numbers have less, and so has a comm.
const MOST_VALUE_BYTES = 64;
const NULL = word("null");

function source(columns: readonly Column[], cells: readonly CellCode[], fields: Fields, size: number): string {
  const told = new Set(columns.flatMap(({ cell }) => cell.kind === "uint" ? cell.field : []));
  let code = "", expected = "";
  for (const [i, { before, take, behind }] of cells.entries()) {
    const { key, known, cell } = columns[i] as Column;
    expected += `${i === 0 ? "{" : ","}"${key}":`;
    if (known === undefined) {
      expected += before;
      if (take === "") continue;
      code += literal(expected) + take;
      expected = behind;
    } else {
      const isNew = !told.has(known) && !("field" in cell && cell.field === known);
      const value = literal(before) + take + literal(behind) + (isNew ? store(fields, known, "1") : "");
      code += `${literal(expected)}if (line.getInt32(p, true) === ${NULL}) p += 4;\nelse {\n${value}}\n`;
      expected = "";
    }
  }
  const clear = Array.from({ length: size >>> 3 }, (_, i) => `f64[d + ${i}] = 0;`).join(" ");
  return `const { ${Object.keys(values).join(", ")} } = values;
return (line, p, q) => {
const h = q >>> 1, w = q >>> 2, d = q >>> 3;
${clear}
${code}${literal(`${expected}}\n`)}return p;
};`;
}
