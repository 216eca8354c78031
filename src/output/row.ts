import type { Cell, Column } from "../column.ts";
import * as bytes from "./bytes.ts";
import { type Lookups, NO_LOOKUPS } from "../lookup.ts";
import type { Clock } from "./clock.ts";
import * as stack from "./stack.ts";
import * as text from "./text.ts";

/** Where each field of an event is, in bytes (made by bpf/gen.ts). */
export type Fields = Readonly<Record<string, { readonly offset: number; readonly size: number }>>;

/** The bytes that events are read from, as the typed arrays a row writer reads through. */
export interface Views {
  u8: Uint8Array;
  u16: Uint16Array;
  u32: Uint32Array;
}

/** Writes the event at byte `q` of the views as one row at `p` of the output; returns the place after the row. */
export type Row = (q: number, p: number) => number;

// A symbol's name has at most 512 bytes (KSYM_NAME_LEN), a stack 32 frames, a list 64 numbers of 64 bits.
const WIDEST: Partial<Record<Cell["kind"], number>> = {
  cgroup: 6 * 4096,
  named: 512,
  symbol: 640,
  query: 320,
  joined: 640,
  list: 64 * 21,
  stack: 32 * 544,
};

/** The most bytes that one row takes: each cell at its widest (an escaped comm: 6 bytes a byte), and each literal. */
export function rowLimit(columns: readonly Column[]): number {
  return columns.reduce((sum, c) => sum + (WIDEST[c.cell.kind] ?? 128) + c.width + c.key.length, 16);
}

/**
 * Compiles a function that writes rows of a format. Source text is made from the declaration alone, never from data of
 * an event, and compiled once: it writes a row in a quarter of the time of a loop over closures.
 */
export function compileRow(
  columns: readonly Column[],
  fields: Fields,
  format: Format,
  views: Views,
  out: Uint8Array,
  clock: Clock,
  lookups: Lookups = NO_LOOKUPS,
): Row {
  return compile(columns, fields, format, out, clock, lookups)(views);
}

/** As compileRow(), for rows that are in another buffer each time: compiles once for the same columns. */
export function newRowCompiler(
  out: Uint8Array,
  clock: Clock,
  lookups: Lookups,
): (columns: readonly Column[], fields: Fields, format: Format, views: Views) => Row {
  const compiled = new WeakMap<readonly Column[], { format: Format; over: (views: Views) => Row }>();
  return (columns, fields, format, views) => {
    let made = compiled.get(columns);
    if (made?.format !== format) {
      made = { format, over: compile(columns, fields, format, out, clock, lookups) };
      compiled.set(columns, made);
    }
    return made.over(views);
  };
}

function compile(
  columns: readonly Column[],
  fields: Fields,
  format: Format,
  out: Uint8Array,
  clock: Clock,
  lookups: Lookups,
): (views: Views) => Row {
  const cells = columns.map((column, i) => format(column, i, columns.length, fields)).join("");
  const names = columns.map(({ cell }) => namesOf(cell));
  const parameters = ["u8", "u16", "u32", "out", "w", "clock", "b", "t", "k", "s", "l"];
  const wide = new DataView(out.buffer, out.byteOffset, out.byteLength);
  const make = new Function(...parameters, `return (q, p) => {\n${cells}return p;\n}`);
  return ({ u8, u16, u32 }) => make(u8, u16, u32, out, wide, clock, bytes, text, names, stack, lookups);
}

/** The names that a cell's code finds in `k`; those of a joined cell's parts are nested. */
function namesOf(cell: string | Cell): unknown {
  if (typeof cell === "string") return undefined;
  if (cell.kind === "named") return cell.about;
  return cell.kind === "enum" ? cell.names : cell.kind === "joined" ? cell.parts.map(namesOf) : undefined;
}

/** Makes the statements that write one column; `p` is the place to write at and is moved. */
export type Format = (column: Column, index: number, count: number, fields: Fields) => string;

/** Where a field is. Throws an Error if there is none of that name. */
export function place(fields: Fields, name: string): { offset: number; size: number } {
  const field = fields[name];
  if (!field) throw new Error(`no event field ${name}`);
  return field;
}

/** An expression for the value of an integer field; of one of 64 bits, for its lower half. */
function load(fields: Fields, name: string): string {
  const { offset, size } = place(fields, name);
  const array = size === 1 ? "u8" : size === 2 ? "u16" : "u32";
  return `${array}[(q + ${offset}) >>> ${Math.min(size >> 1, 2)}]`;
}

/** The place of a field of whole words, as arguments. */
function word(fields: Fields, name: string): string {
  return `u32, (q + ${place(fields, name).offset}) >>> 2`;
}

