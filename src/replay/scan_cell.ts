// The source text that a scanner is made of.
import type { Cell } from "../column.ts";
import { type Fields, place } from "../output/row.ts";

/** How a cell's value stands in a line: text that is always there, and statements that take what is between. */
export interface CellCode {
  before: string;
  /** They move `p`, and return -1 from the scanner for what is none; empty if there is nothing between. */
  take: string;
  behind: string;
}

const AF_INET = 2, AF_INET6 = 10;
const FOUR = 52, SIX = 54;

/** The code for a cell's value; undefined for those that only JSON.parse reads. */
export function cellCode(cell: Cell, index: number, fields: Fields): CellCode | undefined {
  const plain = (take: string) => ({ before: "", take, behind: "" });
  const quoted = (take: string, behind = "") => ({ before: '"', take, behind });
  switch (cell.kind) {
    case "time": // which whoever uses the event's time takes from the scanner's
      return quoted(moved("second(line, p)") + moved("nanoseconds(line, p, time)"), 'Z"');
    case "text":
      return { before: JSON.stringify(cell.text), take: "", behind: "" };
    case "uint":
    case "port":
      return plain(moved("digits(line, p, found)") + store(fields, cell.field, "found[0]"));
    case "ms":
      return plain(moved("milliseconds(line, p, found)") + store(fields, cell.field, "found[0]"));
    case "ip_version": {
      const family = load(fields, cell.field), said = `line.getUint8(p++)`;
      return plain(`{
const version = ${said}, is = version === ${FOUR} ? ${AF_INET} : version === ${SIX} ? ${AF_INET6} : 0;
if (is === 0 || (${family} !== 0 && ${family} !== is)) return -1;
${family} = is;
}
`);
    }
    case "address": {
      const { offset } = place(fields, cell.field), family = load(fields, cell.family);
      return quoted(
        `if (${family} === 0) ${family} = isIpv4(line, p) ? ${AF_INET} : ${AF_INET6};\n` +
          moved(`${family} === ${AF_INET} ? ipv4(line, p, u8, q + ${offset}) : ipv6(line, p, u8, q + ${offset})`),
      );
    }
    case "comm": {
      const { offset, size } = place(fields, cell.field);
      return size % 4 === 0 ? quoted(moved(`text(line, p, events, q + ${offset}, ${size})`)) : undefined;
    }
    case "enum":
      return quoted(moved(`names[${index}](line, p, found)`) + store(fields, cell.field, "found[0]"));
    case "hex": {
      const at = place(fields, cell.field).offset >>> 2;
      return quoted(moved("hex(line, p, found)") + `u32[w + ${at}] = found[0]; u32[w + ${at + 1}] = found[1];\n`);
    }
    case "connection":
      return quoted(moved("sixteen(line, p)"), '"');
    case "query":
      return { before: "null", take: "", behind: "" };
    default:
      return undefined;
  }
}

function moved(call: string): string {
  return `p = ${call};\nif (p < 0) return -1;\n`;
}

/** The element of a field of at most 32 bits, of the event at byte `q`, half `h` and word `w`. */
function load(fields: Fields, name: string): string {
  const { offset, size } = place(fields, name);
  return size === 1 ? `u8[q + ${offset}]` : size === 2 ? `u16[h + ${offset >>> 1}]` : `u32[w + ${offset >>> 2}]`;
}

/** A statement that puts a whole number below 2^63 into a field. */
export function store(fields: Fields, name: string, value: string): string {
  const { offset, size } = place(fields, name);
  if (size < 8) return `${load(fields, name)} = ${value};\n`;
  return `u32[w + ${offset >>> 2}] = ${value}; u32[w + ${(offset >>> 2) + 1}] = ${value} / 4294967296;\n`;
}

/** Four bytes of ASCII as one load gets them. */
export function word(text: string): number {
  return new DataView(new TextEncoder().encode(text).buffer).getInt32(0, true);
}

/**
 * Statements that go on behind constant ASCII, and return -1 from the scanner if it is not there: eight bytes a load. No
 * double made of ASCII is a NaN or a zero, so no others are equal to it than the same bytes.
 */
export function literal(text: string): string {
  const { length } = text;
  if (length === 0) return "";
  const differs = length < 4
    ? [`(line.getInt32(p, true) & ${2 ** (8 * length) - 1}) !== ${word(text.padEnd(4, "\0"))}`]
    : length < 8
    ? [0, length - 4].map((at) => `line.getInt32(p + ${at}, true) !== ${word(text.slice(at, at + 4))}`)
    : Array.from({ length: Math.ceil(length / 8) }, (_, i) => Math.min(8 * i, length - 8))
      .map((at) => `line.getFloat64(p + ${at}, true) !== ${double(text.slice(at, at + 8))}`);
  return `if (${differs.join(" || ")}) return -1;\np += ${length};\n`;
}

function double(text: string): number {
  return new DataView(new TextEncoder().encode(text).buffer).getFloat64(0, true);
}
