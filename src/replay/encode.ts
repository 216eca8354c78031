import type { Cell, Column } from "../column.ts";
import { parseAddress } from "../filter.ts";
import type { Lookups } from "../lookup.ts";
import { type Fields, place as placeOf } from "../output/row.ts";
import type { RecordedEvent } from "../record/line.ts";
import { toNumber, toText } from "../record/value.ts";

/** What a value of a record puts into an event's bytes at `q`. */
type Put = (value: unknown, view: DataView, q: number) => void;

/** Makes events of records again: the way of the row writers backwards. */
export interface Encoder {
  /** Writes the record's event at byte `q`, all of it but its time. */
  encode(record: RecordedEvent, q: number): void;
  /** Tells that the next events are not of `encode`, and that rows of them look nothing up. */
  forget(): void;
  /** What rows look up, as the last record had it. */
  readonly lookups: Lookups;
}

const AF_INET = 2, AF_INET6 = 10;
const MOST_PATH = 4095, MOST_NAMES = 4096;
const encoder = new TextEncoder();

/** Compiles an encoder for records of these columns into events of `size` bytes. */
export function newEncoder(columns: readonly Column[], fields: Fields, size: number, bytes: Uint8Array): Encoder {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const names: Record<string, string> = {};
  let frames: readonly string[] = [];
  const groups: Record<string, string | undefined> = {};
  let query = "";
  /** Names of numbers that are not told: they get some. */
  const numbered: string[] = [];
  /** Names of cgroups whose ids are not told: they get some. */
  const ids: (string | undefined)[] = [];
  const counted = new Set(columns.flatMap(({ cell }) => cell.kind === "uint" ? cell.field : []));
  const addresses = newAddresses();

  const place = (name: string) => placeOf(fields, name);
  const number = (name: string): Put => {
    const { offset, size } = place(name);
    return (value, view, q) => {
      const n = toNumber(value);
      if (!Number.isFinite(n)) return;
      if (size === 8) setUint64(view, q + offset, Math.trunc(n));
      else if (size === 4) view.setUint32(q + offset, n, true);
      else if (size === 2) view.setUint16(q + offset, n, true);
      else view.setUint8(q + offset, n);
    };
  };
  const putOf = ({ cell }: Column): Put | undefined => {
    switch (cell.kind) {
      case "uint":
      case "int":
      case "port":
        return number(cell.field);
      case "flag": {
        const put = number(cell.field);
        return (value, view, q) => put(value === true ? 1 : 0, view, q);
      }
      case "ip_version": {
        const put = number(cell.field);
        return (value, view, q) => put(value === 4 ? AF_INET : AF_INET6, view, q);
      }
      case "ms": {
        const put = number(cell.field);
        return (value, view, q) => put(Math.round(toNumber(value) * 1000) * 1000, view, q);
      }
      case "hex": {
        const { offset } = place(cell.field);
        return (value, view, q) => {
          const digits = toText(value);
          if (/^[0-9a-f]{1,16}$/.test(digits)) view.setBigUint64(q + offset, BigInt(`0x${digits}`), true);
        };
      }
      case "enum": {
        const put = number(cell.field);
        const numbers = numbersOf(cell.names);
        return (value, view, q) => put(numbers.get(toText(value)) ?? value, view, q);
      }
      case "address": {
        const { offset } = place(cell.field);
        const family = number(cell.family), familyAt = place(cell.family).offset;
        return (value, view, q) => {
          const text = toText(value), address = addresses(text);
          if (address === undefined) return;
          bytes.set(address, q + offset);
          const isSaid = view.getUint16(q + familyAt, true) !== 0;
          if (!isSaid) family(text.includes(":") ? AF_INET6 : AF_INET, view, q);
        };
      }
      case "comm": {
        const { offset, size } = place(cell.field);
        return (value, _view, q) => {
          bytes.set(commBytes(toText(value)).subarray(0, size), q + offset);
        };
      }
      case "list": {
        const { offset, size } = place(cell.field);
        return (value, view, q) => {
          const list = Array.isArray(value) ? value.slice(0, size / 8) : [];
          for (const [i, n] of list.entries()) {
            if (Number.isSafeInteger(n) && n >= 0) view.setBigUint64(q + offset + 8 * i, BigInt(n), true);
          }
        };
      }
      case "named":
        if (!counted.has(cell.field)) {
          const put = number(cell.field);
          return (value, view, q) => put(interned(numbered, plain(value)) - 1, view, q);
        }
        return (value) => names[cell.by] = plain(value);
      case "cgroup":
        if (!counted.has(cell.field)) {
          const put = number(cell.field);
          return (value, view, q) => put(interned(ids, plainPath(value)), view, q);
        }
        return (value) => groups[cell.part] = plainPath(value);
      case "query":
        return (value) => query = plain(value);
      case "stack": {
        const { offset, size } = place(cell.field);
        const from = place(cell.from).offset;
        return (value, view, q) => {
          frames = Array.isArray(value) ? value.slice(0, size / 8).map(plain) : [];
          for (let i = 0; i < frames.length; i++) view.setUint32(q + offset + 8 * i, i + 1, true);
          view.setUint32(q + from, 1, true);
        };
      }
      default:
        return undefined;
    }
  };
  // Where a name stands for several numbers, another column may tell which.
  const isVague = ({ cell }: Column) => cell.kind === "enum" && numbersOf(cell.names).size < count(cell.names);
  const puts = columns.toSorted((a, b) => Number(isVague(b)) - Number(isVague(a))).flatMap((column) => {
    const put = putOf(column);
    if (put === undefined) return [];
    // A field that tells no more than whether the value is known is 1 if it is.
    const known =
      column.known !== undefined && !counted.has(column.known) && !fieldsOf(column.cell).includes(column.known)
        ? number(column.known)
        : undefined;
    return [{ key: column.key, put, known }];
  });
  let remembers = false;
  const forget = () => {
    if (!remembers) return;
    for (const name in names) names[name] = "";
    for (const part in groups) groups[part] = undefined;
    frames = [];
    query = "";
    remembers = false;
  };
  return {
    forget,
    encode(record, q) {
      bytes.fill(0, q, q + size);
      forget();
      remembers = true;
      for (const { key, put, known } of puts) {
        const value = record[key];
        if (value === null || value === undefined) continue;
        put(value, view, q);
        known?.(1, view, q);
      }
    },
    lookups: {
      names: new Proxy({}, { get: (_, by) => (n: number) => names[String(by)] ?? numbered[n] ?? "" }),
      symbol: (low) => frames[low - 1] ?? "",
      cgroups: { text: (id, part) => part in groups ? groups[part] : ids[Number(id) - 1] },
      query: { text: () => query === "" ? "No DNS Query" : query, name: () => query },
    },
  };
}

