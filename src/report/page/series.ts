/// <reference lib="dom" />
import uPlot from "uplot";
import { bytes, rate } from "../format.ts";
import type { SeriesChart } from "../model.ts";
import { axis, rounded, timeAxis, timeCursor, utc } from "./axis.ts";
import type { Plot } from "./chart.ts";
import { colour, LINE_COLOURS } from "./theme.ts";

/** Lines of how much there was per second. */
export function seriesOptions({ unit, start_ms, step_ms, lines }: SeriesChart): Plot {
  const bins = lines[0]?.values.length ?? 0, step_s = step_ms / 1000;
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  const incrs = unit === "bytes" ? { incrs: Array.from({ length: 60 }, (_, i) => 2 ** i) } : {};
  const shown = (n: number | null) => n === null ? "" : unit === "bytes" ? `${bytes(n)}/s` : rate(n);
  const times = Array.from({ length: bins + 1 }, (_, i) => start_ms / 1000 + i * step_s);
  return {
    // A bin lasts until the next one begins, and so does the last.
    data: [times, ...lines.map(({ values }) => [...values, values.at(-1) ?? 0].map((n) => n / step_s))],
    options: {
      tzDate: utc,
      cursor: timeCursor,
      scales: { x: { time: true }, y: { range: (_, __, max) => [0, max > 0 ? max * 1.05 : 1] } },
      axes: [timeAxis(), {
        ...axis(),
        ...incrs,
        size: 76,
        values: (_, splits) => splits.map((n) => rounded(shown(n))),
      }],
      series: [
        { label: "Time", value: "{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}" },
        ...lines.map(({ name }, i): uPlot.Series => ({
          label: name,
          stroke: colour(`line-${i % LINE_COLOURS}`),
          width: 1.5,
          ...stepped && { paths: stepped },
          points: { show: false },
          value: (_, n) => shown(n),
        })),
      ],
    },
  };
}
