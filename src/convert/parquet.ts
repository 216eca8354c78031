import { ByteWriter } from "hyparquet-writer/src/bytewriter.js";
import { ParquetWriter } from "hyparquet-writer/src/parquet-writer.js";
import zlib from "node:zlib";
import type { RecordedEvent } from "../record/line.ts";
import type { SegmentState } from "../record/reader.ts";
import { SCHEMA } from "../record/segment.ts";
import type { FileFormat, Output } from "./format.ts";
import { metadata } from "./metadata.ts";
import { newValues } from "./parquet_values.ts";
import { schemaOf } from "./parquet_schema.ts";

/** Readers work on row groups in parallel; what a group takes in memory is its price. */
const ROWS_IN_GROUP = 32768;

/** Parquet: row groups of 32 Ki rows, zstd, statistics, and what is known of the recording as key-value metadata. */
export const parquet: FileFormat = {
  ending: "parquet",
  perTable: true,
  binary: true,
  open(output, table, without) {
    const columns = table.columns.filter((c) => !without.has(c.key));
    const values = newValues();
    const file = new ParquetWriter({
      writer: streamTo(output),
      schema: schemaOf(columns),
      codec: "ZSTD",
      compressors: { ZSTD: (bytes) => zlib.zstdCompressSync(bytes) },
      createdBy: "nettrace",
    });
    let events: RecordedEvent[] = [], segments: SegmentState[] = [];
    const flush = () => {
      if (events.length === 0) return;
      const columnData = columns.map((column) => ({
        name: column.key,
        data: column.key === "host" ? segments.map((s) => s.host) : values.of(column, events),
        // Nearly each record of most tools is of another connection, so a dictionary would only be tried in vain.
        ...column.key === "conn_id" && { encoding: "PLAIN" as const },
        ...column.key === "time" && { encoding: "DELTA_BINARY_PACKED" as const },
      }));
      file.write({ columnData, rowGroupSize: ROWS_IN_GROUP });
      [events, segments] = [[], []];
    };
    return {
      get misfits() {
        return values.misfits();
      },
      waiting: () => events.length,
      flush,
      add(event, _table, segment) {
        events.push(event);
        segments.push(segment);
        if (events.length === ROWS_IN_GROUP) flush();
      },
      end({ version, segments }) {
        flush();
        file.kvMetadata = metadata(table, SCHEMA, version, segments);
        file.finish();
      },
    };
  },
};

/** The library's writer, whose bytes go to the output after each row group. */
function streamTo(output: Output): ByteWriter & { flush(): void } {
  const writer = new ByteWriter();
  const flush = () => {
    if (writer.index > 0) output.write(writer.getBytes());
    // A new buffer, as there may be thousands of files. `offset` goes on: it is the place in the file.
    const { buffer, view } = new ByteWriter();
    Object.assign(writer, { buffer, view, index: 0 });
  };
  return Object.assign(writer, { flush, finish: flush });
}
