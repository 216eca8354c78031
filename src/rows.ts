import type { Fields, Views } from "./output/row.ts";

/** What leads every row: the interval that it tells of. */
export interface Interval {
  start_ns: bigint;
  end_ns: bigint;
  /** True if it ended before its time. */
  partial: boolean;
}

const INTERVAL: Fields = {
  start_ns: { offset: 0, size: 8 },
  end_ns: { offset: 8, size: 8 },
  partial: { offset: 16, size: 1 },
};
const INTERVAL_BYTES = 24, INTERVAL_PARTIAL = 16;

/** Rows in one buffer, one after the other; `fields` are those of the first, and `size` is what a row takes. */
export interface Rows extends Views {
  readonly fields: Fields;
  readonly size: number;
  readonly count: number;
  /** A whole number of a row; exact below 2^53. */
  number(row: number, field: string): number;
  /** The whole numbers of 64 bits that a field of a row is made of. */
  numbers(row: number, field: string): number[];
}

/**
 * Makes rows of the entries of an interval: entries that agree in all fields of `group` are one row, with their counters
 * added up, with the fields `first` of one of them, and their other fields left at zero. Entries whose counters are all
 * zero are none.
 */
export function rowsOf(
  entries: Uint8Array,
  layout: { readonly size: number; readonly fields: Fields },
  group: readonly string[],
  counters: readonly string[],
  interval: Interval,
  first: readonly string[] = [],
): Rows {
  const place = (name: string) => layout.fields[name] ?? unknown(name);
  const kept = group.map(place), copied = [...kept, ...first.map(place)];
  const counts = counters.flatMap((name) => {
    const { offset, size } = place(name);
    return Array.from({ length: size / 8 }, (_, i) => offset / 8 + i);
  });
  const size = INTERVAL_BYTES + layout.size;
  const from = new BigUint64Array(entries.buffer, entries.byteOffset, entries.length / 8);
  const rowOf = new Map<string, number>();
  const rowOfEntry = new Int32Array(entries.length / layout.size);
  for (let i = 0; i < rowOfEntry.length; i++) {
    const at = i * layout.size;
    const key = counts.every((word) => from[at / 8 + word] === 0n) ? undefined : keyOf(entries, at, kept);
    if (key !== undefined && !rowOf.has(key)) rowOf.set(key, rowOf.size);
    rowOfEntry[i] = key === undefined ? -1 : rowOf.get(key) as number;
  }

  const u8 = new Uint8Array(rowOf.size * size);
  const to = new BigUint64Array(u8.buffer);
  for (let row = 0; row < rowOf.size; row++) {
    to[row * size / 8] = interval.start_ns;
    to[row * size / 8 + 1] = interval.end_ns;
    u8[row * size + INTERVAL_PARTIAL] = Number(interval.partial);
  }
  for (const [i, row] of rowOfEntry.entries()) {
    if (row < 0) continue;
    const at = i * layout.size, into = row * size + INTERVAL_BYTES;
    for (const { offset, size } of copied) u8.set(entries.subarray(at + offset, at + offset + size), into + offset);
    for (const word of counts) to[into / 8 + word] = (to[into / 8 + word] as bigint) + (from[at / 8 + word] as bigint);
  }

  return viewRows(u8, layout);
}

/** What a row takes, with its interval, and where its fields are. */
export function rowLayout(
  layout: { readonly size: number; readonly fields: Fields },
): { size: number; fields: Fields } {
  return { size: INTERVAL_BYTES + layout.size, fields: rowFields(layout.fields) };
}

/** Rows that are in a buffer already. */
export function viewRows(
  u8: Uint8Array<ArrayBuffer>,
  layout: { readonly size: number; readonly fields: Fields },
): Rows {
  const { size, fields } = rowLayout(layout);
  const view = new DataView(u8.buffer), to = new BigUint64Array(u8.buffer);
  return {
    u8,
    u16: new Uint16Array(u8.buffer),
    u32: new Uint32Array(u8.buffer),
    fields,
    size,
    count: u8.length / size,
    number(row, name) {
      const { offset, size: bytes } = fields[name] ?? unknown(name);
      const at = row * size + offset;
      if (bytes === 8) return Number(view.getBigUint64(at, true));
      return bytes === 4 ? view.getUint32(at, true) : bytes === 2 ? view.getUint16(at, true) : view.getUint8(at);
    },
    numbers(row, name) {
      const { offset, size: bytes } = fields[name] ?? unknown(name);
      const first = (row * size + offset) / 8;
      return Array.from(to.subarray(first, first + bytes / 8), Number);
    },
  };
}

/** The fields of a row: of its interval, then those of the entry. */
function rowFields(entry: Fields): Fields {
  const moved = Object.entries(entry).map(([name, { offset, size }]) =>
    [name, { offset: offset + INTERVAL_BYTES, size }] as const
  );
  return { ...INTERVAL, ...Object.fromEntries(moved) };
}

function keyOf(entries: Uint8Array, at: number, kept: readonly { offset: number; size: number }[]): string {
  let key = "";
  for (const { offset, size } of kept) {
    for (let i = at + offset; i < at + offset + size; i++) key += String.fromCharCode(entries[i] as number);
  }
  return key;
}

function unknown(name: string): never {
  throw new Error(`no field ${name}`);
}
