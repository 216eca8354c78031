import { type Column, recordColumns } from "../column.ts";
import type { Kernel, Ring } from "../kernel.ts";
import { type Losses, lossLine } from "../loss.ts";
import { type ClockOffset, newClock } from "../output/clock.ts";
import { jsonFormat, newRowCompiler, rowLimit } from "../output/row.ts";
import { newSink } from "../output/sink.ts";
import { IDLE_WAIT_MS, newPace, type Run } from "../run.ts";
import { nameBy, reportOf } from "../sample.ts";
import { openSampler, orderOf, recordedColumns, type Sampler, type Taken } from "../sampler.ts";
import { recordShown } from "../show.ts";
import { openStream } from "../stream.ts";
import { connectionColumn, type Connections } from "./connection.ts";
import type { Tape } from "./tape.ts";

/** A tool at work whose events go onto a tape. */
export interface Track extends Disposable {
  readonly tool: string;
  readonly plan: string;
  readonly tape: Tape;
  /** What wakes it up, if events do. */
  readonly ring?: Ring;
  /** When it is to be looked at again, by the monotonic clock; Infinity if not by itself. */
  due_ns(): number;
  /** Puts what came onto the tape, as far as that takes it; returns how many events. */
  take(): number;
  /** Does what is due now and then. */
  tend(): void;
  /** Ends tracing; what is left is to be taken. */
  end(): void;
  /** True if it has nothing more to record. */
  readonly over: boolean;
  /** Events up to now. */
  readonly events: number;
  losses(): Losses;
}

/** Begins the recording of a tool whose plan is known, and what its events' times are made with. */
export type OpenTape = (plan: string, offset: () => ClockOffset) => Tape;

/** The columns of a recording of a tool's events. */
export function recordingColumns({ tool, given }: Pick<Run, "tool" | "given">, withConnection: boolean): Column[] {
  const columns = [...recordColumns(tool.name, tool.columns), ...recordShown(given.get("show"))];
  return withConnection ? [...columns, connectionColumn] : columns;
}

/** Opens a tool that sends events. Throws BadInput and CannotRun. */
export async function openEventTrack(
  run: Run,
  kernel: Kernel,
  warn: (line: string) => void,
  connections: Connections,
  openTape: OpenTape,
): Promise<Track> {
  const connection = connections.of(run.tool);
  let tape: Tape | undefined;
  const outlet = {
    write: (bytes: Uint8Array) => tape?.write(bytes) ?? 0,
    waitWritable: () => true,
    warn,
  };
  const columns = recordingColumns(run, connection !== undefined);
  const stream = await openStream(run, kernel, outlet, { columns, format: jsonFormat, head: "" }, {
    ...connection && { connection },
  });
  let known = kernel.clockOffset();
  const opened = tape = openTape(stream.plan.name, () => known);
  const adjusted = (offset: ClockOffset) => {
    stream.sink.flush();
    if (offset === known) return;
    known = offset;
    opened.note({ clock: { offset_ns: nanoseconds(offset) } });
  };
  return {
    tool: run.tool.name,
    plan: stream.plan.name,
    tape,
    ring: stream.ring,
    due_ns: () => Infinity,
    take() {
      stream.look();
      const count = stream.sink.flush() ? stream.take() : 0;
      stream.sink.flush();
      return count;
    },
    tend: () => stream.tend(adjusted),
    end: () => stream.detach(),
    over: false,
    get events() {
      return stream.sink.printed;
    },
    losses: () => stream.losses(),
    [Symbol.dispose]: () => stream[Symbol.dispose](),
  };
}

/** A rest of an interval that is shorter and saw nothing is none. */
const LEAST_PARTIAL_S = 0.001;

