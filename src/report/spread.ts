// How distributions of durations are shown.
import { coarseEdge, type Distribution, EXACT_MOST } from "./distribution.ts";
import type { HistogramChart, Table } from "./model.ts";

const QUANTILES = [["p50_ms", "P50", 0.5], ["p90_ms", "P90", 0.9], ["p99_ms", "P99", 0.99], [
  "max_ms",
  "MAX",
  1,
]] as const;

/** A row of quantiles for each distribution that has durations; undefined if none has. */
export function spreadTable(
  id: string,
  title: string,
  spreads: readonly (readonly [name: string, Distribution])[],
  what = "OF",
): Table | undefined {
  const there = spreads.filter(([, spread]) => spread.count > 0);
  if (there.length === 0) return undefined;
  return {
    id,
    title,
    columns: [
      { key: what.toLowerCase(), heading: what, kind: "text" },
      { key: "count", heading: "COUNT", kind: "count" },
      ...QUANTILES.map(([key, heading]) => ({ key, heading, kind: "ms" as const })),
      { key: "mean_ms", heading: "MEAN", kind: "ms" },
    ],
    rows: there.map(([name, spread]) => [
      name,
      spread.count,
      ...QUANTILES.map(([, , q]) => spread.quantile(q)),
      spread.sum_ms / spread.count,
    ]),
    ...there.some(([, spread]) => spread.count > EXACT_MOST) &&
      { note: "Of more than 256 durations, percentiles are right within 2 %; MAX and MEAN are exact." },
  };
}

/** Undefined for a distribution without durations. */
export function histogram(title: string, spread: Distribution): HistogramChart | undefined {
  if (spread.count === 0) return undefined;
  const { first, counts } = spread.coarse();
  return {
    kind: "histogram",
    title,
    counts,
    edges_ms: Array.from({ length: counts.length + 1 }, (_, i) => coarseEdge(first + i)),
  };
}
