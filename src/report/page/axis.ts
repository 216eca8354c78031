/// <reference lib="dom" />
import uPlot from "uplot";
import { duration } from "../format.ts";
import { colour } from "./theme.ts";

const FONT = "12px system-ui, sans-serif";

/** What all axes have in common, in the colours of now. */
export function axis(): uPlot.Axis {
  const grid = { stroke: colour("grid"), width: 1 };
  return { stroke: colour("axis"), font: FONT, grid, ticks: grid };
}

const DAY_S = 86400;

/** An axis of times in UTC, with the day under the first and where it changes. */
export function timeAxis(): uPlot.Axis {
  return {
    ...axis(),
    values: (_, splits, __, ___, step_s) =>
      splits.map((split, i) => {
        const [day = "", clock = ""] = new Date(split * 1000).toISOString().split("T");
        const isNew = i === 0 || Math.floor(split / DAY_S) > Math.floor((splits[i - 1] ?? 0) / DAY_S);
        const shown = clock.slice(0, step_s >= 60 ? 5 : step_s >= 1 ? 8 : 12);
        return isNew ? `${shown}\n${day}` : shown;
      }),
  };
}

/** Times as UTC, as those of logs are. */
export const utc = (seconds: number) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC");

/** What charts by time share: a cursor and a zoom. */
export const timeCursor: uPlot.Cursor = { sync: { key: "time" }, drag: { x: true, y: false } };

/** An axis of durations, on a scale that has the power of two of their milliseconds: 1, 10, 100 of each unit. */
export function durationAxis(): uPlot.Axis {
  return {
    ...axis(),
    splits: (_, __, min, max) => {
      const splits: number[] = [];
      const by = Math.ceil((max - min) / LOG2_10 / DECADES_MOST);
      for (let power = Math.ceil(min / LOG2_10); power * LOG2_10 <= max; power += by) splits.push(power * LOG2_10);
      return splits.length > 1 ? splits : [min, max];
    },
    values: (_, splits) => splits.map((split) => rounded(duration(2 ** split))),
    space: 30,
  };
}

// More labels than for so many would touch each other.
const DECADES_MOST = 7;
const LOG2_10 = Math.log2(10);

/** 1.00 s as 1 s. */
export function rounded(text: string): string {
  return text.replace(/(\.\d*?)0+(?=[ /]|$)/, "$1").replace(/\.(?=[ /]|$)/, "");
}

/** The power of two of an edge in milliseconds; of 0, the one below the next edge's. */
export function log2Edges(edges_ms: readonly number[]): number[] {
  return edges_ms.map((edge, i) => edge > 0 ? Math.log2(edge) : Math.log2(edges_ms[i + 1] ?? 1) - 1);
}
