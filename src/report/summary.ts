import type { Range, Recording } from "../record/reader.ts";
import { newAccepts } from "./accepts.ts";
import { newIntervals, newSessions } from "./bytes.ts";
import { newConnects } from "./connects.ts";
import { newDrops } from "./drops.ts";
import { newInstants } from "./instant.ts";
import { lossesOf } from "./losses.ts";
import type { Report, ToolSummary } from "./model.ts";
import { newListens, newQueues, newSoftirqs, newTraced } from "./others.ts";
import { type NewPart, type Part, perSecond } from "./part.ts";
import { newRetransmits } from "./retransmits.ts";
import { newStates } from "./states.ts";
import { newTimeline } from "./timeline.ts";

/** What is made of each tool's events, in the order of the report. */
const PARTS: Readonly<Record<string, NewPart>> = {
  tcpconnlat: newConnects,
  tcpconnect: newConnects,
  tcpv4connect: newConnects,
  tcpretrans: newRetransmits,
  tcpdrop: newDrops,
  tcptop: newIntervals,
  tcpsubnet: newIntervals,
  tcplife: newSessions,
  tcpstates: newStates,
  tcpaccept: newAccepts,
  tcptracer: newTraced,
  solisten: newListens,
  softirqs: newSoftirqs,
  netqtop: newQueues,
};

// A recording has as many tools as there are; one that names more of them was made up.
const TOOLS_MOST = 64;

interface Seen {
  events: number;
  from_ms: number;
  until_ms: number;
  part: Part | undefined;
}

/**
 * Reads a recording to its end, and returns what makes reports of it, with tables of at most so many rows. `step` is
 * called now and then. Throws what reading throws.
 */
export function summarise(
  recording: Recording,
  range: Range,
  version: string,
  step: () => void,
): (most: number) => Report {
  const timeline = newTimeline(), instant = newInstants();
  const tools = new Map<string, Seen>();
  const { since_ms: asked_since_ms = -Infinity, until_ms: asked_until_ms = Infinity } = range;
  let events = 0, untimed = 0, from_ms = Infinity, until_ms = -Infinity;
  for (const { kind, line } of recording.lines()) {
    const told_ms = instant(line.time);
    // Headers and footers tell how long a tool ran, of which only the range counts.
    const at_ms = kind === "event" ? told_ms : Math.min(Math.max(told_ms, asked_since_ms), asked_until_ms);
    if (!Number.isFinite(at_ms)) {
      if (kind === "event") untimed++;
      continue;
    }
    let seen = tools.get(line.tool);
    if (seen === undefined) {
      if (tools.size === TOOLS_MOST) {
        untimed++;
        continue;
      }
      const newPart = Object.hasOwn(PARTS, line.tool) ? PARTS[line.tool] : undefined;
      seen = { events: 0, from_ms: at_ms, until_ms: at_ms, part: newPart?.(line.tool, timeline) };
      tools.set(line.tool, seen);
    }
    if (at_ms < seen.from_ms) seen.from_ms = at_ms;
    if (at_ms > seen.until_ms) seen.until_ms = at_ms;
    if (kind !== "event") continue;
    seen.events++;
    seen.part?.add(line, at_ms);
    if ((++events & 4095) === 0) step();
  }
  for (const seen of tools.values()) {
    from_ms = Math.min(from_ms, seen.from_ms);
    until_ms = Math.max(until_ms, seen.until_ms);
  }
  const segments = recording.segments();
  const losses = lossesOf(segments, untimed, asked_since_ms > -Infinity || asked_until_ms < Infinity);
  const ran_s = ({ from_ms, until_ms }: Seen) => (until_ms - from_ms) / 1000;
  return (most) => ({
    nettrace: version,
    period: from_ms <= until_ms
      ? { start: rfc3339(from_ms), end: rfc3339(until_ms), duration_s: (until_ms - from_ms) / 1000 }
      : null,
    hosts: Array.from(new Set(segments.map(({ host }) => host).filter((host) => host !== ""))).sort(),
    segments: segments.length,
    events,
    tools: Array.from(tools).sort(([a], [b]) => place(a) - place(b)).map(([tool, seen]): ToolSummary => ({
      tool,
      events: seen.events,
      start: rfc3339(seen.from_ms),
      end: rfc3339(seen.until_ms),
      events_per_s: perSecond(seen.events, ran_s(seen)),
      lost: Object.values(losses.tools.find((each) => each.tool === tool)?.lost_by ?? {}).reduce(
        (sum, n) => sum + n,
        0,
      ),
    })),
    losses,
    sections: Object.keys(PARTS).flatMap((tool) => {
      const seen = tools.get(tool);
      return seen?.part?.section(most, ran_s(seen)) ?? [];
    }),
  });
}

/** In the order of the sections; tools that this nettrace does not know are last. */
function place(tool: string): number {
  const i = Object.keys(PARTS).indexOf(tool);
  return i < 0 ? Object.keys(PARTS).length : i;
}

function rfc3339(at_ms: number): string {
  return new Date(at_ms).toISOString();
}
