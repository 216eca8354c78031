import { recordColumns, tableColumns } from "./column.ts";
import type { Kernel } from "./kernel.ts";
import { type Losses, lossLine, total } from "./loss.ts";
import { csvFormat, jsonFormat, tableFormat, tableHeading } from "./output/row.ts";
import type { Sink } from "./output/sink.ts";
import type { Request } from "./session.ts";
import { relinquish } from "./privilege.ts";
import { recordShown, tableShown } from "./show.ts";
import { openStream, type Shown } from "./stream.ts";
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
  using stream = await openStream(run, kernel, terminal, shownBy(run));
  relinquish([run], kernel, (line) => terminal.warn(line));
  const { sink, ring } = stream;
  let flushed = sink.flush();
  const pace = newPace(kernel);
  while (!sink.closed && !terminal.stopping()) {
    const ready = flushed ? kernel.wait([ring], IDLE_WAIT_MS) : terminal.waitWritable(BLOCKED_WAIT_MS);
    stream.look();
    if (ready && (flushed || sink.flush())) stream.take();
    flushed = sink.flush();
    if (pace.next(ready)) await kernel.turn();
    stream.tend();
  }

  stream.detach();
  stream.look();
  while (flushAll(sink, terminal) && stream.take() > 0);
  if (sink.closed) return; // whoever closed it, as `head -1` does, has what it wanted
  conclude(run, sink, stream.losses(), terminal);
}

/** Writes all that the sink holds; false if the reader took nothing for a while, and some of it is there still. */
export function flushAll(sink: Sink, terminal: Terminal): boolean {
  while (!sink.flush()) {
    if (!terminal.waitWritable(LAST_WAIT_MS)) return false;
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

/** What a run shows of events. */
export function shownBy({ tool, format, given }: Pick<Run, "tool" | "format" | "given">): Shown {
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

/** The last record of JSON output: how many events were printed and how many lost, by cause. */
function summary(tool: string, printed: number, losses: Losses): string {
  const time = new Date().toISOString();
  return JSON.stringify({ time, tool, summary: { printed, lost: total(losses), lost_by: losses } }) + "\n";
}

/**
 * How long to wait and when to hold back. A reader that catches up after every record makes the kernel send a wake-up
 * for each, which costs the traced process 16 us; so once events come thick, it sleeps a little after each batch.
 */
export function newPace(kernel: Kernel): { next(ready: boolean): boolean } {
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
/** At the end, when what nobody takes is lost: readers on a machine that is short of CPU have taken half a second. */
const LAST_WAIT_MS = 2000;
const WINDOW_MS = 10, BUSY_WAKE_UPS = 4, COALESCE_MS = 5, TURN_PERIOD_MS = 50;
