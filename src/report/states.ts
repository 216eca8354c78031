import { type Distribution, newDistribution } from "./distribution.ts";
import { grouped } from "./format.ts";
import { newLongest } from "./longest.ts";
import type { Cell } from "./model.ts";
import { type NewPart, sectionOf } from "./part.ts";
import { histogram, spreadTable } from "./spread.ts";
import { newLines } from "./timeline.ts";
import { endpoint, numberOf, textOf } from "./value.ts";

// TCP has twelve; a recording that names more of them was made up.
const STATES_MOST = 32;

/** How long sockets stay in each state, by tcpstates. */
export const newStates: NewPart = (tool, timeline) => {
  const spreads = new Map<string, Distribution>(), lines = newLines(timeline);
  const longest = newLongest<readonly Cell[]>(1000);
  let first = 0, timed = 0;
  return {
    add(event, at_ms) {
      const state = textOf(event["oldstate"]) ?? "?", duration_ms = numberOf(event["duration_ms"]);
      lines.add(textOf(event["newstate"]) ?? "?", at_ms, 1);
      if (!duration_ms) {
        first++;
        return;
      }
      timed++;
      let spread = spreads.get(state);
      if (spread === undefined && spreads.size < STATES_MOST) spreads.set(state, spread = newDistribution());
      spread?.add(duration_ms);
      if (longest.takes(duration_ms)) {
        longest.add(duration_ms, [
          textOf(event.time) ?? null,
          numberOf(event["pid"]) ?? null,
          textOf(event["comm"]) ?? null,
          endpoint(event["raddr"], event["rport"]),
          state,
          duration_ms,
        ]);
      }
    },
    section(most) {
      const sorted = Array.from(spreads).sort(([, a], [, b]) => b.sum_ms - a.sum_ms);
      const items = longest.items();
      return sectionOf(
        `states_${tool}`,
        `States that last (${tool})`,
        [
          first === 0
            ? undefined
            : `${grouped(first)} changes were the first that was seen of their socket, and tell no duration.`,
        ],
        [
          spreadTable("by_state", "How long states lasted", sorted, "STATE"),
          items.length === 0 ? undefined : {
            id: "longest",
            title: "Longest states",
            columns: [
              { key: "time", heading: "ENDED", kind: "time" },
              { key: "pid", heading: "PID", kind: "id" },
              { key: "comm", heading: "COMM", kind: "text" },
              { key: "remote", heading: "REMOTE", kind: "text" },
              { key: "state", heading: "STATE", kind: "text" },
              { key: "duration_ms", heading: "DURATION", kind: "ms" },
            ],
            rows: items.slice(0, most),
            ...timed > most && { others: { rows: timed - most, cells: [null, null, null, null, null, null] } },
          },
        ],
        [
          lines.chart("Changes by new state", "count"),
          ...sorted.slice(0, 3).map(([state, spread]) => histogram(`How long ${state} lasted`, spread)),
        ],
      );
    },
  };
};
