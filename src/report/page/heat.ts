/// <reference lib="dom" />
import uPlot from "uplot";
import { duration, grouped } from "../format.ts";
import type { HeatChart } from "../model.ts";
import { durationAxis, log2Edges, rounded, timeAxis, timeCursor, utc } from "./axis.ts";
import type { Plot } from "./chart.ts";
import { clipped } from "./clip.ts";
import { colour } from "./theme.ts";

const STEPS = 16;

/** Cells of time and duration, the darker the more there are; `say` tells of the one under the cursor. */
export function heatOptions(chart: HeatChart, say: (text: string) => void): Plot {
  const { start_ms, step_ms, bins, rows, edges_ms } = chart;
  const edges = log2Edges(edges_ms), ramp = rampOf(["heat-0", "heat-1", "heat-2"].map(colour));
  const most = Math.max(...rows.flatMap((row) => row.map(([, n]) => n)));
  const time = (bin: number) => (start_ms + bin * step_ms) / 1000;
  const shade = (n: number) => ramp[most === 1 ? STEPS - 1 : Math.round((STEPS - 1) * Math.log(n) / Math.log(most))];

  function draw(u: uPlot): void {
    const { ctx } = u;
    for (const [i, row] of rows.entries()) {
      const top = Math.round(u.valToPos(edges[i + 1] as number, "y", true));
      const height = Math.round(u.valToPos(edges[i] as number, "y", true)) - top;
      for (const [bin, n] of row) {
        const left = Math.floor(u.valToPos(time(bin), "x", true));
        const width = Math.max(1, Math.ceil(u.valToPos(time(bin + 1), "x", true)) - left);
        ctx.fillStyle = shade(n) as string;
        ctx.fillRect(left, top, width, height);
      }
    }
  }

  function tell(u: uPlot): void {
    const { left = -1, top = -1 } = u.cursor;
    const bin = Math.floor((u.posToVal(left, "x") * 1000 - start_ms) / step_ms);
    const at = u.posToVal(top, "y");
    const i = edges.findLastIndex((edge) => edge <= at);
    const n = rows[i]?.find(([each]) => each === bin)?.[1];
    if (left < 0 || top < 0 || n === undefined) return say("");
    const clock = new Date(start_ms + bin * step_ms).toISOString().slice(11, step_ms < 1000 ? 23 : 19);
    say(`${clock}, ${range(edges_ms, i)}: ${grouped(n)}`);
  }

  return {
    data: [Array.from({ length: bins + 1 }, (_, i) => time(i)), new Array(bins + 1).fill(null)],
    options: {
      tzDate: utc,
      cursor: timeCursor,
      legend: { show: false },
      scales: { x: { time: true }, y: { range: [edges[0] as number, edges.at(-1) as number] } },
      axes: [timeAxis(), { ...durationAxis(), size: 76 }],
      series: [{}, { paths: () => null, points: { show: false } }],
      hooks: { draw: [clipped(draw)], setCursor: [tell] },
    },
  };
}

/** From where to where a bucket reaches. */
export function range(edges_ms: readonly number[], i: number): string {
  const [from, to] = [edges_ms[i] ?? 0, edges_ms[i + 1] ?? 0].map((edge) => rounded(duration(edge)));
  return `${from} to ${to}`;
}

/** Colours between those given, which are #rrggbb. */
function rampOf(stops: readonly string[]): string[] {
  const parts = stops.map((stop) => [1, 3, 5].map((at) => parseInt(stop.slice(at, at + 2), 16)));
  return Array.from({ length: STEPS }, (_, step) => {
    const at = step / (STEPS - 1) * (parts.length - 1), i = Math.min(Math.floor(at), parts.length - 2);
    const mixed = (parts[i] ?? []).map((from, k) => Math.round(from + (at - i) * ((parts[i + 1]?.[k] ?? from) - from)));
    return `rgb(${mixed.join(", ")})`;
  });
}
