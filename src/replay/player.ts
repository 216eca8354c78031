import type { Kernel } from "../kernel.ts";
import { newClock } from "../output/clock.ts";
import { compileRow, csvFormat, jsonFormat, rowLimit } from "../output/row.ts";
import { newSink, type Sink } from "../output/sink.ts";
import { recordingColumns } from "../record/recorder.ts";
import { newConnections } from "../record/connection.ts";
import type { RecordedEvent, RecordedLine, Unread } from "../record/reader.ts";
import type { Header } from "../record/segment.ts";
import { parseTime, type Time } from "../record/time.ts";
import { toNumber, toText } from "../record/value.ts";
import { rowLayout, viewRows } from "../rows.ts";
import { BLOCKED_WAIT_MS, type Run, shownBy } from "../run.ts";
import { nameBy, newWriter, partialHead, reportOf } from "../sample.ts";
import { orderOf, recordedColumns } from "../sampler.ts";
import type { Terminal } from "../terminal.ts";
import { newEncoder } from "./encode.ts";
import { compileKeep } from "./filter.ts";
import { compileScan, type Scanner } from "./scan.ts";

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

type Around = { kernel: Pick<Kernel, "turn">; terminal: Terminal };

/** A player of a tool that sends events. Throws BadInput. */
export function newEventPlayer(run: Run, { kernel, terminal }: Around): Player {
  const { tool } = run;
  const { event } = tool.layout;
  if (!event) throw new Error(`${tool.name} sends no records`);
  const { columns, format, head } = shownBy(run);
  const sink = newSink(terminal, rowLimit(columns));
  const bytes = new Uint8Array(event.size);
  const views = { u8: bytes, u16: new Uint16Array(bytes.buffer), u32: new Uint32Array(bytes.buffer) };
  const encoder = newEncoder(recordingColumns(run, false), event.fields, event.size, bytes);
  const hasConnection = newConnections().of(tool) !== undefined;
  const scanner = compileScan(recordingColumns(run, hasConnection), event.fields, bytes);
  const keep = compileKeep(run, event.fields);
  const time = { ...NO_TIME };
  let adjusted: Offset = NO_TIME;
  const clock = newClock(NO_TIME);
  const row = compileRow(columns, event.fields, format, views, sink.out, clock, encoder.lookups);
  const write = (p: number) => row(0, p);
  const view = new DataView(bytes.buffer);
  const adjust = (offset: Offset) => {
    if (adjusted !== offset) clock.adjust(offset);
    adjusted = offset;
  };
  const setTime = (seconds: number, nanoseconds: number) => {
    time.seconds = seconds - adjusted.seconds;
    time.nanoseconds = nanoseconds - adjusted.nanoseconds;
    if (time.nanoseconds < 0) {
      time.seconds--;
      time.nanoseconds += 1e9;
    }
  };
  /** False if the row waits for room. */
  const show = () => !keep(view, 0) || sink.row(write);
  /** Shows events as long as they are quickly read and there is room; undefined if not even the first one is. */
  const showUnread = (unread: Unread, { scan, time: found, reach }: Scanner): boolean | undefined => {
    const { bytes, start, step_ms, since_ms, before_ms } = unread;
    const lines = new DataView(bytes.buffer, bytes.byteOffset);
    const end = Math.min(bytes.length, lines.byteLength - reach);
    let p = start, last_ms = NaN, events = 0, hasRoom = true;
    while (p < end && hasRoom && events < MOST_AT_ONCE) {
      const behind = scan(lines, p), seconds = found[0] as number, nanoseconds = found[1] as number;
      const at_ms = seconds * 1000 + nanoseconds / 1e6 - step_ms;
      if (behind < 0 || (events > 0 && !(at_ms >= since_ms && at_ms < before_ms))) break;
      setTime(seconds, nanoseconds);
      encoder.complete(time, 0);
      hasRoom = show();
      last_ms = at_ms;
      p = behind;
      events++;
    }
    if (events === 0) return undefined;
    unread.took(events, p, last_ms);
    return hasRoom;
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
      let hasRoom = scanner && line.unread && showUnread(line.unread, scanner);
      if (hasRoom === undefined) {
        setTime(line.time.seconds, line.time.nanoseconds);
        encoder.encode(line.line, time, 0);
        hasRoom = show();
      }
      return hasRoom ? undefined : flush(sink, kernel, terminal);
    },
    flush: () => flush(sink, kernel, terminal),
    end: () => flush(sink, kernel, terminal),
  };
}

/** A player of a tool that samples. Throws BadInput. */
export function newSamplePlayer(run: Run, { kernel, terminal }: Around): Player {
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
  const writer = newWriter(sink, clock, encoder.lookups, kernel, terminal);
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
      if (current?.line["interval"] === undefined || !isWithin(current.line, line)) {
        await show();
        const { start, end, partial } = line;
        current = { line: { time: line.time, tool: line.tool, interval: { start, end, partial } }, rows: [] };
      }
      encoder.encode(line, NO_TIME, 0);
      view.setBigUint64(fields["start_ns"]?.offset ?? NaN, nanosecondsOf(toText(line["start"])), true);
      view.setBigUint64(fields["end_ns"]?.offset ?? NaN, nanosecondsOf(toText(line["end"])), true);
      if (keep(view, 0)) current.rows.push(one.slice());
    },
    flush: () => flush(sink, kernel, terminal),
    end: show,
  };
}

/** A signal waits for so many events at most. */
const MOST_AT_ONCE = 4096;

/** True if the row is of the interval. */
function isWithin({ interval }: RecordedEvent, { end }: RecordedEvent): boolean {
  return (interval as { end?: unknown }).end === end;
}

/** Writes what the sink holds; waits for a reader that is slow. */
async function flush(sink: Sink, kernel: Pick<Kernel, "turn">, terminal: Terminal): Promise<void> {
  while (!sink.flush() && !terminal.stopping()) {
    terminal.waitWritable(BLOCKED_WAIT_MS);
    await kernel.turn();
  }
}

/** Nanoseconds since 1970 of a time in a record; 0 if it is none. */
function nanosecondsOf(text: string): bigint {
  const time = { seconds: 0, nanoseconds: 0 };
  return parseTime(text, time) ? BigInt(time.seconds) * 1_000_000_000n + BigInt(time.nanoseconds) : 0n;
}

const NO_TIME: Time = { seconds: 0, nanoseconds: 0 };
