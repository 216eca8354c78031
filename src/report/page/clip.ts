/// <reference lib="dom" />
import type uPlot from "uplot";

/** A hook that paints within a plot's axes. */
export function clipped(paint: (u: uPlot) => void): (u: uPlot) => void {
  return (u) => {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    paint(u);
    ctx.restore();
  };
}
