import { newClock } from "../output/clock.ts";
import { compileRow, csvFormat, jsonFormat, rowLimit } from "../output/row.ts";
import { newSink, type Sink } from "../output/sink.ts";
import { recordingColumns } from "../record/recorder.ts";
import { newConnections } from "../record/connection.ts";
import type { RecordedEvent } from "../record/line.ts";
import type { RecordedLine } from "../record/reader.ts";
import type { Header } from "../record/segment.ts";
import { parseTime, type Time } from "../record/time.ts";
import { toNumber, toText } from "../record/value.ts";
import { rowLayout, viewRows } from "../rows.ts";
import { BLOCKED_WAIT_MS, type Run, shownBy } from "../run.ts";
import { nameBy, newWriter, partialHead, reportOf } from "../sample.ts";
import { orderOf, recordedColumns } from "../sampler.ts";
import type { Terminal } from "../terminal.ts";
import { BATCH_EVENTS, showUnread } from "./batch.ts";
import { newEncoder } from "./encode.ts";
import { newEventTimes } from "./event_time.ts";
import { compileKeep } from "./filter.ts";
import { compileScan } from "./scan.ts";
import type { Turns } from "./turns.ts";

/** Realtime minus monotonic clock of the host that recorded. */
export type Offset = Readonly<Time>;

/** Shows one tool's records as the tool would have. */
export interface Player {
  readonly sink: Sink;
  /** Shows what stands before the first row, of a recording that begins with this header. */
  begin(header: Header | undefined): Promise<void>;
  /** Takes the line before an interval's rows. */
  interval(line: RecordedEvent): Promise<void>;
  /** Shows an event, or keeps a row for its interval's end. */
  event(line: RecordedLine, offset: Offset): Promise<void> | void;
  /** Writes all rows that are whole. */
  flush(): Promise<void>;
  /** Shows what is kept. */
  end(): Promise<void>;
}

type Around = { turns: Turns; terminal: Terminal };

/** A player of a tool that sends events. Throws BadInput. */
export function newEventPlayer(run: Run, { turns, terminal }: Around): Player {
  const { tool } = run;
  const { event } = tool.layout;
  if (!event) throw new Error(`${tool.name} sends no records`);
  const { columns, format, head } = shownBy(run);
  const sink = newSink(terminal, rowLimit(columns));
  const { size, fields } = event;
  const bytes = new Uint8Array(BATCH_EVENTS * size), view = new DataView(bytes.buffer);
  const views = { u8: bytes, u16: new Uint16Array(bytes.buffer), u32: new Uint32Array(bytes.buffer) };
  const encoder = newEncoder(recordingColumns(run, false), fields, size, bytes);
  const hasConnection = newConnections().of(tool) !== undefined;
  const scanner = compileScan(recordingColumns(run, hasConnection), fields, size, bytes);
  const times = newEventTimes(bytes, fields["time_ns"]?.offset ?? NaN);
  const keep = compileKeep(run, fields);
  let adjusted: Offset | undefined;
  const clock = newClock(NO_TIME);
  const row = compileRow(columns, fields, format, views, sink.out, clock, encoder.lookups);
  let shown = 0;
  const write = (p: number) => row(shown, p);
  /** Shows the event at byte `q`; false if there is no room for another. */
  const show = (q: number) => {
    shown = q;
    return !keep(view, q) || sink.row(write);
  };
  const adjust = (offset: Offset) => {
    if (adjusted === offset) return;
    adjusted = offset;
    clock.adjust(offset);
    times.adjust(offset);
  };
  return {
    sink,
    begin() {
      sink.text(head);
      return Promise.resolve();
    },
    interval: () => Promise.resolve(),
    event(line, offset) {
      adjust(offset);
      encoder.forget();
      let hasRoom = scanner && line.unread && showUnread(line.unread, scanner, times, size, show);
      if (hasRoom === undefined) {
        const record = line.line;
        if (record.tool === "") return undefined; // it is none, which is told at the end
        encoder.encode(record, 0);
        times.set(line.time.seconds, line.time.nanoseconds, 0);
        hasRoom = show(0);
      }
      return hasRoom ? undefined : flush(sink, { turns, terminal }, () => !sink.full);
    },
    flush: () => flush(sink, { turns, terminal }),
    end: () => flush(sink, { turns, terminal }),
  };
}

