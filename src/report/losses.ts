import { lossLine, sumLosses, total } from "../loss.ts";
import type { SegmentState } from "../record/reader.ts";
import type { LossSummary } from "./model.ts";

/** What segments tell of what is not in them. */
export function lossesOf(segments: readonly SegmentState[], untimed: number, ranged: boolean): LossSummary {
  const lossy = Array.from(Map.groupBy(segments, ({ tool }) => tool)).map(([tool, own]) => {
    const lost_by = sumLosses(own.map((segment) => segment.lost_by));
    return { tool, lost_by, sentence: `${tool} ${lossLine(lost_by)}.` };
  }).filter(({ lost_by }) => total(lost_by) > 0);
  const cut_short = segments.flatMap(({ path, missing }) => missing === undefined ? [] : [{ path, missing }]);
  const lost = lossy.reduce((sum, { lost_by }) => sum + total(lost_by), 0);
  return {
    complete: lost === 0 && cut_short.length === 0 && untimed === 0 && segments.length > 0,
    lost,
    tools: lossy,
    cut_short,
    untimed,
    ranged,
  };
}

/** The sentences that say what is missing, or that nothing is. */
export function lossSentences(losses: LossSummary): string[] {
  if (losses.complete) return ["Nothing was lost."];
  const { tools, cut_short, untimed, ranged } = losses;
  return [
    ...tools.map(({ sentence }) => sentence),
    ...ranged && tools.length > 0 ? ["Losses are those of whole segments, not of the time asked for alone."] : [],
    ...tools.length === 0 && cut_short.length > 0 ? ["No loss was counted, as far as this goes:"] : [],
    ...cut_short.map(({ missing }) => missing),
    ...untimed > 0
      ? [`${untimed} event${untimed === 1 ? "" : "s"} without a valid time ${untimed === 1 ? "is" : "are"} left out.`]
      : [],
  ];
}
