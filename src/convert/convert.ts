import { BadInput } from "../failure.ts";
import { lossLine, sumLosses } from "../loss.ts";
import { harmless } from "../output/text.ts";
import type { RecordedEvent } from "../record/line.ts";
import { openRecording, type SegmentState } from "../record/reader.ts";
import type { Tool } from "../tool.ts";
import { FORMAT_NAMES } from "./declaration.ts";
import { type Destination, destination, type Wanted } from "./destination.ts";
import { newFiles } from "./files.ts";
import type { FileFormat, Writer } from "./format.ts";
import { type Table, type Tables, tablesOf } from "./table.ts";
import { nanoseconds } from "./time.ts";

/** The formats, each loaded only when it is asked for. */
const FORMATS: Readonly<Record<typeof FORMAT_NAMES[number], () => Promise<FileFormat>>> = {
  parquet: async () => (await import("./parquet.ts")).parquet,
  csv: async () => (await import("./csv.ts")).csv,
  jsonl: async () => (await import("./jsonl.ts")).jsonl,
  "otlp-jsonl": async () => (await import("./otlp.ts")).otlp,
  ecs: async () => (await import("./ecs.ts")).ecs,
};

/** What the command line asks for. */
export interface Request extends Wanted {
  readonly to?: string;
  readonly paths: readonly string[];
}

/** What conversion takes of the process. */
export interface Surroundings {
  tools: Readonly<Record<string, () => Promise<{ default: Tool }>>>;
  version: string;
  /** Writes a line to standard error. */
  warn(line: string): void;
  /** True once an end is wanted; awaited now and then, so that signals are served. */
  stopping(): Promise<boolean>;
}

const INTERRUPTED = 130;
const TURN_LINES = 16384;
/** How many records may wait in all outputs together, each of some hundred bytes. */
const MOST_WAITING = 65536, WATCH_LINES = 8192;

/** Converts recordings; returns the exit code. Throws BadInput and CannotRun, and then leaves no file. */
export async function convert(request: Request, { tools, version, warn, stopping }: Surroundings): Promise<number> {
  const format = await formatOf(request.to);
  if (request.paths.length === 0) {
    throw new BadInput("Type what to convert: files or directories of `nettrace record`.");
  }
  using files = newFiles();
  const outputs = newOutputs(format, destination(request, format, files));
  using recording = openRecording(request.paths);
  const known = new Map<string, Tables>();
  const load = async (tool: string) => {
    const declared = Object.hasOwn(tools, tool) ? await tools[tool]?.() : undefined;
    if (declared) known.set(tool, tablesOf(declared.default));
    return known.get(tool);
  };
  let strangers = 0, stranger = "", timeless = 0;

  let lines = 0;
  for (const { segment, kind, line } of recording.lines()) {
    if (++lines % TURN_LINES === 0 && await stopping()) return INTERRUPTED;
    if (lines % WATCH_LINES === 0) outputs.limit(MOST_WAITING);
    const tables = known.get(line.tool) ?? await load(line.tool);
    if (kind === "event") {
      if (!tables) {
        strangers++;
        stranger ||= line.tool;
      } else if (nanoseconds(line.time) === undefined) timeless++;
      else outputs.add(line, tables.of(line), segment);
    } else if (tables) outputs.expect(tables.events);
  }
  const segments = recording.segments();
  if (segments.every(({ start }) => start === "")) {
    throw new BadInput(
      `There is nothing of nettrace in ${request.paths.join(", ")}: type a recording, or --json output.`,
    );
  }
  outputs.end({ version, segments });
  files.commit();

  if (strangers > 0) {
    warn(
      `left out ${events(strangers)} of tools that this nettrace does not have, as ${harmless(stranger.slice(0, 40))}`,
    );
  }
  if (timeless > 0) warn(`left out ${events(timeless)} whose time is none`);
  const misfits = outputs.misfits();
  if (misfits > 0) {
    warn(`${misfits} value${misfits === 1 ? " does" : "s do"} not fit the type of the column: null stands there`);
  }
  for (const [tool, own] of Map.groupBy(segments, (segment) => segment.tool)) {
    const line = lossLine(sumLosses(own.map(({ lost_by }) => lost_by)));
    if (line !== undefined) warn(`while it was recorded, ${tool} ${line}`);
  }
  for (const { missing } of segments) if (missing !== undefined) warn(missing);
  return 0;
}

function events(n: number): string {
  return `${n} event${n === 1 ? "" : "s"}`;
}

async function formatOf(name: string | undefined): Promise<FileFormat> {
  const names = FORMAT_NAMES.join(", ");
  if (name === undefined) throw new BadInput(`Type what to convert to, as in --to parquet: one of ${names}.`);
  const known = FORMAT_NAMES.find((known) => known === name);
  if (!known) throw new BadInput(`--to takes one of ${names}, and not '${name}'.`);
  return await FORMATS[known]();
}

/** The outputs that records go to, each opened for its first record. */
function newOutputs(format: FileFormat, { nameOf, open, without, empty }: Destination) {
  const writers = new Map<string, Writer>();
  const writerOf = (table: Table, time: string): Writer => {
    const name = nameOf(table, time);
    const there = writers.get(name);
    if (there) return there;
    const writer = format.open(open(name), table, without);
    writers.set(name, writer);
    return writer;
  };
  return {
    add: (event: RecordedEvent, table: Table, segment: SegmentState) =>
      writerOf(table, event.time).add(event, table, segment),
    /** Sees to it that a table has its output, if such do that may have no records. */
    expect(table: Table) {
      if (empty) writerOf(table, "");
    },
    /** Writes until no more records than that wait in memory. */
    limit(most: number) {
      const all = Array.from(writers.values());
      let waiting = all.reduce((sum, writer) => sum + writer.waiting(), 0);
      if (waiting <= most) return;
      for (const writer of all.sort((a, b) => b.waiting() - a.waiting())) {
        waiting -= writer.waiting();
        writer.flush();
        if (waiting <= most) return;
      }
    },
    end(facts: Parameters<Writer["end"]>[0]) {
      for (const writer of writers.values()) writer.end(facts);
    },
    misfits: () => Array.from(writers.values()).reduce((sum, { misfits }) => sum + misfits, 0),
  };
}
