import type { Unread } from "../record/unread.ts";
import type { EventTimes } from "./event_time.ts";
import type { Scanner } from "./scan.ts";

/**
 * Events of a batch are read, and then shown: what reads them and what writes rows do not fit together into the CPU's cache
 * of instructions, and to do both for each event takes a seventh longer.
 */
export const BATCH_EVENTS = 64;
/** A signal waits for so many events at most. */
const MOST_AT_ONCE = 4096;

/**
 * Shows unread events as long as a scanner reads them: those of a batch are put into the bytes from 0 on, each `size` bytes
 * behind the one before, and `show` is called with the place of each; it is false if there is no room for more. Returns
 * that, or undefined if not even the first one is read.
 */
export function showUnread(
  unread: Unread,
  { scan, time, reach }: Scanner,
  times: EventTimes,
  size: number,
  show: (q: number) => boolean,
): boolean | undefined {
  const { bytes, start, step_ms, since_ms, before_ms } = unread;
  const lines = new DataView(bytes.buffer, bytes.byteOffset);
  const end = Math.min(bytes.length, lines.byteLength - reach);
  let p = start, last_ms = NaN, events = 0, hasRoom = true, goesOn = true;
  while (goesOn && hasRoom && events < MOST_AT_ONCE) {
    let n = 0;
    for (let next = p; n < BATCH_EVENTS; n++) {
      const behind = next < end ? scan(lines, next, n * size) : -1;
      const seconds = time[0] as number, nanoseconds = time[1] as number;
      const at_ms = seconds * 1000 + nanoseconds / 1e6 - step_ms;
      goesOn = behind >= 0 && (events + n === 0 || (at_ms >= since_ms && at_ms < before_ms));
      if (!goesOn) break;
      times.set(seconds, nanoseconds, n * size);
      behinds[n] = next = behind;
      ats_ms[n] = at_ms;
    }
    for (let i = 0; i < n && hasRoom; i++) {
      hasRoom = show(i * size);
      p = behinds[i] as number;
      last_ms = ats_ms[i] as number;
      events++;
    }
  }
  if (events === 0) return undefined;
  unread.took(events, p, last_ms);
  return hasRoom;
}

const behinds = new Int32Array(BATCH_EVENTS), ats_ms = new Float64Array(BATCH_EVENTS);
