import type { RecordedEvent } from "./line.ts";
import type { RecordedLine, SegmentState } from "./reader.ts";
import { parseTime, type Time } from "./time.ts";

/** An event that was not read but for its time, and what is behind it: whoever can read events takes some by itself. */
export interface Unread {
  /** Whole lines; the event's is at `start`. */
  readonly bytes: Uint8Array;
  readonly start: number;
  /** Times of later events, less so many milliseconds, are what `at_ms` is of them. */
  readonly step_ms: number;
  /** Nothing else comes before later events that are in this time; others are to be left to the reader. */
  since_ms: number;
  before_ms: number;
  /** So many events, up to the byte `behind`, were taken; the last one was at this time. */
  took(events: number, behind: number, at_ms: number): void;
}

/** What is no record. */
export const NO_LINE: RecordedEvent = { time: "", tool: "" };

const NEWLINE = 10;

/** An event that is parsed when somebody asks what it says. */
export class UnreadEvent implements RecordedLine, Unread {
  readonly kind = "event";
  readonly segment: SegmentState;
  readonly tool: string;
  readonly time: Readonly<Time>;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly step_ms: number;
  readonly unread = this;
  at_ms: number;
  since_ms = -Infinity;
  before_ms = Infinity;
  readonly #parse: Parse;
  #behind = -1;

  constructor(
    segment: SegmentState,
    time: Readonly<Time>,
    { bytes, start, step_ms }: Pick<Unread, "bytes" | "start" | "step_ms">,
    parse: Parse,
  ) {
    this.segment = segment;
    this.tool = segment.tool;
    this.time = time;
    this.bytes = bytes;
    this.start = start;
    this.step_ms = step_ms;
    this.at_ms = time.seconds * 1000 + time.nanoseconds / 1e6 - step_ms;
    this.#parse = parse;
  }

  /** Where the last line ends that was taken. */
  get end(): number {
    return this.#behind < 0 ? this.bytes.indexOf(NEWLINE, this.start) : this.#behind - 1;
  }

  get line(): RecordedEvent {
    return this.#parse(this.bytes, this.start, this.bytes.indexOf(NEWLINE, this.start)) ?? NO_LINE;
  }

  took(events: number, behind: number, at_ms: number): void {
    this.segment.events += events - 1; // as this one is counted already
    this.#behind = behind;
    this.at_ms = at_ms;
  }
}

type Parse = (bytes: Uint8Array, start: number, end: number) => RecordedEvent | undefined;

/**
 * Makes a function that tells whether a line begins as the recorder's events do, `{"time":"...","tool":"...","KEY":` with
 * nine digits of nanoseconds, no object behind it, and reads its time.
 */
export function newQuickLook(): (bytes: Uint8Array, p: number, tool: string, time: Time) => boolean {
  const before = new TextEncoder().encode('{"time":"'), prefix = new Uint8Array(TIME_PREFIX_BYTES);
  let seconds = NaN, of: string | undefined, behind = new Uint8Array(0);
  const same = (bytes: Uint8Array, p: number, wanted: Uint8Array) => {
    for (let i = 0; i < wanted.length; i++) if (bytes[p + i] !== wanted[i]) return false;
    return true;
  };
  return (bytes, p, tool, time) => {
    if (tool !== of) {
      of = tool;
      behind = new TextEncoder().encode(`Z","tool":"${tool}","`);
    }
    if (!same(bytes, p, before)) return false;
    p += before.length;
    if (Number.isNaN(seconds) || !same(bytes, p, prefix)) {
      const text = new TextDecoder().decode(bytes.subarray(p, p + TIME_PREFIX_BYTES));
      if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.$/.test(text) || !parseTime(text, time)) return false;
      seconds = time.seconds;
      prefix.set(bytes.subarray(p, p + TIME_PREFIX_BYTES));
    }
    p += TIME_PREFIX_BYTES;
    let nanoseconds = 0;
    for (let i = 0; i < 9; i++) {
      const digit = (bytes[p + i] as number) - 48;
      if (!(digit >= 0 && digit <= 9)) return false;
      nanoseconds = 10 * nanoseconds + digit;
    }
    p += 9;
    if (!same(bytes, p, behind)) return false;
    let colon = p + behind.length;
    while (colon < bytes.length && bytes[colon] !== COLON) colon++;
    time.seconds = seconds;
    time.nanoseconds = nanoseconds;
    return bytes[colon + 1] !== BRACE;
  };
}

const TIME_PREFIX_BYTES = 20, COLON = 58, BRACE = 123;
