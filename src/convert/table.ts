import { type Cell, type Column, recordColumns, recordHead, sampleColumns } from "../column.ts";
import type { Fields } from "../output/row.ts";
import { connectionColumn, newConnections } from "../record/connection.ts";
import { showable } from "../show.ts";
import type { Tool } from "../tool.ts";

/** What the values of a column are, in formats that have types. */
export type ColumnType = "time" | "flag" | "int32" | "int64" | "double" | "string" | "int64_list" | "string_list";

/** A column of a file. */
export interface TableColumn {
  readonly key: string;
  readonly type: ColumnType;
  readonly cell: Cell;
}

/** Records with the same columns: the events of a tool, or its counts. */
export interface Table {
  /** What files are called after. */
  readonly name: string;
  readonly tool: string;
  readonly columns: readonly TableColumn[];
}

/** The tables of a tool. */
export interface Tables {
  readonly events: Table;
  /** The table that a record belongs to. */
  of(record: Readonly<Record<string, unknown>>): Table;
}

/**
 * The tables of a tool, made from its declaration: all columns that its records can have under any option, so that files
 * of the same tool always have the same columns, and behind them what a recording adds.
 */
export function tablesOf(tool: Tool): Tables {
  const { layout } = tool;
  const records = tool.sample
    ? sampleColumns(tool.name, tool.columns)
    : [...recordColumns(tool.name, tool.columns), ...Object.values(showable).filter(isRecord)];
  const connection = newConnections().of(tool) === undefined ? [] : [connectionColumn];
  const fields = (tool.sample ? layout.sample : layout.event)?.fields ?? {};
  const events = tableOf(tool.name, tool.name, [...records, ...connection], fields);
  if (!tool.count) return { events, of: () => events };
  const countColumns = [...recordHead(tool.name), ...tool.count.columns.filter(isRecord)];
  const counts = tableOf(`${tool.name}_count`, tool.name, countColumns, layout.count?.fields ?? {});
  const own = counts.columns.find(({ cell }) => cell.kind === "uint" && cell.field === "count")?.key ?? "";
  return { events, of: (record) => own in record ? counts : events };
}

function isRecord(column: Column): boolean {
  return column.record !== false;
}

function tableOf(name: string, tool: string, columns: readonly Column[], fields: Fields): Table {
  const own = columns.map(({ key, cell }) => ({ key, cell, type: typeOf(cell, fields) }));
  return { name, tool, columns: [...own, hostColumn] };
}

/** What a recording tells of a segment, and so of each of its records. */
const hostColumn: TableColumn = { key: "host", type: "string", cell: { kind: "text", text: "" } };

/** Ids of processes and threads are below 2^22 (PID_MAX_LIMIT in include/linux/threads.h). */
const PROCESS_IDS = ["pid", "tid"];

function typeOf(cell: Cell, fields: Fields): ColumnType {
  switch (cell.kind) {
    case "time":
      return "time";
    case "flag":
      return "flag";
    case "uint": {
      const bytes = fields[cell.field]?.size ?? 8;
      return bytes < 4 || PROCESS_IDS.includes(cell.field) ? "int32" : "int64";
    }
    case "int":
    case "port":
    case "ip_version":
      return "int32";
    case "quotient":
    case "realtime_us":
    case "elapsed_ns":
      return "int64";
    case "mean":
    case "per_s":
    case "elapsed_s":
    case "ms":
      return "double";
    case "list":
      return "int64_list";
    case "stack":
      return "string_list";
    case "address":
    case "cgroup":
    case "comm":
    case "connection":
    case "endpoint":
    case "enum":
    case "hex":
    case "joined":
    case "named":
    case "query":
    case "symbol":
    case "text":
    case "time_of_day":
      return "string";
  }
}
