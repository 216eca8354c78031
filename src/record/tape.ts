import type { Losses } from "../loss.ts";
import { total } from "../loss.ts";
import type { Outlet } from "../output/sink.ts";
import type { Compression } from "./frame.ts";
import type { Header } from "./segment.ts";
import { createSegment, NoRoom, type SegmentFile } from "./segment_file.ts";

/** One tool's recording: segment after segment. */
export interface Tape extends Outlet {
  /** Takes text however much waits. */
  append(text: Uint8Array): void;
  /** Writes a line that is no event. */
  note(line: Record<string, unknown>): void;
  /** Writes what came since the last call, with the losses if there are more of them, and has the disk begin to take it. */
  flush(losses?: Losses): void;
  /** Ends the segment, which has had so many events and losses with those of all before it, and begins another. */
  rotate(events: number, losses: Losses): Promise<void>;
  /** Ends the segment for good. */
  close(events: number, losses: Losses): Promise<void>;
  /** Lets go of the segment, with what could be written; returns how many bytes could not. */
  abandon(): number;
  /** True if the segment is as long as it may be. */
  isFull(): boolean;
  /** True if so much waits that it should be flushed now. */
  isDue(): boolean;
}

export interface TapeSettings {
  dir: string;
  tool: string;
  host: string;
  compression: Compression;
  /** Bytes of a segment after which another begins. */
  most_bytes: number;
  /** The header of a segment that begins now. */
  header(): Header;
  /** Now, for lines that are no events. */
  now(): Date;
  /** Makes room on the disk; false if there is none to be made. */
  makeRoom(): boolean;
}

/** What is written at once: larger frames are hardly smaller when packed, and lose more where the disk is full. */
const FRAME_BYTES = 256 * 1024;

/** Begins a recording with its first segment. Throws CannotRun and NoRoom. */
export function newTape(settings: TapeSettings): Tape {
  const { tool, now } = settings;
  let waiting = new Uint8Array(2 * FRAME_BYTES), end = 0;
  let told: Losses = {}, eventsBefore = 0, lossesBefore: Losses = {};
  let syncing: Promise<void> | undefined, failure: unknown;
  let segment = begin();

  function append(bytes: Uint8Array): void {
    if (end + bytes.length > waiting.length) {
      const larger = new Uint8Array(2 * (end + bytes.length));
      larger.set(waiting.subarray(0, end));
      waiting = larger;
    }
    waiting.set(bytes, end);
    end += bytes.length;
  }
  function note(line: Record<string, unknown>): void {
    append(new TextEncoder().encode(JSON.stringify({ time: now().toISOString(), tool, ...line }) + "\n"));
  }
  function write(): void {
    if (end === 0) return;
    for (;;) {
      try {
        segment.write(waiting.subarray(0, end));
        end = 0;
        return;
      } catch (error) {
        if (!(error instanceof NoRoom) || !settings.makeRoom()) throw error;
      }
    }
  }
  function begin(): SegmentFile {
    const created = createSegment(settings.dir, { ...settings, begin: now() });
    note({ header: settings.header() });
    return created;
  }
  /** Losses since the segment began. */
  const since = (losses: Losses): Losses =>
    Object.fromEntries(
      Object.entries(losses).map(([cause, n]) => [cause, n - (lossesBefore[cause] ?? 0)] as const).filter(([, n]) =>
        n > 0
      ),
    );
  async function finish(events: number, losses: Losses): Promise<void> {
    const lost_by = since(losses);
    await syncing;
    if (failure !== undefined) throw failure; // the kernel says it once, so that the next one would seem to succeed
    note({ footer: { events: events - eventsBefore, lost: total(lost_by), lost_by } });
    write();
    await segment.close().catch((error) => {
      throw failure = error;
    });
    eventsBefore = events;
    lossesBefore = losses;
    told = {};
  }

  write();
  return {
    write(bytes) {
      if (end >= FRAME_BYTES) return 0; // the events stay in the ring until it is flushed
      append(bytes);
      return bytes.length;
    },
    waitWritable: () => true,
    append,
    note,
    flush(losses) {
      if (failure !== undefined) throw failure;
      const lost = losses === undefined ? told : since(losses);
      if (total(lost) !== total(told)) note({ lost });
      told = lost;
      if (end === 0) return;
      write();
      syncing ??= segment.sync().catch((error) => failure = error).finally(() => syncing = undefined);
    },
    async rotate(events, losses) {
      await finish(events, losses);
      segment = begin();
      write();
    },
    close: finish,
    abandon() {
      segment.abandon();
      return end;
    },
    isFull: () => segment.size + end / 8 >= settings.most_bytes,
    isDue: () => end >= FRAME_BYTES,
  };
}
