import { type Cgroups, newCgroups } from "./cgroup.ts";
import { type Column, sampleColumns, shownColumns } from "./column.ts";
import type { Kernel } from "./kernel.ts";
import { type Lookups, NO_LOOKUPS } from "./lookup.ts";
import { type Clock, newClock } from "./output/clock.ts";
import { compileRow, csvFormat, type Format, jsonFormat, rowLimit, tableFormat, tableHeading } from "./output/row.ts";
import { newSink, type Sink } from "./output/sink.ts";
import { type Rows, rowsOf } from "./rows.ts";
import { BLOCKED_WAIT_MS, conclude, flushAll, type Run } from "./run.ts";
import type { Window } from "./screen.ts";
import { openSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";
import { newView } from "./view.ts";

/** What an interval gave. */
export interface Report {
  readonly rows: Rows;
  /** The numbers of the rows, in order. */
  readonly order: readonly number[];
  /** How long the interval was. */
  readonly spent_s: number;
  /** When it ended. */
  readonly end: Date;
  /** Options and arguments by place that were given, by name. */
  readonly given: ReadonlyMap<string, unknown>;
  /** A file's text, or undefined where it cannot be read. */
  readText(path: string): string | undefined;
  /** The value of a programs' variable of 32 bits. */
  variable(name: string): number;
  /** True if the interval ended before its time. */
  readonly partial: boolean;
  /** Room for the report on a terminal whose screen it fills; undefined where reports follow each other. */
  readonly window?: Window;
}

/** A piece of a report for people: text, or rows in columns under their heading. */
export type Part = string | { columns: readonly Column[]; rows: readonly number[] };

/** How a tool shows what its program counted in an interval. */
export interface SampleMode<Field extends string = string> {
  /** Seconds between reports; without it, and without an argument `interval`, there is one report, at the end. */
  interval_s?: number;
  /** What adds up where entries of several CPUs, or of a group, are one row: fields of one or more u64. */
  counters: readonly Field[];
  /** What tells rows apart; other fields, but the counters, are zero. */
  group(given: ReadonlyMap<string, unknown>): readonly Field[];
  /** Other fields that a row has, of one of its entries. */
  others?(given: ReadonlyMap<string, unknown>): readonly Field[];
  /** Makes entries alike, in place, that are to be in one row although they differ in what it is made of. */
  unite?(entries: Uint8Array, given: ReadonlyMap<string, unknown>, cgroups: Cgroups): void;
  /** The columns of records, where more than the presence of options decides. */
  columns?(given: ReadonlyMap<string, unknown>): readonly Column[];
  /** Compares two rows for their order. */
  order?(rows: Rows, given: ReadonlyMap<string, unknown>): (a: number, b: number) => number;
  /** What stands before the first report for people. */
  intro(given: ReadonlyMap<string, unknown>): string;
  /** A report for people. */
  table(report: Report): readonly Part[];
  /** True if the report for people is for programs after all, and nothing may stand before it. */
  bare?(given: ReadonlyMap<string, unknown>): boolean;
  /** On a terminal, each report takes the place of the one before. */
  live?: {
    wanted(given: ReadonlyMap<string, unknown>): boolean;
    /** Keys that change an option's value while it runs. */
    keys: Readonly<Record<string, readonly [option: string, value: unknown]>>;
  };
}

/**
 * Runs a tool that samples: the kernel counts, and after each interval there is a report on what it counted in it.
 * Intervals are told by the clock and do not drift; a reader that stops reading makes one longer, and loses nothing.
 * Throws BadInput and CannotRun.
 */
export async function runSample(run: Run, kernel: Kernel, terminal: Terminal): Promise<void> {
  const { tool } = run;
  const { sample: mode, layout: { sample: layout } } = tool;
  if (!mode || !layout) throw new Error(`${tool.name} does not sample`);
  const given = new Map(run.given);
  const learned = tool.learn?.(kernel, (line) => terminal.warn(line), given);
  const constants = { ...learned?.constants, ...run.constants };
  using session = openSession(tool, { ...run, constants, fills: [...run.fills, ...learned?.fills ?? []] }, kernel);
  const interval_s = (given.get("interval") as number | undefined) ?? mode.interval_s ?? Infinity;
  const reports = (given.get("count") as number | undefined) ?? Infinity;
  const chosen = mode.columns?.(given) ?? shownColumns(tool.columns, given);
  const columns = run.format === "table" ? tool.columns : sampleColumns(tool.name, chosen);
  const cgroups = newCgroups(session);
  const sink = newSink(terminal, rowLimit(columns));
  const clock = newClock(kernel.clockOffset());
  const writer = newWriter(sink, clock, { ...NO_LOOKUPS, ...learned?.lookups, cgroups }, kernel, terminal);
  const bare = mode.bare?.(given) ?? false;
  const note = session.plan.note === undefined || bare ? "" : `${session.plan.note}\n`;

  type Drawn = Pick<Report, "rows" | "order" | "spent_s" | "end" | "partial">;
  const draw = async (of: Drawn) => {
    const head = of.partial && !bare ? `partial interval of ${of.spent_s.toFixed(3)} s:\n` : "";
    const above = screen ? note + head : head;
    const window = screen && room(screen.window(), above);
    if (screen) await writer.text(CLEAR);
    await writer.text(above);
    const readText = (path: string) => kernel.readText(path);
    for (const part of mode.table({ ...of, given, readText, variable: variables.get, ...window && { window } })) {
      if (typeof part === "string") await writer.text(part);
      else {
        await writer.text(tableHeading(part.columns));
        await writer.rows(part.columns, part.rows, of.rows, tableFormat);
      }
    }
  };
  const orderOf = (rows: Rows) => {
    const order = Array.from({ length: rows.count }, (_, i) => i);
    return mode.order ? order.sort(mode.order(rows, given)) : order;
  };
  using screen = run.format === "table" && mode.live?.wanted(given) ? terminal.openScreen() : undefined;
  const view = screen && mode.live && newView(screen, mode.live.keys, given, (report: Drawn) => {
    return draw({ ...report, order: orderOf(report.rows) });
  });
  const stopping = () => terminal.stopping() || (view?.quitting() ?? false);

  if (run.format === "table") await writer.text(mode.intro(given) + note);
  if (run.format === "csv") await writer.text(columns.map((c) => c.key).join(",") + "\r\n");
  const { variables } = session;
  const look = (learned?.watch ?? view) && (async () => {
    learned?.watch?.(variables);
    await view?.look();
  });
  learned?.watch?.(variables);
  const begin_ns = kernel.monotonic_ns();
  let start_ns = begin_ns, due = 1;
  for (let n = 1; n <= reports && !stopping() && !sink.closed; n++) {
    const due_ns = Number(begin_ns) + due * interval_s * 1e9;
    await pauseUntil(due_ns, kernel, terminal, stopping, look);
    const stopped = stopping();
    if (stopped) session.detach();
    const { entries, end_ns } = session.take();
    const partial = stopped && interval_s !== Infinity && Number(end_ns) < due_ns;
    due = Math.max(due, Math.floor(Number(end_ns - begin_ns) / 1e9 / interval_s)) + 1;
    mode.unite?.(entries, given, cgroups);
    const interval = { start_ns, end_ns, partial };
    const rows = rowsOf(entries, layout, mode.group(given), mode.counters, interval, mode.others?.(given));
    const order = orderOf(rows);
    const spent_s = Number(end_ns - start_ns) / 1e9;
    clock.adjust(kernel.clockOffset());
    const report = { rows, order, spent_s, end: new Date(), partial };
    if (view) await view.show(report, stopped);
    else if (run.format === "table") await draw(report);
    else await writer.rows(columns, order, rows, run.format === "json" ? jsonFormat : csvFormat("\r\n"));
    start_ns = end_ns;
  }
  session.detach();
  flushAll(sink, terminal);
  const unnamed = constants["noting_cgroups"] && { unnamed: cgroups.unnamed };
  if (!sink.closed) conclude(run, sink, { ...session.losses(), ...unnamed, unwritten: sink.waiting }, terminal);
}

/** What is left of a window under this text, and above the line where the cursor waits. */
function room({ rows, columns }: Window, above: string): Window {
  return { rows: rows - 1 - (above.split("\n").length - 1), columns };
}

/** Waits until the monotonic clock is there, or an end is wanted, and has a look meanwhile. */
async function pauseUntil(
  due_ns: number,
  kernel: Kernel,
  terminal: Terminal,
  stopping: () => boolean,
  look?: () => Promise<void>,
): Promise<void> {
  for (;;) {
    const left_ms = (due_ns - Number(kernel.monotonic_ns())) / 1e6;
    if (left_ms <= 0) return;
    await terminal.pause(look ? Math.min(left_ms, LOOK_PERIOD_MS) : left_ms);
    await look?.();
    if (stopping()) return;
  }
}

/** Writes reports. While nobody takes them it waits, until an end is wanted; the kernel counts on. */
function newWriter(sink: Sink, clock: Clock, lookups: Lookups, kernel: Kernel, terminal: Terminal) {
  const flush = async () => {
    while (!sink.flush() && !terminal.stopping()) {
      terminal.waitWritable(BLOCKED_WAIT_MS);
      await kernel.turn();
    }
  };
  return {
    flush,
    async text(text: string): Promise<void> {
      for (let at = 0; at < text.length; at += TEXT_AT_ONCE) {
        sink.text(text.slice(at, at + TEXT_AT_ONCE));
        await flush();
      }
    },
    async rows(columns: readonly Column[], order: readonly number[], rows: Rows, format: Format): Promise<void> {
      if (order.length === 0) return;
      const row = compileRow(columns, rows.fields, format, rows, sink.out, clock, lookups);
      for (const i of order) {
        if (!sink.row((p) => row(i * rows.size, p))) await flush();
      }
      await flush();
    },
  };
}

const LOOK_PERIOD_MS = 250;
const CLEAR = "\x1b[H\x1b[2J"; // the cursor to the first place, then all that is there away
const TEXT_AT_ONCE = 16384; // characters, which are at most 48 KiB and so fit into an empty sink
