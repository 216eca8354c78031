import { type Cell, type Column, recordColumns, recordHead, sampleColumns } from "./column.ts";
import { recordShown, showable } from "./show.ts";
import type { Tool } from "./tool.ts";

/** A JSON Schema (2020-12) of the lines that `--json` prints: events, and the summary at the end. */
export function schema(tool: Tool): Record<string, unknown> {
  const event = tool.sample
    ? record("interval", sampleColumns(tool.name, tool.columns))
    : record("event", recordColumns(tool.name, tool.columns), recordShown(Object.keys(showable)));
  const { time, tool: name } = event.properties;
  const counts = tool.count
    ? [record("count", [...recordHead(tool.name), ...tool.count.columns.filter((c) => c.record !== false)])]
    : [];
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: `nettrace ${tool.name}`,
    description: tool.summary,
    oneOf: [
      event,
      ...counts,
      {
        title: "summary",
        description: "The last line.",
        type: "object",
        properties: {
          time,
          tool: name,
          summary: {
            type: "object",
            properties: {
              printed: { type: "integer", minimum: 0, description: "Events printed." },
              lost: { type: "integer", minimum: 0, description: "Events lost." },
              lost_by: {
                type: "object",
                additionalProperties: { type: "integer", minimum: 0 },
                description: "Events lost, by cause.",
              },
            },
            required: ["printed", "lost", "lost_by"],
            additionalProperties: false,
          },
        },
        required: ["time", "tool", "summary"],
        additionalProperties: false,
      },
    ],
  };
}

/** The schema of a record with these columns, and with others that may be there. */
export function record(title: string, columns: readonly Column[], others: readonly Column[] = []) {
  const properties: Record<string, unknown> = Object.fromEntries(
    [...columns, ...others].map((c) => [c.key, { ...nullable(typeOf(c.cell), c), description: c.description }]),
  );
  return {
    title,
    type: "object",
    properties,
    required: columns.filter((c) => !c.option && !c.unless).map((c) => c.key),
    additionalProperties: false,
  };
}

/** The type of a column whose value may not be known has null besides. */
function nullable(type: Record<string, unknown>, column: Column): Record<string, unknown> {
  return column.known === undefined ? type : { ...type, type: [type["type"], "null"] };
}

function typeOf(cell: Cell): Record<string, unknown> {
  switch (cell.kind) {
    case "uint":
    case "realtime_us":
    case "quotient":
      return { type: "integer", minimum: 0 };
    case "int":
      return { type: "integer" };
    case "flag":
      return { type: "boolean" };
    case "list":
      return { type: "array", items: { type: "integer", minimum: 0 } };
    case "port":
      return { type: "integer", minimum: 0, maximum: 65535 };
    case "ip_version":
      return { enum: [4, 6] };
    case "address":
      return { type: "string", anyOf: [{ format: "ipv4" }, { format: "ipv6" }] };
    case "time":
      return { type: "string", format: "date-time" };
    case "mean":
    case "per_s":
    case "elapsed_ns":
    case "elapsed_s":
    case "ms":
      return { type: "number" };
    case "text":
      return { const: cell.text };
    case "stack":
      return { type: "array", items: { type: "string" } };
    case "cgroup":
    case "query":
      return { type: ["string", "null"] };
    case "connection":
      return { type: "string", pattern: "^[0-9a-f]{16}$" };
    case "named":
    case "symbol":
    case "joined":
    case "endpoint":
    case "enum":
    case "hex":
    case "comm":
    case "time_of_day":
      return { type: "string" };
  }
}