/** A player of a tool that samples. Throws BadInput. */
export function newSamplePlayer(run: Run, { turns, terminal }: Around): Player {
  const { tool, given } = run;
  const { sample: mode, layout: { sample: layout } } = tool;
  if (!mode || !layout) throw new Error(`${tool.name} does not sample`);
  const { size, fields } = rowLayout(layout);
  const columns = recordedColumns(tool, given);
  const sink = newSink(terminal, rowLimit(run.format === "table" ? tool.columns : columns));
  const one = new Uint8Array(size), view = new DataView(one.buffer);
  const encoder = newEncoder(columns, fields, size, one);
  const keep = compileKeep(run, fields);
  const clock = newClock(NO_TIME);
  const writer = newWriter(sink, clock, encoder.lookups, turns, terminal);
  let current: { line: RecordedEvent; rows: Uint8Array[] } | undefined;

  const show = async () => {
    if (current === undefined) return;
    const { line, rows: kept } = current;
    current = undefined;
    const u8 = new Uint8Array(kept.length * size);
    for (const [i, row] of kept.entries()) u8.set(row, i * size);
    const rows = viewRows(u8, layout);
    const { start, end, partial, texts, variables } = line["interval"] as Record<string, unknown>;
    const interval = {
      start_ns: nanosecondsOf(toText(start)),
      end_ns: nanosecondsOf(toText(end)),
      partial: partial === true,
    };
    const spent_s = Number(interval.end_ns - interval.start_ns) / 1e9;
    const taken = { rows, interval, spent_s, end: new Date(line.time) };
    if (run.format !== "table") {
      const format = run.format === "json" ? jsonFormat : csvFormat("\r\n");
      return await writer.rows(columns, orderOf(tool, rows, given), rows, format);
    }
    await writer.text(partialHead(tool, taken, given));
    const told = (of: unknown, name: string): unknown => Object.entries(of ?? {}).find(([key]) => key === name)?.[1];
    const report = reportOf(tool, taken, given, {
      readText(path) {
        const text = told(texts, path);
        return typeof text === "string" ? text : undefined;
      },
      variable: (name) => toNumber(told(variables, name)) || 0,
      name: nameBy(encoder.lookups),
    });
    await writer.report(report, tool);
  };
  return {
    sink,
    async begin(header) {
      if (run.format === "csv") await writer.text(columns.map((c) => c.key).join(",") + "\r\n");
      if (run.format !== "table") return;
      const note = tool.plans.find(({ name }) => name === header?.plan)?.note;
      await writer.text(mode.intro(given) + (note === undefined || mode.bare?.(given) ? "" : `${note}\n`));
    },
    async interval(line) {
      await show();
      current = { line, rows: [] };
    },
    async event({ line }) {
      if (line.tool === "") return; // it is none, which is told at the end
      if (current?.line["interval"] === undefined || !isWithin(current.line, line)) {
        await show();
        const { start, end, partial } = line;
        current = { line: { time: line.time, tool: line.tool, interval: { start, end, partial } }, rows: [] };
      }
      encoder.encode(line, 0);
      view.setBigUint64(fields["start_ns"]?.offset ?? NaN, nanosecondsOf(toText(line["start"])), true);
      view.setBigUint64(fields["end_ns"]?.offset ?? NaN, nanosecondsOf(toText(line["end"])), true);
      if (keep(view, 0)) current.rows.push(one.slice());
    },
    flush: () => flush(sink, { turns, terminal }),
    end: show,
  };
}

/** True if the row is of the interval. */
function isWithin({ interval }: RecordedEvent, { end }: RecordedEvent): boolean {
  return (interval as { end?: unknown }).end === end;
}

/** Writes what the sink holds, or enough for there to be room; waits for a reader that is slow. */
async function flush(sink: Sink, { turns, terminal }: Around, enough: () => boolean = () => false): Promise<void> {
  while (!sink.flush() && !enough() && !terminal.stopping()) {
    const isReady = terminal.waitWritable(BLOCKED_WAIT_MS);
    if (!isReady || turns.due()) await turns.turn();
  }
}

/** Nanoseconds since 1970 of a time in a record; 0 if it is none. */
function nanosecondsOf(text: string): bigint {
  const time = { seconds: 0, nanoseconds: 0 };
  return parseTime(text, time) ? BigInt(time.seconds) * 1_000_000_000n + BigInt(time.nanoseconds) : 0n;
}

const NO_TIME: Time = { seconds: 0, nanoseconds: 0 };
