import type { Kernel } from "../kernel.ts";
import { newClock } from "../output/clock.ts";
import { compileRow, csvFormat, jsonFormat, rowLimit } from "../output/row.ts";
import { newSink, type Sink } from "../output/sink.ts";
import { recordingColumns } from "../record/recorder.ts";
import type { RecordedEvent } from "../record/reader.ts";
import type { Header } from "../record/segment.ts";
import { rowLayout, viewRows } from "../rows.ts";
import { BLOCKED_WAIT_MS, type Run, shownBy } from "../run.ts";
import { nameBy, newWriter, partialHead, reportOf } from "../sample.ts";
import { orderOf, recordedColumns } from "../sampler.ts";
import type { Terminal } from "../terminal.ts";
import { newEncoder } from "./encode.ts";
import { compileKeep } from "./filter.ts";

/** Realtime minus monotonic clock of the host that recorded, in nanoseconds. */
export type Offset = bigint;

/** Shows one tool's records as the tool would have. */
export interface Player {
  readonly sink: Sink;
  /** Shows what stands before the first row, of a recording that begins with this header. */
  begin(header: Header | undefined): Promise<void>;
  /** Takes the line before an interval's rows. */
  interval(line: RecordedEvent): Promise<void>;
  /** Shows an event, or keeps a row for its interval's end. */
  event(line: RecordedEvent, offset: Offset): Promise<void>;
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
  const keep = compileKeep(run, event.fields);
  let adjusted: Offset = 0n;
  const clock = newClock(toOffset(0n));
  const row = compileRow(columns, event.fields, format, views, sink.out, clock, encoder.lookups);
  const view = new DataView(bytes.buffer);
  return {
    sink,
    begin() {
      sink.text(head);
      return Promise.resolve();
    },
    interval: () => Promise.resolve(),
    async event(line, offset) {
      const real_ns = parseTime(line.time);
      if (adjusted !== offset) {
        adjusted = offset;
        clock.adjust(toOffset(offset));
      }
      encoder.encode(line, real_ns - offset, 0);
      if (!keep(view, 0)) return;
      if (!sink.row((p) => row(0, p))) await flush(sink, kernel, terminal);
    },
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
  const clock = newClock(toOffset(0n));
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
      start_ns: parseTime(String(start)),
      end_ns: parseTime(String(end)),
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
      variable: (name) => Number(told(variables, name) ?? 0),
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
    async event(line) {
      if (current?.line["interval"] === undefined || !isWithin(current.line, line)) {
        await show();
        const { start, end, partial } = line;
        current = { line: { time: line.time, tool: line.tool, interval: { start, end, partial } }, rows: [] };
      }
      encoder.encode(line, 0n, 0);
      view.setBigUint64(fields["start_ns"]?.offset ?? NaN, parseTime(String(line["start"])), true);
      view.setBigUint64(fields["end_ns"]?.offset ?? NaN, parseTime(String(line["end"])), true);
      if (keep(view, 0)) current.rows.push(one.slice());
    },
    end: show,
  };
}

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

function toOffset(offset_ns: bigint): { seconds: number; nanoseconds: number } {
  return { seconds: Number(offset_ns / 1_000_000_000n), nanoseconds: Number(offset_ns % 1_000_000_000n) };
}

let second = "", second_ns = 0n;

/** Nanoseconds since 1970 of a time as RFC 3339 has it; 0 if it is none. */
function parseTime(text: string): bigint {
  const whole = text.slice(0, 19);
  if (whole !== second) {
    const ms = Date.parse(`${whole}Z`);
    second = whole;
    second_ns = Number.isNaN(ms) ? 0n : BigInt(ms) * 1_000_000n;
  }
  const [, fraction = ""] = /^\.(\d{1,9})/.exec(text.slice(19)) ?? [];
  return second_ns + BigInt(fraction.padEnd(9, "0"));
}