/** Both halves of a 64-bit field, as arguments. */
function halves(fields: Fields, name: string): string {
  const { offset } = place(fields, name);
  return `u32[(q + ${offset}) >>> 2], u32[(q + ${offset + 4}) >>> 2]`;
}

/** An expression for a 64-bit field as a number; exact below 2^53. */
function double(fields: Fields, name: string): string {
  const { offset } = place(fields, name);
  return `(u32[(q + ${offset + 4}) >>> 2] * 4294967296 + u32[(q + ${offset}) >>> 2])`;
}

/** `code`, or `otherwise` where what tells whether the value is known is 0. */
function ifKnown(column: Column, fields: Fields, code: string, otherwise: string): string {
  return column.known === undefined
    ? code
    : `if (${load(fields, column.known)} !== 0) { ${code} } else { ${otherwise} }\n`;
}

/**
 * Statements that put constant text into the output, eight bytes a store. What the last store writes beyond the text is
 * written over by what follows. No double made of bytes of UTF-8 is a NaN, so each keeps its bits.
 */
function literal(value: string): string {
  const text = new TextEncoder().encode(value);
  if (text.length === 0) return "";
  if (text.length <= 2) {
    return `${Array.from(text, (byte, i) => `out[p + ${i}] = ${byte};`).join(" ")} p += ${text.length};\n`;
  }
  const padded = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(32);
  padded.set(text);
  const doubles = Array.from(
    new Float64Array(padded.buffer),
    (double, i) => `w.setFloat64(p + ${8 * i}, ${double}, true);`,
  );
  return `${doubles.join(" ")} p += ${text.length};\n`;
}

/** Statements that write a left-aligned value into a field of `width` and the `gap` after it. */
function padded(expression: string, width: number, gap: string): string {
  const stores = Math.ceil((width + gap.length) / 8);
  const blanks = Array.from({ length: stores }, (_, i) => `w.setFloat64(p + ${8 * i}, ${EIGHT_BLANKS}, true);`).join(
    " ",
  );
  if (gap === " ") return `{ const e = p + ${width}; ${blanks} p = ${expression}; if (p < e) p = e; out[p++] = 32; }\n`;
  return `{ const e = p + ${width}; ${blanks} p = ${expression}; if (p < e) p = e; }\n${literal(gap)}`;
}

const EIGHT_BLANKS = new Float64Array(new Uint8Array(8).fill(32).buffer)[0];

const AF_INET = 2;

