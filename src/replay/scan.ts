// Reads events out of lines that look exactly as the recorder writes them, without making objects of them. What looks
// otherwise in any way is left to JSON.parse, so this is about speed alone.
import type { Cell, Column } from "../column.ts";
import type { Fields } from "../output/row.ts";

/** Puts the event of the line at `p` of the bytes into the event's bytes; false if the line does not look as it should. */
export type Scan = (bytes: Uint8Array, p: number, end: number) => boolean;

/** What a scanner is made of: the place behind a value that was put into the event, or -1. */
type Take = (u8: Uint8Array, p: number) => number;

/**
 * Compiles a scanner of these columns, in this order, into the event; undefined if there are some whose values it cannot
 * read. `time_ns` is left to the caller.
 */
export function compileScan(columns: readonly Column[], fields: Fields, event: Uint8Array): Scan | undefined {
  const view = new DataView(event.buffer, event.byteOffset, event.byteLength);
  const told = new Set(columns.flatMap(({ cell }) => cell.kind === "uint" ? cell.field : []));
  const takes: { key: Uint8Array; take: Take }[] = [];
  for (const [i, column] of columns.entries()) {
    const take = takeOf(column.cell, fields, event, view);
    if (take === undefined) return undefined;
    const field = column.known, isNew = field !== undefined && !told.has(field) && !owns(column.cell, field);
    const key = new TextEncoder().encode(`${i === 0 ? "{" : ","}"${column.key}":`);
    takes.push({ key, take: orNull(take, isNew ? put(fields, view, field) : undefined) });
  }
  const keys = takes.map(({ key }) => key), values = takes.map(({ take }) => take);
  return (bytes, p, end) => {
    event.fill(0);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as Uint8Array;
      for (let k = 0; k < key.length; k++) if (bytes[p + k] !== key[k]) return false;
      p = (values[i] as Take)(bytes, p + key.length);
      if (p < 0) return false;
    }
    return bytes[p] === 125 && p + 1 === end;
  };
}

function owns(cell: Cell, field: string): boolean {
  return "field" in cell && cell.field === field;
}

const AF_INET = 2, AF_INET6 = 10;

/** The number that was read last. */
let number = 0;

/** Digits of a whole number below 2^53. */
function digits(u8: Uint8Array, p: number): number {
  const start = p;
  number = 0;
  for (let code = u8[p] as number; code >= 48 && code <= 57; code = u8[++p] as number) number = 10 * number + code - 48;
  const length = p - start;
  return length > 0 && length < 16 && (length === 1 || u8[start] !== 48) ? p : -1;
}

/** Puts a number into a field. */
function put(fields: Fields, view: DataView, name: string): (n: number) => void {
  const { offset, size } = fields[name] ?? { offset: NaN, size: 0 };
  if (size === 8) {
    return (n) => {
      const high = Math.floor(n / 4294967296);
      view.setUint32(offset, n - high * 4294967296, true);
      view.setUint32(offset + 4, high, true);
    };
  }
  if (size === 4) return (n) => view.setUint32(offset, n, true);
  return size === 2 ? (n) => view.setUint16(offset, n, true) : (n) => view.setUint8(offset, n);
}

/** A value, or null, which leaves its field as it is; `known` is set to 1 with a value. */
function orNull(take: Take, known?: (n: number) => void): Take {
  return (u8, p) => {
    if (u8[p] === 110) return u8[p + 1] === 117 && u8[p + 2] === 108 && u8[p + 3] === 108 ? p + 4 : -1;
    known?.(1);
    return take(u8, p);
  };
}

function takeOf(cell: Cell, fields: Fields, event: Uint8Array, view: DataView): Take | undefined {
  switch (cell.kind) {
    case "uint":
    case "port": {
      const store = put(fields, view, cell.field);
      return (u8, p) => {
        const next = digits(u8, p);
        if (next >= 0) store(number);
        return next;
      };
    }
    case "ip_version": {
      const store = put(fields, view, cell.field);
      return (u8, p) => {
        const version = u8[p];
        if (version !== 52 && version !== 54) return -1;
        store(version === 52 ? AF_INET : AF_INET6);
        return p + 1;
      };
    }
    case "ms": {
      const store = put(fields, view, cell.field);
      return (u8, p) => {
        p = digits(u8, p);
        if (p < 0) return p;
        let us = number * 1000;
        if (u8[p] === 46) {
          let scale = 100;
          for (let code = u8[++p] as number; code >= 48 && code <= 57 && scale >= 1; code = u8[++p] as number) {
            us += (code - 48) * scale;
            scale /= 10;
          }
        }
        store(us * 1000);
        return p;
      };
    }
    case "address":
      return takeAddress(fields[cell.field]?.offset ?? NaN, event, put(fields, view, cell.family));
    case "comm":
      return takeText(fields[cell.field] ?? { offset: NaN, size: 0 }, event);
    case "enum":
      return takeName(cell.names, put(fields, view, cell.field));
    case "time":
      return (u8, p) => u8[p] === 34 && u8[p + 31] === 34 ? p + 32 : -1; // whoever read the line has read it
    case "text": {
      const text = new TextEncoder().encode(JSON.stringify(cell.text));
      return (u8, p) => {
        for (let k = 0; k < text.length; k++) if (u8[p + k] !== text[k]) return -1;
        return p + text.length;
      };
    }
    case "connection":
      return (u8, p) => u8[p] === 34 && u8[p + 17] === 34 ? p + 18 : -1;
    case "query":
      return () => -1; // null alone is quick
    default:
      return undefined;
  }
}

