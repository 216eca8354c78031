import { newHeavy } from "./heavy.ts";
import { cell, heavyTable, type NewPart, rate, sectionOf, weight } from "./part.ts";
import { newLines } from "./timeline.ts";
import { endpoint, numberOf, textOf } from "./value.ts";

/** Drops of tcpdrop, by reason, by where in the kernel, and by where the packets went. */
export const newDrops: NewPart = (tool, timeline) => {
  const reasons = newHeavy(0), places = newHeavy(0), targets = newHeavy(0), lines = newLines(timeline);
  return {
    add(event, at_ms) {
      const n = numberOf(event["drops"]) ?? 1; // a row of `tcpdrop -c` is a count
      const reason = textOf(event["reason"]) ?? "not said";
      reasons.add(reason, n);
      lines.add(reason, at_ms, n);
      const stack = event["stack"];
      const place = textOf(event["function"]) ?? textOf(Array.isArray(stack) ? stack[0] : undefined);
      if (place !== undefined) places.add(`${reason} ${place}`, n).cells ??= [reason, place];
      if (event["daddr"] === undefined) return;
      const to = endpoint(event["daddr"], event["dport"]);
      targets.add(`${reason} ${to}`, n).cells ??= [reason, to];
    },
    section(most, ran_s) {
      const numbers = [weight("drops", "DROPS"), rate(ran_s)], reason = cell("reason", "REASON", 0);
      return sectionOf(
        `drops_${tool}`,
        `Drops (${tool})`,
        [],
        [
          heavyTable("by_reason", "Drops by reason", reasons, most, [reason, ...numbers]),
          heavyTable("by_function", "Drops by reason and function", places, most, [
            reason,
            cell("function", "FUNCTION", 1),
            ...numbers,
          ]),
          heavyTable("by_target", "Drops by reason and where to", targets, most, [
            reason,
            cell("target", "TARGET", 1),
            ...numbers,
          ]),
        ],
        [lines.chart("Drops by reason", "count")],
      );
    },
  };
};
