import type { RecordedEvent } from "../record/line.ts";
import type { ColumnType, TableColumn } from "./table.ts";
import { nanoseconds } from "./time.ts";

type Value = string | number | bigint | boolean | (string | bigint)[];
type Data = (Value | null)[] | BigInt64Array | Int32Array | Float64Array;

/** Makes columns of records, and counts the values that do not fit their columns, which become null. */
export function newValues(): { of(column: TableColumn, events: readonly RecordedEvent[]): Data; misfits(): number } {
  let misfits = 0;
  return {
    misfits: () => misfits,
    of({ key, type }, events) {
      const convert = CONVERT[type];
      let nulls = 0;
      const values = events.map((event): Value | null => {
        const given = event[key];
        const value = given === undefined || given === null ? undefined : convert(given);
        if (value !== undefined) return value;
        nulls++;
        if (given !== undefined && given !== null) misfits++;
        return null;
      });
      return nulls > 0 ? values : packed(type, values as Value[]);
    },
  };
}

/** Typed arrays where there are some: they are written in a fraction of the time. */
function packed(type: ColumnType, values: Value[]): Data {
  if (type === "int32") return Int32Array.from(values as number[]);
  if (type === "int64" || type === "time") return BigInt64Array.from(values as bigint[]);
  return type === "double" ? Float64Array.from(values as number[]) : values;
}

/** What a JSON value is in a column of the type; undefined if it is none. */
const CONVERT: Record<ColumnType, (value: unknown) => Value | undefined> = {
  time: nanoseconds,
  flag: (value) => typeof value === "boolean" ? value : undefined,
  int32: (value) => Number.isInteger(value) && value === ((value as number) | 0) ? value as number : undefined,
  int64,
  double: (value) => typeof value === "number" ? value : undefined,
  string: (value) => typeof value === "string" ? value : undefined,
  int64_list: (value) => allOf(value, int64),
  string_list: (value) => allOf(value, (text) => typeof text === "string" ? text : undefined),
};

/** Beyond 2^53 a number of JSON is not what was written. */
function int64(value: unknown): bigint | undefined {
  return Number.isSafeInteger(value) ? BigInt(value as number) : undefined;
}

function allOf<T>(value: unknown, convert: (item: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value.map(convert);
  return items.some((item) => item === undefined) ? undefined : items as T[];
}
