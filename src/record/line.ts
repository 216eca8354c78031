import { isTooDeep } from "./value.ts";

/** An event, or a row of an interval, as `--json` prints it. */
export interface RecordedEvent {
  readonly [key: string]: unknown;
  readonly time: string;
  readonly tool: string;
}

/** A line of a recording; undefined if it is none. */
export function parseLine(text: string): RecordedEvent | undefined {
  try {
    const line = JSON.parse(text);
    const isRecord = typeof line?.time === "string" && typeof line.tool === "string" && !isTooDeep(line, text.length);
    return isRecord ? line : undefined;
  } catch {
    return undefined;
  }
}

const KINDS = ["header", "interval", "clock", "lost", "footer"] as const;
export type Kind = typeof KINDS[number] | "event";

const MOST_KEYS_OF_OTHERS = 4; // time, tool, and what it is

/** What a line is, by what it has besides `time` and `tool`. */
export function kindOf(line: RecordedEvent): Kind {
  let keys = 0;
  for (const _ in line) if (++keys === MOST_KEYS_OF_OTHERS) return "event";
  for (const kind of KINDS) if (isObject(line[kind])) return kind;
  return isObject(line["summary"]) ? "footer" : "event";
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
