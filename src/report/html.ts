import { harmless } from "../output/text.ts";
import type { Report } from "./model.ts";

/** Where a report's data go in the page (src/report/page/page.html). */
export const DATA_MARK = "<!--report-->";

/**
 * The page of a report, in parts, from the page without one. In the data no text can end the element that they are in,
 * or begin another.
 */
export function reportHtml(report: Report, page: string): string[] {
  const at = page.indexOf(DATA_MARK);
  if (at < 0) throw new Error("the page has no place for a report");
  const data = JSON.stringify(report, (_, value) => typeof value === "string" ? harmless(value) : value);
  return [
    `${page.slice(0, at)}<script type="application/json" id="report">`,
    data.replaceAll("<", "\\u003c"),
    `</script>${page.slice(at + DATA_MARK.length)}`,
  ];
}
