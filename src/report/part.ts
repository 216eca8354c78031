// What the parts of a report have in common: each looks at the events of one tool, and makes a section of them.
import type { RecordedEvent } from "../record/line.ts";
import type { Entry, Heavy } from "./heavy.ts";
import type { Cell, Chart, Column, Kind, Section, Table } from "./model.ts";
import type { Timeline } from "./timeline.ts";

export interface Part {
  /** Looks at an event, which happened at so many milliseconds since 1970. */
  add(event: RecordedEvent, at_ms: number): void;
  /** What it saw, in tables of at most `most` rows, of a tool that ran for so long; undefined if there is nothing to say. */
  section(most: number, ran_s: number): Section | undefined;
}

export type NewPart = (tool: string, timeline: Timeline) => Part;

/** A column, and what stands in it for an entry; `sum` if that can be said of all others together, too. */
export interface EntryColumn extends Column {
  of: (entry: Entry) => Cell;
  sum?: true;
  /** True for that of the weights. */
  weight?: true;
}

/** A column of an entry's own cells, by their place; of one without, the first is its key. */
export function cell(key: string, heading: string, i: number, kind: Kind = "text"): EntryColumn {
  return { key, heading, kind, of: ({ cells, key }) => cells ? cells[i] ?? null : i === 0 ? key : null };
}

/** The column of the weights. */
export function weight(key: string, heading: string, kind: Kind = "count"): EntryColumn {
  return { key, heading, kind, of: (entry) => entry.weight, sum: true, weight: true };
}

/** The column of one of the other sums. */
export function summed(key: string, heading: string, i: number, kind: Kind = "count"): EntryColumn {
  return { key, heading, kind, of: (entry) => entry.sums[i] ?? 0, sum: true };
}

/** The column of the weights per second of the time that a tool ran. */
export function rate(ran_s: number): EntryColumn {
  return { key: "per_s", heading: "RATE", kind: "rate", of: (entry) => perSecond(entry.weight, ran_s), sum: true };
}

/** The column of a quantile of the entry's durations. */
export function quantile(key: string, heading: string, q: number): EntryColumn {
  return { key, heading, kind: "ms", of: ({ spread }) => spread?.quantile(q) ?? null };
}

/** The columns that say how durations spread. */
export const quantiles: readonly EntryColumn[] = [
  quantile("p50_ms", "P50", 0.5),
  quantile("p90_ms", "P90", 0.9),
  quantile("p99_ms", "P99", 0.99),
  quantile("max_ms", "MAX", 1),
];

/** Null if it did not run for any time. */
export function perSecond(n: number, ran_s: number): number | null {
  return ran_s > 0 ? n / ran_s : null;
}

/** The table of the heaviest entries; undefined if there are none. Says so if what it tells is not exact. */
export function heavyTable(
  id: string,
  title: string,
  heavy: Heavy,
  most: number,
  columns: readonly EntryColumn[],
): Table | undefined {
  const { entries, others } = heavy.top(most);
  if (entries.length === 0) return undefined;
  const lacking = entries.some((entry) => entry.missing_most > 0);
  const shown: readonly EntryColumn[] = !lacking ? columns : [...columns, {
    key: "missing_most",
    heading: "MISSING",
    kind: columns.find((column) => column.weight)?.kind ?? "count",
    of: (entry) => entry.missing_most,
  }];
  return {
    id,
    title,
    columns: shown.map(({ key, heading, kind }) => ({ key, heading, kind })),
    rows: entries.map((entry) => shown.map((column) => column.of(entry))),
    ...others.count !== 0 &&
      { others: { rows: others.count, cells: shown.map((c) => c.sum ? c.of(others.sum) : null) } },
    ...!heavy.exact() && { note: lacking ? LACKING : MANY },
  };
}

const MANY = "There were too many to keep all of them apart, but the rows that stand here are exact.";
const LACKING = "There were too many to keep all of them apart: a row may lack as much as MISSING says.";

/** A section of what there is; undefined if there is nothing. */
export function sectionOf(
  id: string,
  title: string,
  notes: readonly (string | undefined)[],
  tables: readonly (Table | undefined)[],
  charts: readonly (Chart | undefined)[],
): Section | undefined {
  const there = tables.filter((table) => table !== undefined);
  if (there.length === 0) return undefined;
  return {
    id,
    title,
    notes: notes.filter((note) => note !== undefined),
    tables: there,
    charts: charts.filter((chart) => chart !== undefined),
  };
}
