import { recordColumns, recordHead, sampleColumns } from "../column.ts";
import { record } from "../schema.ts";
import { recordShown, showable } from "../show.ts";
import type { Tool } from "../tool.ts";
import { connectionColumn, newConnections } from "./connection.ts";
import { SCHEMA } from "./segment.ts";

const COUNT = { type: "integer", minimum: 0 };
const BY_CAUSE = { type: "object", additionalProperties: COUNT, description: "Events lost, by cause." };
const OFFSET = {
  type: "string",
  pattern: "^[0-9]{1,19}$",
  description: "Realtime minus monotonic clock of the host, in nanoseconds: times less this are those of its uptime.",
};
const TEXT = { type: "string" };
const TIME = { type: "string", format: "date-time" };

/**
 * A JSON Schema (2020-12) of the lines of a tool's recordings. A file has a header, which may be missing, then events (of
 * tools that sample, rows behind the line of their interval) with notes among them, and a footer, which is missing where
 * recording was cut off.
 */
export function schema(tool: Tool): Record<string, unknown> {
  const connection = newConnections().of(tool) ? [connectionColumn] : [];
  const event = tool.sample
    ? record("row of an interval", sampleColumns(tool.name, tool.columns))
    : record("event", recordColumns(tool.name, tool.columns), [...recordShown(Object.keys(showable)), ...connection]);
  const note = (key: string, description: string, properties: Record<string, unknown>, required: readonly string[]) => {
    const head = record(key, recordHead(tool.name));
    return {
      ...head,
      description,
      properties: { ...head.properties, [key]: { type: "object", properties, required } },
      required: [...head.required, key],
    };
  };
  const interval = {
    start: TIME,
    end: TIME,
    partial: { type: "boolean", description: "Whether it ended before its time." },
    texts: { type: "object", additionalProperties: TEXT, description: "Files of the host that the report shows." },
    variables: { type: "object", additionalProperties: COUNT, description: "Other numbers that the report shows." },
  };
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: `recording of nettrace ${tool.name}`,
    description: `A line of a recording. ${tool.summary}.`,
    oneOf: [
      note("header", "The first line.", {
        schema: { const: SCHEMA },
        nettrace: { ...TEXT, description: "The version that recorded." },
        options: {
          type: "array",
          items: TEXT,
          description: "The tool's options; replay takes over those of its output.",
        },
        host: TEXT,
        boot_id: {
          ...TEXT,
          description: "Of the host's boot: events of one boot are in their order whatever its clock.",
        },
        kernel: TEXT,
        clock_offset_ns: OFFSET,
        plan: { ...TEXT, description: "The plan of hooks." },
      }, ["schema"]),
      event,
      ...tool.sample ? [note("interval", "Stands before the rows of an interval.", interval, ["start", "end"])] : [],
      note("clock", "The clock was set, or ran otherwise than before.", { offset_ns: OFFSET }, ["offset_ns"]),
      { ...note("lost", "More was lost in this file: all up to now.", {}, []), ...lost(tool) },
      note("footer", "The last line.", { events: COUNT, lost: COUNT, lost_by: BY_CAUSE }, ["lost_by"]),
    ],
  };
}

/** Losses by cause stand right under their key. */
function lost(tool: Tool): Record<string, unknown> {
  return { properties: { ...record("lost", recordHead(tool.name)).properties, lost: BY_CAUSE } };
}