/** Bytes in quotes that need no unescaping. What was no UTF-8 stands as U+FFFD, which is not quick either. */
function takeText({ offset, size }: { offset: number; size: number }, event: Uint8Array): Take {
  return (u8, p) => {
    if (u8[p] !== 34) return -1;
    for (let i = 0; i <= size; i++) {
      const byte = u8[++p] as number;
      if (byte === 34) return p + 1;
      if (byte < 32 || byte > 126 || byte === 92 || i === size) return -1;
      event[offset + i] = byte;
    }
    return -1;
  };
}

/** An IPv4 address, or an IPv6 one in groups with at most one `::`; sets the family, which a column before may have said. */
function takeAddress(offset: number, event: Uint8Array, setFamily: (n: number) => void): Take {
  const four = (u8: Uint8Array, p: number): number => {
    for (let i = 12; i < 16; i++) {
      p = digits(u8, p);
      if (p < 0 || number > 255) return -1;
      event[offset + i] = number;
      if (i < 15 && u8[p++] !== 46) return -1;
    }
    event[offset + 10] = event[offset + 11] = 255;
    return u8[p] === 34 ? p + 1 : -1;
  };
  const six = (u8: Uint8Array, p: number): number => {
    let group = 0, gap = -1;
    for (;;) {
      if (u8[p] === 58 && u8[p + 1] === 58 && gap < 0) {
        gap = group;
        p += 2;
        if (u8[p] === 34) break;
      }
      let n = 0, length = 0;
      for (let digit = hex(u8[p] as number); digit >= 0 && length < 5; digit = hex(u8[++p] as number)) {
        n = 16 * n + digit;
        length++;
      }
      if (length === 0 || length > 4 || group === 8) return -1;
      event[offset + 2 * group] = n >> 8;
      event[offset + 2 * group++ + 1] = n & 255;
      if (u8[p] === 34) break;
      if (u8[p] !== 58) return -1; // as with a dot
      if (u8[p + 1] !== 58) p++;
      else if (gap >= 0) return -1;
    }
    if (gap < 0) return group === 8 ? p + 1 : -1;
    const behind = 2 * (group - gap), from = offset + 2 * gap;
    if (group === 8) return -1;
    event.copyWithin(offset + 16 - behind, from, from + behind);
    event.fill(0, from, offset + 16 - behind);
    return p + 1;
  };
  return (u8, p) => {
    if (u8[p++] !== 34) return -1;
    for (let i = 1; i < 5; i++) {
      if (u8[p + i] === 58) break;
      if (u8[p + i] === 46) {
        setFamily(AF_INET);
        return four(u8, p);
      }
    }
    setFamily(AF_INET6);
    return six(u8, p);
  };
}

function hex(code: number): number {
  return code >= 48 && code <= 57 ? code - 48 : code >= 97 && code <= 102 ? code - 87 : -1;
}

/** One of the names, by a hash of its bytes that tells them apart; a name of several numbers is not quick. */
function takeName(names: readonly (string | undefined)[], store: (n: number) => void): Take | undefined {
  const byHash = new Map<number, { n: number; bytes: Uint8Array }>();
  for (const [n, name] of names.entries()) {
    if (name === undefined) continue;
    const bytes = new TextEncoder().encode(name + '"'), hash = hashOf(bytes, 0);
    if (byHash.has(hash)) return undefined;
    byHash.set(hash, { n, bytes });
  }
  return (u8, p) => {
    if (u8[p++] !== 34) return -1;
    const found = byHash.get(hashOf(u8, p));
    if (found === undefined) return -1;
    const { n, bytes } = found;
    for (let k = 0; k < bytes.length; k++) if (u8[p + k] !== bytes[k]) return -1;
    store(n);
    return p + bytes.length;
  };
}

const LONGEST_NAME = 32;

function hashOf(u8: Uint8Array, p: number): number {
  let hash = 0;
  for (let i = 0; i < LONGEST_NAME && u8[p + i] !== 34; i++) hash = Math.imul(hash, 31) + (u8[p + i] as number) | 0;
  return hash;
}