/** An expression that writes a cell's value at `p` and has the next place as its value; not for comm and text. */
function value(cell: Cell, index: number | string, fields: Fields): string {
  switch (cell.kind) {
    case "uint":
      return place(fields, cell.field).size === 8
        ? `b.uint64(out, p, ${word(fields, cell.field)})`
        : place(fields, cell.field).size === 4
        ? `b.uint32(out, p, ${word(fields, cell.field)})`
        : `b.uint(out, p, ${load(fields, cell.field)})`;
    case "int":
      return `b.int(out, p, ${load(fields, cell.field)} | 0)`;
    case "port":
      return `b.uint(out, p, ${load(fields, cell.field)})`;
    case "ip_version":
      return `b.uint(out, p, ${load(fields, cell.field)} === ${AF_INET} ? 4 : 6)`;
    case "address": {
      const at = place(fields, cell.field).offset;
      const family = load(fields, cell.family);
      const six = cell.brackets
        ? `b.ascii(out, b.ipv6(out, b.ascii(out, p, "["), u8, q + ${at}), "]")`
        : `b.ipv6(out, p, u8, q + ${at})`;
      return `${family} === ${AF_INET} ? b.ipv4(out, p, u8, q + ${at + 12}) : ${six}`;
    }
    case "endpoint": {
      const address = value({ kind: "address", field: cell.address, family: cell.family }, index, fields);
      return `b.uint(out, b.ascii(out, ${address}, ":"), ${load(fields, cell.port)})`;
    }
    case "time":
      return `clock.time(out, p, ${word(fields, cell.field)})`;
    case "realtime_us":
      return `clock.realtime_us(out, p, ${word(fields, cell.field)})`;
    case "time_of_day":
      return `clock.timeOfDay(out, p, ${word(fields, cell.field)})`;
    case "elapsed_s":
      return `b.fixed(out, p, clock.elapsed_s(${word(fields, cell.field)}), ${cell.digits})`;
    case "elapsed_ns":
      return `b.uint(out, p, clock.elapsed_ns(${word(fields, cell.field)}))`;
    case "quotient":
      return `b.uint(out, p, Math.floor(${double(fields, cell.field)} / ${cell.divisor}))`;
    case "mean": {
      const by = double(fields, cell.by);
      return `b.fixed(out, p, ${by} === 0 ? 0 : ${double(fields, cell.field)} / ${by}, ${cell.digits})`;
    }
    case "per_s": {
      const spent_ns = `(${double(fields, "end_ns")} - ${double(fields, "start_ns")})`;
      return `b.fixed(out, p, ${double(fields, cell.field)} * 1e9 / (${spent_ns} || Infinity), ${cell.digits})`;
    }
    case "ms":
      return `b.fixed(out, p, Math.floor(${double(fields, cell.field)} / 1000) / 1000, ${cell.digits})`;
    case "flag":
      return `b.ascii(out, p, ${load(fields, cell.field)} === 0 ? "false" : "true")`;
    case "list": {
      const { offset, size } = place(fields, cell.field);
      return `b.list(out, p, u32, (q + ${offset}) >>> 2, ${size / 8})`;
    }
    case "hex":
      return `b.hex64(out, p, ${halves(fields, cell.field)})`;
    case "enum": {
      const n = load(fields, cell.field);
      return `b.ascii(out, p, k[${index}][${n}] ?? String(${n}))`;
    }
    case "named": {
      const name = `l.names[${JSON.stringify(cell.by)}](${load(fields, cell.field)})`;
      const text = cell.about ? `k[${index}].get(${name}) ?? ${JSON.stringify(cell.otherwise)}` : name;
      return `b.ascii(out, p, ${text})`;
    }
    case "connection":
      return `l.connection(out, p, u32, q)`;
    case "symbol":
      return `b.ascii(out, p, l.symbol(${halves(fields, cell.field)}))`;
    case "query":
      return `b.ascii(out, p, l.query ? l.query.text(${queried(cell, fields)}) : "")`;
    case "joined": {
      const part = (of: string | Cell, i: number) =>
        typeof of === "string" ? `b.ascii(out, p, ${JSON.stringify(of)})` : value(of, `${index}][${i}`, fields);
      return `(${cell.parts.map((of, i) => `p = ${part(of, i)}`).join(", ")})`;
    }
    case "cgroup":
    case "comm":
    case "text":
    case "stack":
      throw new Error(`${cell.kind} has no value`);
  }
}

/** A statement that writes a stack in one of the forms of stack.ts. */
function stackCode(form: string, cell: Extract<Cell, { kind: "stack" }>, fields: Fields): string {
  const { offset, size } = place(fields, cell.field);
  const from = place(fields, cell.from).offset;
  return `p = s.${form}(out, p, u32, (q + ${offset}) >>> 2, ${size / 8}, (q + ${from}) >>> 2, l.symbol);\n`;
}

/** An expression for what is known of a cgroup. */
function cgroupText(cell: Extract<Cell, { kind: "cgroup" }>, fields: Fields): string {
  const { offset } = place(fields, cell.field);
  const id = `BigInt(u32[(q + ${offset}) >>> 2]) | BigInt(u32[(q + ${offset + 4}) >>> 2]) << 32n`;
  return `l.cgroups?.text(${id}, ${JSON.stringify(cell.part)})`;
}

/** The table: columns padded to their widths, one blank between them, a longer value pushing the rest of the line. */
export const tableFormat: Format = (column, index, count, fields) => {
  const { cell, width } = column;
  const gap = index === count - 1 ? "\n" : column.glued ? "" : " ";
  if (cell.kind === "text") return literal(cell.text.padEnd(width) + gap);
  if (cell.kind === "stack") return stackCode("tableStack", cell, fields) + literal(gap);
  if (cell.kind === "cgroup") {
    return `p = t.tableString(out, p, ${cgroupText(cell, fields)}, ${cell.most ?? 4096}, ${width});\n${literal(gap)}`;
  }
  if (cell.kind === "joined") {
    return ifKnown(column, fields, padded(value(cell, index, fields), width, gap), literal("-".padEnd(width) + gap));
  }
  if (cell.kind === "comm") {
    const { offset, size } = place(fields, cell.field);
    const known = `p = t.tableText(out, p, u8, q + ${offset}, ${size}, ${cell.most ?? size}, ${width});`;
    return ifKnown(column, fields, known, literal("-".padEnd(width))) + literal(gap);
  }
  if (column.align === "right") {
    return `{ const s = p; p = b.alignRight(out, s, ${value(cell, index, fields)}, ${width}); }\n${literal(gap)}`;
  }
  return padded(value(cell, index, fields), width, gap);
};

