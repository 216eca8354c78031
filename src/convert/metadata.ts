import { sumLosses, total } from "../loss.ts";
import type { SegmentState } from "../record/reader.ts";
import type { Table } from "./table.ts";

/** What a file tells of where its records come from: JSON, but for the first three. */
export function metadata(
  { tool, name }: Table,
  schema: number,
  version: string,
  segments: readonly SegmentState[],
): { key: string; value: string }[] {
  const own = segments.filter((segment) => segment.tool === tool);
  const lost_by = sumLosses(own.map((segment) => segment.lost_by));
  const all = (of: (segment: SegmentState) => string | undefined) =>
    JSON.stringify([...new Set(own.map(of))].filter((value) => value !== undefined && value !== ""));
  return Object.entries({
    "nettrace.tool": tool,
    "nettrace.table": name,
    "nettrace.version": version,
    "nettrace.schema": String(schema),
    "nettrace.hosts": all((s) => s.host),
    "nettrace.recorded_by": all((s) => s.header?.nettrace),
    "nettrace.kernels": all((s) => s.header?.kernel),
    "nettrace.lost": JSON.stringify(total(lost_by)),
    "nettrace.lost_by": JSON.stringify(lost_by),
    "nettrace.missing": all((s) => s.missing),
  }).map(([key, value]) => ({ key, value }));
}
