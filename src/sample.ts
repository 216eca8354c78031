import type { Cgroups } from "./cgroup.ts";
import type { Column } from "./column.ts";
import type { Kernel } from "./kernel.ts";
import type { Lookups } from "./lookup.ts";
import { type Clock, newClock } from "./output/clock.ts";
import {
  csvFormat,
  type Format,
  jsonFormat,
  newRowCompiler,
  rowLimit,
  tableFormat,
  tableHeading,
} from "./output/row.ts";
import { newSink, type Sink } from "./output/sink.ts";
import { relinquish } from "./privilege.ts";
import type { Rows } from "./rows.ts";
import { BLOCKED_WAIT_MS, conclude, flushAll, type Run } from "./run.ts";
import { openSampler, orderOf, recordedColumns, type Taken } from "./sampler.ts";
import type { Window } from "./screen.ts";
import type { Terminal } from "./terminal.ts";
import type { Tool } from "./tool.ts";
import { newView } from "./view.ts";

/** What a report is made of. */
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
  /** What a lookup of the tool says of a number (src/lookup.ts). */
  name(by: string, n: number): string;
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
  using sampler = openSampler(run, kernel, (line) => terminal.warn(line));
  relinquish([run], kernel, (line) => terminal.warn(line));
  const { given } = sampler;
  const mode = tool.sample as SampleMode;
  const reports = (given.get("count") as number | undefined) ?? Infinity;
  const columns = run.format === "table" ? tool.columns : recordedColumns(tool, given);
  const recordFormat = run.format === "json" ? jsonFormat : csvFormat("\r\n");
  const sink = newSink(terminal, rowLimit(columns));
  const clock = newClock(kernel.clockOffset());
  const writer = newWriter(sink, clock, sampler.lookups, kernel, terminal);
  const bare = mode.bare?.(given) ?? false;
  const note = sampler.plan.note === undefined || bare ? "" : `${sampler.plan.note}\n`;

  const draw = async (taken: Taken) => {
    const above = (screen ? note : "") + partialHead(tool, taken, given);
    const window = screen && room(screen.window(), above);
    if (screen) await writer.text(CLEAR);
    await writer.text(above);
    const readText = (path: string) => kernel.readText(path);
    const report = reportOf(tool, taken, given, {
      readText,
      variable: sampler.variable,
      name: nameBy(sampler.lookups),
    });
    await writer.report({ ...report, ...window && { window } }, tool);
  };
  using screen = run.format === "table" && mode.live?.wanted(given) ? terminal.openScreen() : undefined;
  const view = screen && mode.live && newView(screen, mode.live.keys, given, draw);
  const stopping = () => terminal.stopping() || (view?.quitting() ?? false);

  if (run.format === "table") await writer.text(mode.intro(given) + note);
  if (run.format === "csv") await writer.text(columns.map((c) => c.key).join(",") + "\r\n");
  const look = (sampler.look ?? view) && (async () => {
    sampler.look?.();
    await view?.look();
  });
  for (let n = 1; n <= reports && !stopping() && !sink.closed; n++) {
    await pauseUntil(sampler.due_ns(), kernel, terminal, stopping, look);
    const stopped = stopping();
    const taken = sampler.take(stopped);
    clock.adjust(kernel.clockOffset());
    const order = orderOf(tool, taken.rows, given);
    if (view) await view.show(taken, stopped);
    else if (run.format === "table") await draw(taken);
    else await writer.rows(columns, order, taken.rows, recordFormat);
  }
  sampler.detach();
  flushAll(sink, terminal);
  if (!sink.closed) conclude(run, sink, { ...sampler.losses(), unwritten: sink.waiting }, terminal);
}

/** What stands above a report on an interval that ended before its time. */
export function partialHead(tool: Tool, { interval, spent_s }: Taken, given: ReadonlyMap<string, unknown>): string {
  const said = interval.partial && !tool.sample?.bare?.(given);
  return said ? `partial interval of ${spent_s.toFixed(3)} s:\n` : "";
}

/** What a tool's table is made of. */
export function reportOf(
  tool: Tool,
  { rows, spent_s, end, interval }: Taken,
  given: ReadonlyMap<string, unknown>,
  around: Pick<Report, "readText" | "variable" | "name">,
): Report {
  return { rows, order: orderOf(tool, rows, given), spent_s, end, given, partial: interval.partial, ...around };
}

/** What lookups say of numbers. */
export function nameBy({ names }: Pick<Lookups, "names">): Report["name"] {
  return (by, n) => names[by]?.(n) ?? "";
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

/**
 * Writes reports. While nobody takes them it waits, and the kernel counts on; once an end is wanted it waits no longer than
 * flushAll() does, and what is not written is the sink's to count.
 */
export function newWriter(
  sink: Sink,
  clock: Clock,
  lookups: Lookups,
  kernel: Pick<Kernel, "turn">,
  terminal: Pick<Terminal, "stopping" | "waitWritable">,
) {
  const rowOver = newRowCompiler(sink.out, clock, lookups);
  let taken = true; // until nobody takes anything any more
  const flush = async () => {
    while (taken && !sink.flush()) {
      const ready = terminal.waitWritable(BLOCKED_WAIT_MS);
      await kernel.turn();
      taken = ready || !terminal.stopping();
    }
  };
  const writer = {
    async text(text: string): Promise<void> {
      for (let at = 0; at < text.length; at += TEXT_AT_ONCE) {
        sink.text(text.slice(at, at + TEXT_AT_ONCE));
        await flush();
      }
    },
    async rows(columns: readonly Column[], order: readonly number[], rows: Rows, format: Format): Promise<void> {
      if (order.length === 0) return;
      const row = rowOver(columns, rows.fields, format, rows);
      for (const i of order) {
        if (!sink.row((p) => row(i * rows.size, p))) await flush();
      }
      await flush();
    },
    /** A report for people. */
    async report(report: Report, { sample }: Tool): Promise<void> {
      for (const part of sample?.table(report) ?? []) {
        if (typeof part === "string") await writer.text(part);
        else {
          await writer.text(tableHeading(part.columns));
          await writer.rows(part.columns, part.rows, report.rows, tableFormat);
        }
      }
    },
  };
  return writer;
}

const LOOK_PERIOD_MS = 250;
const CLEAR = "\x1b[H\x1b[2J"; // the cursor to the first place, then all that is there away
const TEXT_AT_ONCE = 16384; // characters, which are at most 48 KiB and so fit into an empty sink