/** The arguments of a query. */
function queried(cell: Cell & { kind: "query" }, fields: Fields): string {
  return `u8, q + ${place(fields, cell.field).offset}, ${halves(fields, cell.time)}`;
}

const QUOTED = new Set([
  "address",
  "endpoint",
  "time",
  "time_of_day",
  "hex",
  "enum",
  "named",
  "symbol",
  "joined",
  "connection",
]);

/** JSON Lines: one object a row. */
export const jsonFormat: Format = (column, index, count, fields) => {
  const { cell, key } = column;
  const [open, close] = cell.kind === "list" ? ["[", "]"] : QUOTED.has(cell.kind) ? ['"', '"'] : ["", ""];
  const name = `${index === 0 ? "{" : ","}"${key}":`;
  const end = index === count - 1 ? "}\n" : "";
  if (cell.kind === "text") return literal(name + JSON.stringify(cell.text) + end);
  if (cell.kind === "stack") return literal(name) + stackCode("jsonStack", cell, fields) + literal(end);
  if (cell.kind === "cgroup") {
    return `${literal(name)}p = t.jsonString(out, p, ${cgroupText(cell, fields)});\n${literal(end)}`;
  }
  if (cell.kind === "query") {
    const found = `{ const n = l.query ? l.query.name(${queried(cell, fields)}) : "";`;
    return `${literal(name)}${found} p = b.ascii(out, p, n === "" ? "null" : '"' + n + '"'); }\n${literal(end)}`;
  }
  if (cell.kind === "comm") {
    const { offset, size } = place(fields, cell.field);
    const known = `p = t.jsonText(out, p, u8, q + ${offset}, ${size});`;
    return literal(name) + ifKnown(column, fields, known, literal("null")) + literal(end);
  }
  const known = `${literal(open)}p = ${value(cell, index, fields)};\n${literal(close)}`;
  return literal(name) + ifKnown(column, fields, known, literal("null")) + literal(end);
};

/** CSV as RFC 4180 has it, with the given end of line; a value that is not known is empty. */
export function csvFormat(lineEnd: "\r\n" | "\n"): Format {
  return (column, index, count, fields) => {
    const { cell } = column;
    const end = literal(index === count - 1 ? lineEnd : ",");
    if (cell.kind === "text") return literal(cell.text) + end;
    if (cell.kind === "stack") return stackCode("csvStack", cell, fields) + end;
    if (cell.kind === "cgroup") return `p = t.csvString(out, p, ${cgroupText(cell, fields)});\n` + end;
    if (cell.kind === "query") {
      return `if (l.query) p = b.ascii(out, p, l.query.name(${queried(cell, fields)}));\n` + end;
    }
    if (cell.kind === "comm") {
      const { offset, size } = place(fields, cell.field);
      return ifKnown(column, fields, `p = t.csvText(out, p, u8, q + ${offset}, ${size});`, "") + end;
    }
    const quote = literal(cell.kind === "list" ? '"' : "");
    return ifKnown(column, fields, `${quote}p = ${value(cell, index, fields)};${quote}`, "") + end;
  };
}

/**
 * A field of the systemd journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL), without those whose value is not
 * known. A comm may hold a line break, so its length is told.
 */
export const journalFormat: Format = (column, index, _count, fields) => {
  const { cell, key } = column;
  if (cell.kind === "text") return literal(`${key}=${cell.text}\n`);
  if (cell.kind === "comm") {
    const { offset, size } = place(fields, cell.field);
    const sized = `p = t.sizedText(out, p, u8, q + ${offset}, ${size});\n`;
    return ifKnown(column, fields, literal(`${key}\n`) + sized + literal("\n"), "");
  }
  const [before = "", after] = `${key}=`.split("*");
  const version = cell.kind === "address" ? `out[p++] = ${load(fields, cell.family)} === ${AF_INET} ? 52 : 54;\n` : "";
  const name = after === undefined ? literal(before) : literal(before) + version + literal(after);
  return ifKnown(column, fields, `${name}p = ${value(cell, index, fields)};\n${literal("\n")}`, "");
};

/** The journal's field for people. */
export const messageFormat: Format = (column, index, count, fields) =>
  (index === 0 ? literal("MESSAGE=") : "") + tableFormat(column, index, count, fields);

/** The table's heading. */
export function tableHeading(columns: readonly Column[]): string {
  const cell = (c: Column) => {
    const padded = c.align === "right" ? (c.heading ?? "").padStart(c.width) : (c.heading ?? "").padEnd(c.width);
    return c.glued ? padded : padded + " ";
  };
  return columns.filter((c) => !c.below).map(cell).join("").replace(/ $/, "") + "\n";
}
