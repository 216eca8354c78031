// Amounts by time in bounded memory: so many bins, which grow wider as the time that they span does.
import { coarseEdge, coarseOf } from "./distribution.ts";
import type { HeatChart, SeriesChart } from "./model.ts";

/** Bins that a timeline has at most. */
export const BINS = 600;

const SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, HOUR_MS = 60 * MINUTE_MS, DAY_MS = 24 * HOUR_MS;
// Each divides the next, so that bins become wider ones whole.
const STEPS_MS = [
  ...[1, 5, 10, 50, 100, 500],
  ...[1, 5, 10, 30].map((n) => n * SECOND_MS),
  ...[1, 5, 10, 30].map((n) => n * MINUTE_MS),
  ...[1, 2, 4, 12].map((n) => n * HOUR_MS),
  DAY_MS,
];

export interface Timeline {
  /** The bin of a time, for now: making room for another may move it. */
  bin(at_ms: number): number;
  /** A place for a number per bin, which moves with them. */
  series(): Float64Array;
  /** When the first bin that was used begins, how wide each is, and how many there are up to the last. */
  extent(): { start_ms: number; step_ms: number; first: number; bins: number };
}

export function newTimeline(): Timeline {
  const all: Float64Array[] = [];
  let step_ms = STEPS_MS[0] as number, next = 1;
  let zero = 0; // the number, since 1970, of the first bin
  let low = 0, high = -1; // of the bins in use

  function widen(): void {
    const wider_ms = STEPS_MS[next++] ?? step_ms * 10;
    const factor = wider_ms / step_ms;
    const origin = Math.floor(zero / factor);
    const place = (bin: number) => Math.floor((zero + bin) / factor) - origin;
    for (const values of all) {
      for (const [bin, value] of values.entries()) { // a bin's place is never after it
        values[bin] = 0;
        values[place(bin)] = values[place(bin)] as number + value;
      }
    }
    [low, high] = [place(low), place(high)];
    [zero, step_ms] = [origin, wider_ms];
  }

  function shift(by: number): void {
    for (const values of all) values.copyWithin(by, 0).fill(0, 0, by);
    [low, high, zero] = [low + by, high + by, zero - by];
  }

  return {
    bin(at_ms) {
      let bin = Math.floor(at_ms / step_ms) - zero;
      if (high < 0) {
        zero += bin;
        return low = high = 0;
      }
      while (bin < 0 || bin >= BINS) {
        if (bin < 0 && high - bin < BINS) shift(-bin);
        else widen();
        bin = Math.floor(at_ms / step_ms) - zero;
      }
      if (bin < low) low = bin;
      else if (bin > high) high = bin;
      return bin;
    },
    series() {
      const values = new Float64Array(BINS);
      all.push(values);
      return values;
    },
    extent: () => ({ start_ms: (zero + low) * step_ms, step_ms, first: low, bins: high - low + 1 }),
  };
}

/** Amounts by time and name. */
export interface Lines {
  add(name: string, at_ms: number, amount: number): void;
  /** Adds an amount in equal parts to the time from `from_ms` to `to_ms`. */
  spread(name: string, from_ms: number, to_ms: number, amount: number): void;
  /** The chart of the names with most, and of all others as one; undefined without any. */
  chart(title: string, unit: SeriesChart["unit"]): SeriesChart | undefined;
}

// Names beyond these are others from the start, as are those beyond the heaviest ones in the end.
const NAMES_MOST = 64, LINES_MOST = 7;

// An interval has no part in the bin that its end begins.
const INSTANT_MS = 0.001;

export function newLines(timeline: Timeline): Lines {
  const lines = new Map<string, Float64Array>();
  let beyond: Float64Array | undefined;
  const valuesOf = (name: string) => {
    let values = lines.get(name);
    if (values === undefined && lines.size < NAMES_MOST) lines.set(name, values = timeline.series());
    return values ?? (beyond ??= timeline.series());
  };
  return {
    add(name, at_ms, amount) {
      const bin = timeline.bin(at_ms), values = valuesOf(name);
      values[bin] = values[bin] as number + amount;
    },
    spread(name, from_ms, to_ms, amount) {
      const values = valuesOf(name);
      const end_ms = Math.max(from_ms, to_ms - INSTANT_MS);
      for (const at_ms of [from_ms, end_ms]) timeline.bin(at_ms); // so that there is room for both
      const first = timeline.bin(from_ms), last = timeline.bin(end_ms);
      const { start_ms, step_ms, first: origin } = timeline.extent();
      if (to_ms <= from_ms || first >= last) {
        values[first] = values[first] as number + amount;
        return;
      }
      for (let bin = first; bin <= last; bin++) {
        const begin_ms = start_ms + (bin - origin) * step_ms;
        const part_ms = Math.min(to_ms, begin_ms + step_ms) - Math.max(from_ms, begin_ms);
        values[bin] = values[bin] as number + amount * part_ms / (to_ms - from_ms);
      }
    },
    chart(title, unit) {
      if (lines.size === 0) return undefined;
      const { start_ms, step_ms, first, bins } = timeline.extent();
      const sorted = Array.from(lines, ([name, values]) => ({ name, values, total: sum(values) }))
        .sort((a, b) => b.total - a.total);
      const most = sorted.length > LINES_MOST + 1 || beyond ? LINES_MOST : sorted.length;
      const left = [...sorted.slice(most).map(({ values }) => values), ...beyond ? [beyond] : []];
      const shown = sorted.slice(0, most).map(({ name, values }) => ({ name, values }));
      if (left.length > 0) {
        shown.push({
          name: "others",
          values: new Float64Array(BINS).map((_, i) => sum(left.map((v) => v[i] as number))),
        });
      }
      const cut = (values: Float64Array) => Array.from(values.subarray(first, first + bins), short);
      return {
        kind: "series",
        title,
        unit,
        start_ms,
        step_ms,
        lines: shown.map(({ name, values }) => ({ name, values: cut(values) })),
      };
    },
  };
}

/** Parts of what was spread need no more digits than can be seen. */
function short(n: number): number {
  return Number.isInteger(n) ? n : Number(n.toPrecision(6));
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** Durations by time. */
export interface Heat {
  add(at_ms: number, duration_ms: number): void;
  /** Undefined without any. */
  chart(title: string): HeatChart | undefined;
}

export function newHeat(timeline: Timeline): Heat {
  const rows = new Map<number, Float64Array>(); // by coarse bucket
  return {
    add(at_ms, duration_ms) {
      const bin = timeline.bin(at_ms), bucket = coarseOf(duration_ms);
      let row = rows.get(bucket);
      if (row === undefined) rows.set(bucket, row = timeline.series());
      row[bin] = row[bin] as number + 1;
    },
    chart(title) {
      if (rows.size === 0) return undefined;
      const { start_ms, step_ms, first, bins } = timeline.extent();
      const buckets = Array.from(rows.keys());
      const lowest = Math.min(...buckets), highest = Math.max(...buckets);
      const all = Array.from({ length: highest - lowest + 1 }, (_, i) => lowest + i);
      return {
        kind: "heat",
        title,
        start_ms,
        step_ms,
        bins,
        edges_ms: [...all, highest + 1].map(coarseEdge),
        rows: all.map((bucket) => {
          const cells: [number, number][] = [];
          for (const [bin, n] of (rows.get(bucket) ?? []).entries()) if (n > 0) cells.push([bin - first, n]);
          return cells;
        }),
      };
    },
  };
}
