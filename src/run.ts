import { newCgroups } from "./cgroup.ts";
import { type Column, recordColumns, tableColumns } from "./column.ts";
import type { Kernel } from "./kernel.ts";
import { NO_LOOKUPS } from "./lookup.ts";
import { type Losses, lossLine, total } from "./loss.ts";
import { newClock } from "./output/clock.ts";
import { compileRow, csvFormat, type Format, jsonFormat, rowLimit, tableFormat, tableHeading } from "./output/row.ts";
import { newSink, type Sink } from "./output/sink.ts";
import { openSession, type Request } from "./session.ts";
import { recordShown, tableShown } from "./show.ts";
import type { Terminal } from "./terminal.ts";
import type { Tool } from "./tool.ts";

export type OutputFormat = "table" | "json" | "csv";

/** What a command line asks of a tool. */
export interface Run extends Request {
  tool: Tool;
  format: OutputFormat;
  /** Options and arguments by place that were given, by their long names. */
  given: ReadonlyMap<string, unknown>;
}

/**
 * Runs a stream tool until the terminal wants an end: a row for each event, then what was lost. Rows are written before
 * the next wait, so a lone event shows at once and a flood costs a write a batch. While nobody takes the output, events
 * stay in the ring, where the kernel counts those that find no room.
 * Throws BadInput and CannotRun.
 */
export async function runStream(run: Run, kernel: Kernel, terminal: Terminal): Promise<void> {
  const { tool } = run;
  const { layout: { event } } = tool;
  if (!event) throw new Error(`${tool.name} sends no records`);
  const names = run.given.has("dns") ? (await import("./dns.ts")).openNames(kernel) : undefined;
  const learned = tool.learn?.(kernel, (line) => terminal.warn(line), run.given);
  using session = openSession(tool, { ...run, constants: { ...learned?.constants, ...run.constants } }, kernel);
  const ring = session.ring();
  const { columns, format, head } = layoutOf(run);
  const sink = newSink(terminal, rowLimit(columns));
  const clock = newClock(kernel.clockOffset());
  const cgroups = newCgroups(session);
  const row = compileRow(columns, event.fields, format, ring, sink.out, clock, {
    ...NO_LOOKUPS,
    ...learned?.lookups,
    cgroups,
    ...names && { query: names },
  });
  let at = 0;
  const write = (p: number) => row(at, p);
  const show = (offset: number) => {
    at = offset;
    return sink.row(write);
  };
  const journal = tool.journal && run.given.has("journal")
    ? (await import("./journal.ts")).openLog(tool.journal, event.fields, ring, clock, kernel)
    : undefined;
  const record = !journal ? show : (offset: number) => {
    journal.log(offset);
    return show(offset);
  };

  sink.text(head);
  let flushed = sink.flush();
  const pace = newPace(kernel);
  let adjusted_ms = kernel.now_ms(), swept_ms = adjusted_ms;
  while (!sink.closed && !terminal.stopping()) {
    const ready = flushed ? kernel.wait(ring, IDLE_WAIT_MS) : terminal.waitWritable(BLOCKED_WAIT_MS);
    names?.read(); // what came before an event is known when it is shown
    if (ready && (flushed || sink.flush())) ring.drain(record);
    flushed = sink.flush();
    if (pace.next(ready)) await kernel.turn();
    const now_ms = kernel.now_ms();
    if (now_ms - adjusted_ms > CLOCK_PERIOD_MS) {
      clock.adjust(kernel.clockOffset());
      adjusted_ms = now_ms;
    }
    if (now_ms - swept_ms > SWEEP_PERIOD_MS) {
      session.sweep();
      swept_ms = now_ms;
    }
  }

  session.detach();
  names?.read();
  while (flushAll(sink, terminal) && ring.drain(record) > 0);
  if (sink.closed) return; // whoever closed it, as `head -1` does, has what it wanted
  let unread = 0;
  ring.drain(() => ++unread > 0);
  const unlogged = journal && { unlogged: journal.unlogged };
  const unnamed = run.given.has("show") && { unnamed: cgroups.unnamed };
  const unanswered = names && { dns_dropped: names.dropped() };
  conclude(
    run,
    sink,
    { ...session.losses(), ...unlogged, ...unnamed, ...unanswered, unwritten: sink.waiting + unread },
    terminal,
  );
}

