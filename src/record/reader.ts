import { clockOf, type FirstOffsets, placed } from "./beginning.ts";
import { filesOf, type Found, openFile, standardInput } from "./files.ts";
import { type Losses, readLosses } from "../loss.ts";
import { type Kind, kindOf, parseLine, type RecordedEvent } from "./line.ts";
import type { Footer, Header } from "./segment.ts";
import { linesOf, type Source } from "./source.ts";
import { parseTime, type Time } from "./time.ts";
import { newQuickLook, NO_LINE, type Unread, UnreadEvent } from "./unread.ts";
import { toNumber } from "./value.ts";

/** What is known of a segment; all of it once its last event was read. */
export interface SegmentState {
  readonly path: string;
  tool: string;
  host: string;
  /** RFC 3339; of the header, or of the first line. */
  start: string;
  /** Of the footer, if there is one. */
  end?: string;
  header?: Header;
  events: number;
  lost_by: Losses;
  /** A sentence that says what of it could not be read, and why. */
  missing?: string;
}

/** A line of a recording, with what it is. */
export interface RecordedLine {
  readonly segment: SegmentState;
  readonly kind: Kind | "wait";
  readonly tool: string;
  /** Of an event that was not read, what it says is found out on demand; `tool` is empty if it is none. */
  readonly line: RecordedEvent;
  readonly time: Readonly<Time>;
  /** Milliseconds since 1970 by the recording host's clock when it began, which no later step of its clock changes. */
  readonly at_ms: number;
  readonly unread?: Unread;
}

/** What is wanted of a recording. */
export interface Range {
  since_ms?: number;
  until_ms?: number;
  /** Of directories, only this tool's segments are read. */
  tool?: string;
  /** Has events be parsed on demand. */
  lazy?: boolean;
  /** Goes on with what is written meanwhile; a line of the kind `wait` stands where there is no more just now. */
  follow?: boolean;
}

export interface Recording extends Disposable {
  /** All lines, by time; those of one segment in its order. */
  lines(): Generator<RecordedLine>;
  /** The events alone. */
  events(): Generator<RecordedEvent>;
  /** Complete once the lines ended. */
  segments(): readonly SegmentState[];
  /** How many bytes all files have; 0 for what is no file. */
  readonly bytes: number;
  bytesRead(): number;
}

/**
 * Opens files, all segments in directories, and `-` for standard input. Nothing of them is held in memory but what is
 * being read. Throws BadInput for what is not there.
 */
export function openRecording(paths: readonly string[], range: Range = {}): Recording {
  const { since_ms = -Infinity, until_ms = Infinity, follow = false, lazy = false, tool } = range;
  const known = new Set<string>(), offsets: FirstOffsets = new Map();
  /** Files that were not there the last time. */
  const look = () => {
    const found = paths.flatMap((path) => filesOf(path, tool)).filter(({ id }) => !known.has(id));
    for (const { id } of found) known.add(id);
    const wanted = placed(found, offsets).filter(({ begin_ms }) => begin_ms <= until_ms + SLACK_MS);
    return wanted.sort((a, b) => a.begin_ms - b.begin_ms);
  };
  const found = look();
  const segments: SegmentState[] = [];
  let bytesRead = 0;
  using closing = new DisposableStack();
  const open = ({ path, tool, host }: Found): Iterator<RecordedLine> => {
    const segment: SegmentState = { path, tool, host, start: "", events: 0, lost_by: {} };
    segments.push(segment);
    const source = path === "-" ? standardInput() : openFile(path, follow);
    owner.use(source);
    const counted: Source & Disposable = {
      ...source,
      read(into) {
        const n = source.read(into);
        bytesRead += n;
        return n;
      },
    };
    return readSegment(counted, segment, offsets, lazy);
  };
  const lines = function* (): Generator<RecordedLine> {
    for (const line of merged(found, open, follow ? look : undefined)) {
      if (line.kind === "event") {
        if (line.at_ms < since_ms || line.at_ms > until_ms) continue;
        line.segment.events++;
        if (line.unread) {
          line.unread.since_ms = since_ms;
          line.unread.before_ms = Math.min(line.unread.before_ms, until_ms);
        }
      }
      yield line;
    }
  };
  const owner = closing.move();
  return {
    lines,
    *events() {
      for (const { kind, line } of lines()) if (kind === "event") yield line;
    },
    segments: () => segments,
    bytes: found.reduce((sum, { size }) => sum + size, 0),
    bytesRead: () => bytesRead,
    [Symbol.dispose]: () => owner.dispose(),
  };
}

/** Events may be recorded so much later than they happened, as connects are that wait for their answer. */
const SLACK_MS = 150_000;

/**
 * All segments' lines by time. A segment is opened when the others have come to its beginning. With `look`, which finds
 * new files, there is no end.
 */
