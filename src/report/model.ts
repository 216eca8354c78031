// What a report is made of: plain data, which text, JSON and the page all show.

/** A value in a table; null where there is none or it is not known. */
export type Cell = string | number | null;

/**
 * What a column's values are: names, numbers that name something, how many, bytes, milliseconds, how many a second, or
 * times (RFC 3339 in UTC).
 */
export type Kind = "text" | "id" | "count" | "bytes" | "ms" | "rate" | "time";

export interface Column {
  /** The key in JSON. */
  key: string;
  heading: string;
  kind: Kind;
}

export interface Table {
  /** The key in JSON, once in a section. */
  id: string;
  title: string;
  columns: readonly Column[];
  /** The first of all rows. */
  rows: readonly (readonly Cell[])[];
  /** What the rows leave out: how many (null if more than could be told apart) and their sums, by column. */
  others?: { rows: number | null; cells: readonly Cell[] };
  /** What is to be known of the numbers. */
  note?: string;
}

/** Amounts per bin of time. */
export interface SeriesChart {
  kind: "series";
  title: string;
  unit: "count" | "bytes";
  start_ms: number;
  step_ms: number;
  lines: readonly { name: string; values: readonly number[] }[];
}

/** How many were how long: `counts[i]` from `edges_ms[i]` to below `edges_ms[i + 1]`. */
export interface HistogramChart {
  kind: "histogram";
  title: string;
  edges_ms: readonly number[];
  counts: readonly number[];
}

/** How many were how long, by time: `rows[i]` from `edges_ms[i]` to below `edges_ms[i + 1]`, pairs of bin and number. */
export interface HeatChart {
  kind: "heat";
  title: string;
  start_ms: number;
  step_ms: number;
  bins: number;
  edges_ms: readonly number[];
  rows: readonly (readonly (readonly [bin: number, count: number])[])[];
}

export type Chart = SeriesChart | HistogramChart | HeatChart;

export interface Section {
  /** The key in JSON, once in a report. */
  id: string;
  title: string;
  /** Sentences about what the section is of. */
  notes: readonly string[];
  tables: readonly Table[];
  charts: readonly Chart[];
}

/** What a tool's segments have in common. */
export interface ToolSummary {
  tool: string;
  events: number;
  /** From its first line to its last. */
  start: string;
  end: string;
  events_per_s: number | null;
  lost: number;
}

/** What is missing in the recording. */
export interface LossSummary {
  /** True if nothing was lost, and every segment has its end. */
  complete: boolean;
  lost: number;
  tools: readonly { tool: string; lost_by: Readonly<Record<string, number>>; sentence: string }[];
  cut_short: readonly { path: string; missing: string }[];
  /** Lines that tell no time, and so are in no table; a recording has none, unless somebody edited it. */
  untimed: number;
  /** True if only a part of the time was asked for; losses are nevertheless those of whole segments. */
  ranged: boolean;
}

export interface Report {
  /** Version of the nettrace that made it. */
  nettrace: string;
  /** Null in a recording without events. */
  period: { start: string; end: string; duration_s: number } | null;
  hosts: readonly string[];
  segments: number;
  events: number;
  tools: readonly ToolSummary[];
  losses: LossSummary;
  sections: readonly Section[];
}