/** Writes all that the sink holds; false if the reader took nothing for a while, and some of it is there still. */
export function flushAll(sink: Sink, terminal: Terminal): boolean {
  while (!sink.flush()) {
    if (!terminal.waitWritable(BLOCKED_WAIT_MS)) return false;
  }
  return true;
}

/** Says what was lost, and in JSON what was printed, too; or that nobody took that. */
export function conclude({ tool, format }: Run, sink: Sink, losses: Losses, terminal: Terminal): void {
  const line = lossLine(losses);
  if (line !== undefined) terminal.warn(line);
  if (format !== "json") return;
  // Behind rows that have just been counted as lost it would take them along.
  const before = sink.waiting === 0;
  if (before) sink.text(summary(tool.name, sink.printed, losses));
  if (!before || !flushAll(sink, terminal)) terminal.warn("The summary is missing, because nobody read the output.");
}

/** The columns of the output, how a row is written, and what stands before the first. */
function layoutOf({ tool, format, given }: Run): { columns: readonly Column[]; format: Format; head: string } {
  if (format === "table") {
    const columns = tableShown(tableColumns(tool.columns, given), given.get("show"));
    return { columns, format: tableFormat, head: (tool.intro ?? "") + tableHeading(columns) };
  }
  if (format === "csv" && tool.csvColumns) {
    const columns = tableShown(tableColumns(tool.csvColumns, given), given.get("show"));
    return { columns, format: csvFormat("\n"), head: columns.map((c) => c.heading).join(",") + "\n" };
  }
  const columns = [...recordColumns(tool.name, tool.columns), ...recordShown(given.get("show"))];
  if (format === "json") return { columns, format: jsonFormat, head: "" };
  return { columns, format: csvFormat("\r\n"), head: columns.map((c) => c.key).join(",") + "\r\n" };
}

const CLOCK_PERIOD_MS = 1000, SWEEP_PERIOD_MS = 200;

/** The last record of JSON output: how many events were printed and how many lost, by cause. */
function summary(tool: string, printed: number, losses: Losses): string {
  const time = new Date().toISOString();
  return JSON.stringify({ time, tool, summary: { printed, lost: total(losses), lost_by: losses } }) + "\n";
}

/**
 * How long to wait and when to hold back. A reader that catches up after every record makes the kernel send a wake-up
 * for each, which costs the traced process 16 us; so once events come thick, it sleeps a little after each batch.
 */
function newPace(kernel: Kernel): { next(ready: boolean): boolean } {
  let windowStart_ms = 0, wakeUps = 0, turned_ms = kernel.now_ms();
  return {
    next(ready) {
      const now_ms = kernel.now_ms();
      if (ready) {
        if (now_ms - windowStart_ms > WINDOW_MS) {
          windowStart_ms = now_ms;
          wakeUps = 0;
        }
        if (++wakeUps > BUSY_WAKE_UPS) kernel.pause(COALESCE_MS);
      }
      // A wait that ended empty may have ended by a signal; a flood must not keep signals from being handled.
      if (ready && now_ms - turned_ms < TURN_PERIOD_MS) return false;
      turned_ms = now_ms;
      return true;
    },
  };
}

// A signal that lands just before a wait is seen at its end.
export const IDLE_WAIT_MS = 500, BLOCKED_WAIT_MS = 200;
const WINDOW_MS = 10, BUSY_WAKE_UPS = 4, COALESCE_MS = 5, TURN_PERIOD_MS = 50;
