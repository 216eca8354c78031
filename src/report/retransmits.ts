import { newHeavy } from "./heavy.ts";
import { cell, heavyTable, type NewPart, rate, sectionOf, weight } from "./part.ts";
import { newLines } from "./timeline.ts";
import { endpoint, numberOf, textOf } from "./value.ts";

const TYPES: Readonly<Record<string, string>> = { R: "retransmit", L: "tail loss probe" };

/** Retransmits of tcpretrans, by why they were sent, where to and by whom. */
export const newRetransmits: NewPart = (tool, timeline) => {
  const kinds = newHeavy(0),
    targets = newHeavy(0),
    comms = newHeavy(0),
    states = newHeavy(0),
    lines = newLines(timeline);
  return {
    add(event, at_ms) {
      const n = numberOf(event["retransmits"]) ?? 1; // a row of `tcpretrans -c` is a count
      const type = textOf(event["type"]);
      const kind = textOf(event["kind"]) ?? (type === undefined ? undefined : TYPES[type] ?? type);
      const to = endpoint(event["raddr"], event["rport"]);
      targets.add(to, n);
      if (kind !== undefined) kinds.add(kind, n);
      lines.add(kind ?? "retransmits", at_ms, n);
      const comm = textOf(event["comm"]), state = textOf(event["state"]);
      if (comm !== undefined) comms.add(comm, n);
      if (state !== undefined) states.add(state, n);
    },
    section(most, ran_s) {
      const numbers = [weight("retransmits", "RETRANSMITS"), rate(ran_s)];
      return sectionOf(
        `retransmits_${tool}`,
        `Retransmits (${tool})`,
        [],
        [
          heavyTable("by_kind", "Retransmits by kind", kinds, most, [cell("kind", "KIND", 0), ...numbers]),
          heavyTable("by_state", "Retransmits by state", states, most, [cell("state", "STATE", 0), ...numbers]),
          heavyTable("by_target", "Retransmits by target", targets, most, [cell("target", "TARGET", 0), ...numbers]),
          heavyTable("by_comm", "Retransmits by process name", comms, most, [cell("comm", "COMM", 0), ...numbers]),
        ],
        [lines.chart("Retransmits by kind", "count")],
      );
    },
  };
};
