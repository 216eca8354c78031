/// <reference lib="dom" />
import type uPlot from "uplot";
import { grouped, significant } from "../format.ts";
import type { HistogramChart } from "../model.ts";
import { axis, durationAxis, log2Edges, rounded } from "./axis.ts";
import type { Plot } from "./chart.ts";
import { clipped } from "./clip.ts";
import { range } from "./heat.ts";
import { colour } from "./theme.ts";

/** A bar for each bucket of durations; `say` tells of the one under the cursor. */
export function histogramOptions({ edges_ms, counts }: HistogramChart, say: (text: string) => void): Plot {
  const edges = log2Edges(edges_ms), all = counts.reduce((sum, n) => sum + n, 0);
  const fill = colour("line-0");

  function draw(u: uPlot): void {
    const { ctx } = u;
    ctx.fillStyle = fill;
    const floor = u.valToPos(0, "y", true);
    for (const [i, n] of counts.entries()) {
      const left = Math.round(u.valToPos(edges[i] as number, "x", true));
      const right = Math.round(u.valToPos(edges[i + 1] as number, "x", true));
      const top = Math.min(u.valToPos(n, "y", true), n > 0 ? floor - 1 : floor); // so that one among millions is seen
      ctx.fillRect(left, top, Math.max(1, right - left - 1), floor - top);
    }
  }

  function tell(u: uPlot): void {
    const { left = -1 } = u.cursor;
    const at = u.posToVal(left, "x");
    const i = edges.findLastIndex((edge) => edge <= at);
    const n = counts[i];
    if (left < 0 || n === undefined) return say("");
    const upTo = counts.slice(0, i + 1).reduce((sum, each) => sum + each, 0);
    say(`${range(edges_ms, i)}: ${grouped(n)}; up to there ${significant(100 * upTo / all)} %`);
  }

  return {
    data: [edges, [...counts, null]],
    options: {
      legend: { show: false },
      cursor: { y: false, drag: { x: true, y: false } },
      scales: { x: { time: false }, y: { range: (_, __, max) => [0, max * 1.05] } },
      axes: [{ ...durationAxis(), size: 32 }, {
        ...axis(),
        size: 76,
        values: (_, splits) => splits.map((n) => rounded(grouped(n))),
      }],
      series: [{}, { paths: () => null, points: { show: false } }],
      hooks: { draw: [clipped(draw)], setCursor: [tell] },
    },
  };
}