/** The first number of each name. */
function numbersOf(names: readonly (string | undefined)[]): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const [n, name] of names.entries()) if (name !== undefined && !numbers.has(name)) numbers.set(name, n);
  return numbers;
}

function count(names: readonly (string | undefined)[]): number {
  return names.filter((name) => name !== undefined).length;
}

function plainPath(value: unknown): string | undefined {
  return typeof value === "string" ? value.slice(0, MOST_PATH) : undefined;
}

/** The number of a name, from 1. */
function interned<Name extends string | undefined>(names: Name[], name: Name): number {
  const at = names.indexOf(name);
  return at >= 0 ? at + 1 : names.length < MOST_NAMES ? names.push(name) : MOST_NAMES;
}

/** Exact below 2^53. */
function setUint64(view: DataView, at: number, n: number): void {
  const high = Math.floor(n / 4294967296);
  view.setUint32(at, n - high * 4294967296, true);
  view.setUint32(at + 4, high, true);
}

function fieldsOf(cell: Cell): string[] {
  return "field" in cell ? [cell.field] : [];
}

// Row writers put such text out as it is.
const ODD = /[^\x20-\x7e]|["\\]/g;

/** Text that lookups give: printable ASCII without quotes. */
function plain(value: unknown): string {
  return typeof value === "string" ? value.replace(ODD, "?").slice(0, 500) : "";
}

/** The bytes of a name. What was no UTF-8 stands as U+FFFD in records, each of which was a byte at least. */
function commBytes(text: string): Uint8Array {
  if (!text.includes("\ufffd")) return encoder.encode(text);
  return Uint8Array.from(text.split("\ufffd").flatMap((part, i) => [...i > 0 ? [0xff] : [], ...encoder.encode(part)]));
}

/** The sixteen bytes of an address that is IPv4 and written as we write it; undefined for others. */
function parseIpv4(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(16);
  bytes[10] = bytes[11] = 255;
  let octet = 0, digits = 0, at = 12;
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : DOT;
    if (code === DOT && digits > 0 && octet < 256 && at < 16) {
      bytes[at++] = octet;
      octet = digits = 0;
    } else if (code >= 48 && code <= 57 && digits < 3) {
      octet = 10 * octet + code - 48;
      digits++;
    } else return undefined;
  }
  return at === 16 ? bytes : undefined;
}

const DOT = 46;
const MOST_ADDRESSES = 65536;

/** Parses addresses, and remembers those that it has met lately. */
function newAddresses(): (text: string) => Uint8Array | undefined {
  let known = new Map<string, Uint8Array | undefined>();
  return (text) => {
    if (known.has(text)) return known.get(text);
    if (known.size >= MOST_ADDRESSES) known = new Map();
    const address = parseIpv4(text) ?? parseAddress(text);
    known.set(text, address);
    return address;
  };
}