/** Opens a tool that samples. Throws BadInput and CannotRun. */
export function openSampleTrack(
  run: Run,
  kernel: Kernel,
  warn: (line: string) => void,
  openTape: OpenTape,
): Track {
  const { tool } = run;
  const sampler = openSampler(run, kernel, warn);
  const { given } = sampler;
  const reports = (given.get("count") as number | undefined) ?? Infinity;
  const columns = recordedColumns(tool, given);
  const tape = openTape(sampler.plan.name, () => kernel.clockOffset());
  const append = (bytes: Uint8Array) => {
    tape.append(bytes);
    return bytes.length;
  };
  const sink = newSink({ write: append, waitWritable: () => true }, rowLimit(columns));
  const clock = newClock(kernel.clockOffset());
  const rowOver = newRowCompiler(sink.out, clock, sampler.lookups);
  let taken = 0;

  const put = (interval: Taken) => {
    const offset = kernel.clockOffset();
    clock.adjust(offset);
    tape.note({ interval: intervalLine(run, interval, sampler, kernel, offset) });
    const { rows } = interval;
    const row = rowOver(columns, rows.fields, jsonFormat, rows);
    for (const i of orderOf(tool, rows, given)) if (!sink.row((p) => row(i * rows.size, p))) sink.flush();
    sink.flush();
  };
  const record = (stopped: boolean) => {
    const interval = sampler.take(stopped);
    taken++;
    if (!stopped || interval.rows.count > 0 || interval.spent_s >= LEAST_PARTIAL_S) put(interval);
  };
  return {
    tool: tool.name,
    plan: sampler.plan.name,
    tape,
    due_ns: () => taken < reports ? sampler.due_ns() : Infinity,
    take() {
      if (taken < reports && Number(kernel.monotonic_ns()) >= sampler.due_ns()) record(false);
      return 0;
    },
    tend: () => sampler.look?.(),
    end() {
      if (taken < reports) record(true);
      sampler.detach();
    },
    get over() {
      return taken >= reports;
    },
    get events() {
      return sink.printed;
    },
    losses: () => ({ ...sampler.losses(), unwritten: sink.waiting }),
    [Symbol.dispose]: () => sampler[Symbol.dispose](),
  };
}

/** What stands before an interval's rows: all that the tool's report for people needs besides them. */
function intervalLine(
  { tool, given }: Run,
  taken: Taken,
  { variable, lookups }: Pick<Sampler, "variable" | "lookups">,
  kernel: Kernel,
  offset: ClockOffset,
): Record<string, unknown> {
  const texts: Record<string, string> = {}, variables: Record<string, number> = {};
  tool.sample?.table(reportOf(tool, taken, given, {
    readText(path) {
      const text = kernel.readText(path);
      if (text !== undefined) texts[path] = text;
      return text;
    },
    variable: (name) => variables[name] = variable(name),
    name: nameBy(lookups),
  }));
  const { start_ns, end_ns, partial } = taken.interval;
  return { start: timeText(start_ns, offset), end: timeText(end_ns, offset), partial, texts, variables };
}

/** Nanoseconds of the monotonic clock as RFC 3339 in UTC. */
function timeText(time_ns: bigint, offset: ClockOffset): string {
  const real_ns = time_ns + BigInt(nanoseconds(offset));
  const second = new Date(Number(real_ns / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${second}.${String(real_ns % 1_000_000_000n).padStart(9, "0")}Z`;
}

/** An offset in decimal. */
export function nanoseconds({ seconds, nanoseconds }: ClockOffset): string {
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds));
}

/** What ends a recording, or begins new files. */
export interface Conductor {
  stopping(): boolean;
  /** True once for each time that new files are to begin. */
  rotating(): boolean;
}

/**
 * Records until an end is wanted, or all tracks are over. What came is on its way to the disk within a second. Throws
 * CannotRun and NoRoom; the caller then closes or lets go of the tapes.
 */
export async function recordTracks(tracks: readonly Track[], kernel: Kernel, conductor: Conductor): Promise<void> {
  const rings = tracks.flatMap(({ ring }) => ring ?? []);
  const pace = newPace(kernel);
  let flushed_ms = kernel.now_ms();
  while (!conductor.stopping() && !tracks.every(({ over }) => over)) {
    const due_ms = (Math.min(...tracks.map((track) => track.due_ns())) - Number(kernel.monotonic_ns())) / 1e6;
    const left_ms = Math.ceil(
      Math.max(0, Math.min(due_ms, flushed_ms + FLUSH_PERIOD_MS - kernel.now_ms(), IDLE_WAIT_MS)),
    );
    const ready = kernel.wait(rings, left_ms);
    for (const track of tracks) track.take();
    if (pace.next(ready)) await kernel.turn();
    for (const track of tracks) track.tend();
    const isLate = kernel.now_ms() - flushed_ms >= FLUSH_PERIOD_MS;
    const rotating = conductor.rotating();
    for (const track of tracks) {
      if (rotating || track.tape.isFull()) await track.tape.rotate(track.events, track.losses());
      else if (isLate || track.tape.isDue()) track.tape.flush(track.losses());
    }
    if (isLate) flushed_ms = kernel.now_ms();
  }
  for (const track of tracks) track.end();
  for (const track of tracks) {
    while (track.take() > 0) track.tape.flush();
    await track.tape.close(track.events, track.losses());
  }
}

const FLUSH_PERIOD_MS = 1000;

/** A line for each track that says what was lost. */
export function lossLines(tracks: readonly Track[]): string[] {
  return tracks.flatMap((track) => {
    const line = lossLine(track.losses());
    return line === undefined ? [] : `${track.tool}: ${line}`;
  });
}
