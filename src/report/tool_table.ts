import type { Report, Table } from "./model.ts";

/** The table of the tools. */
export function toolTable({ tools }: Pick<Report, "tools">): Table {
  return {
    id: "tools",
    title: "Tools",
    columns: [
      { key: "tool", heading: "TOOL", kind: "text" },
      { key: "events", heading: "EVENTS", kind: "count" },
      { key: "events_per_s", heading: "RATE", kind: "rate" },
      { key: "lost", heading: "LOST", kind: "count" },
      { key: "start", heading: "FROM", kind: "time" },
      { key: "end", heading: "TO", kind: "time" },
    ],
    rows: tools.map((t) => [t.tool, t.events, t.events_per_s, t.lost, t.start, t.end]),
  };
}
