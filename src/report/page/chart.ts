/// <reference lib="dom" />
import uPlot from "uplot";
import type { Chart } from "../model.ts";
import { element } from "./element.ts";
import { heatOptions } from "./heat.ts";
import { histogramOptions } from "./histogram.ts";
import { seriesOptions } from "./series.ts";
import { isPrinted, onThemeChange } from "./theme.ts";

/** What uPlot needs for a chart, without its size. */
export interface Plot {
  options: Omit<uPlot.Options, "width" | "height">;
  data: uPlot.AlignedData;
}

const HEIGHT = 240;
// Three charts of an A4 page, and as wide as its text.
const PRINTED_WIDTH = 640, PRINTED_HEIGHT = 190;

function plotOf(chart: Chart, say: (text: string) => void): Plot {
  switch (chart.kind) {
    case "series":
      return seriesOptions(chart);
    case "heat":
      return heatOptions(chart, say);
    case "histogram":
      return histogramOptions(chart, say);
  }
}

/** A chart under its title. Dragging zooms, and a double click shows all again. */
export function chartView(chart: Chart): HTMLElement {
  const place = element("div", "plot");
  const hint = element("p", "hint", "\u00a0");
  const figure = element(
    "figure",
    chart.kind,
    element("figcaption", "", chart.title),
    place,
    chart.kind === "series" ? undefined : hint,
  );
  let plot: uPlot | undefined;
  const draw = () => {
    const width = isPrinted() ? PRINTED_WIDTH : place.clientWidth;
    if (width === 0) return;
    const { options, data } = plotOf(chart, (text) => hint.textContent = text || "\u00a0");
    const { min, max } = plot?.scales["x"] ?? {};
    plot?.destroy();
    plot = new uPlot({ ...options, width, height: isPrinted() ? PRINTED_HEIGHT : HEIGHT }, data, place);
    if (min != null && max != null) plot.setScale("x", { min, max });
  };
  const fit = () => {
    if (plot === undefined) draw();
    else if (!isPrinted()) plot.setSize({ width: place.clientWidth, height: HEIGHT });
  };
  new ResizeObserver(() => requestAnimationFrame(fit)).observe(place); // later, since it changes what is observed
  onThemeChange(draw);
  return figure;
}
