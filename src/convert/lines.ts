import type { RecordedEvent } from "../record/line.ts";
import type { SegmentState } from "../record/reader.ts";
import type { Output, Writer } from "./format.ts";
import type { Table } from "./table.ts";

const AT_ONCE = 256 * 1024; // characters
const encoder = new TextEncoder();

/** Writes text, many records at once; `textOf` makes a record's text, line end included. */
export function lineWriter(
  output: Output,
  head: string,
  textOf: (event: RecordedEvent, table: Table, segment: SegmentState) => string,
): Writer {
  let text = head, records = 0;
  const flush = () => {
    if (text !== "") output.write(encoder.encode(text));
    text = "";
    records = 0;
  };
  return {
    misfits: 0,
    waiting: () => records,
    flush,
    add(event, table, segment) {
      text += textOf(event, table, segment);
      records++;
      if (text.length >= AT_ONCE) flush();
    },
    end: flush,
  };
}