function* merged(
  files: readonly Found[],
  open: (file: Found) => Iterator<RecordedLine>,
  look?: () => Found[],
): Generator<RecordedLine> {
  const heads: { iterator: Iterator<RecordedLine>; line: RecordedLine }[] = [];
  const waiting = [...files];
  const advance = (head: typeof heads[number]) => {
    const { done, value } = head.iterator.next();
    if (done) heads.splice(heads.indexOf(head), 1);
    else head.line = value;
  };
  for (;;) {
    let first: typeof heads[number] | undefined, second_ms = Infinity; // of the first ones of others
    for (const head of heads) {
      const { kind, at_ms } = head.line;
      if (kind === "wait") continue;
      const isFirst = first === undefined || at_ms < first.line.at_ms;
      second_ms = Math.min(second_ms, isFirst ? first?.line.at_ms ?? Infinity : at_ms);
      if (isFirst) first = head;
    }
    const [next] = waiting;
    if (next && (first === undefined || next.begin_ms <= first.line.at_ms + SLACK_MS)) {
      waiting.shift();
      const iterator = open(next), { done, value } = iterator.next();
      if (!done) heads.push({ iterator, line: value });
      continue;
    }
    if (first !== undefined) {
      const { unread } = first.line;
      if (unread) unread.before_ms = next === undefined ? second_ms : Math.min(second_ms, next.begin_ms - SLACK_MS);
      yield first.line;
      advance(first);
      continue;
    }
    if (look === undefined) return;
    yield heads[0]?.line ?? WAIT;
    for (const head of [...heads]) advance(head);
    waiting.push(...look());
  }
}

const WAIT: RecordedLine = {
  segment: { path: "", tool: "", host: "", start: "", events: 0, lost_by: {} },
  kind: "wait",
  tool: "",
  line: NO_LINE,
  time: { seconds: 0, nanoseconds: 0 },
  at_ms: 0,
};

/** The lines of one segment. */
function* readSegment(
  source: Source & Disposable,
  segment: SegmentState,
  offsets: FirstOffsets,
  lazy: boolean,
): Generator<RecordedLine> {
  const faults: string[] = [], decoder = new TextDecoder(), quick = newQuickLook();
  let odd = 0, step_ms = 0, offset_ms: number | undefined, at_ms = -Infinity;
  const parse = (bytes: Uint8Array, start: number, end: number) => {
    const line = parseLine(decoder.decode(bytes.subarray(start, end)));
    if (line === undefined) odd++;
    return line;
  };
  reading: for (const bytes of linesOf(source, (fault) => void faults.push(fault))) {
    if (bytes.length === 0) yield { ...WAIT, segment, at_ms };
    for (let start = 0, end = 0; start < bytes.length; start = end + 1) {
      const time: Time = { seconds: 0, nanoseconds: 0 };
      if (lazy && segment.tool !== "" && quick(bytes, start, segment.tool, time)) {
        const event = new UnreadEvent(segment, time, { bytes, start, step_ms }, parse);
        yield event;
        ({ end, at_ms } = event);
        continue;
      }
      end = bytes.indexOf(NEWLINE, start);
      if (end === start) continue;
      const line = parse(bytes, start, end);
      if (line === undefined && odd > MOST_ODD) break reading;
      if (line === undefined) continue;
      if (segment.start === "") Object.assign(segment, { start: line.time, tool: line.tool });
      const kind = kindOf(line);
      if (kind === "header") {
        const header = segment.header = line["header"] as Header;
        if (typeof header.host === "string") segment.host = header.host;
        const clock = clockOf(header);
        const first_ms = offsets.get(clock.boot) ?? clock.offset_ms;
        offsets.set(clock.boot, first_ms);
        offset_ms = clock.offset_ms;
        step_ms = offset_ms - first_ms || 0;
      } else if (kind === "clock") {
        const now_ms = toNumber((line["clock"] as { offset_ns?: unknown }).offset_ns) / 1e6;
        if (Number.isFinite(now_ms)) step_ms += now_ms - (offset_ms ?? now_ms);
        offset_ms = now_ms;
      } else if (kind === "lost") segment.lost_by = readLosses(line["lost"]);
      else if (kind === "footer") {
        segment.end = line.time;
        segment.lost_by = readLosses(((line["footer"] ?? line["summary"]) as Partial<Footer>).lost_by);
      }
      if (parseTime(line.time, time)) at_ms = time.seconds * 1000 + time.nanoseconds / 1e6 - step_ms;
      yield { segment, kind, tool: line.tool, line, time, at_ms };
    }
  }
  source[Symbol.dispose]();
  if (odd > MOST_ODD) faults.push(`more than ${MOST_ODD} of its lines are no records, and what follows is left out`);
  else if (odd > 0) faults.push(`${odd} of its lines are no records`);
  if (segment.end === undefined) faults.unshift("it has no end, as recording was cut off or goes on");
  if (faults.length > 0) segment.missing = `Of ${segment.path} something may be missing: ${faults.join("; ")}.`;
}

const NEWLINE = 10;
/** A file with more lines that are no records is none of ours, and would take its time. */
const MOST_ODD = 100_000;
