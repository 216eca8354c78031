// Prints the rows of the Parquet file that the argument names as lines of JSON, whole numbers of 64 bits as text: with
// nanoseconds, which DuckDB does not have in times with a zone.
import { parquetReadObjects } from "hyparquet";
import zlib from "node:zlib";

const [path = ""] = Deno.args;
const { buffer } = Deno.readFileSync(path);
const rows = await parquetReadObjects({
  file: buffer,
  compressors: { ZSTD: (input) => zlib.zstdDecompressSync(input) },
  parsers: { timestampFromNanoseconds: (ns: bigint) => ns } as never,
});
for (const row of rows) {
  console.log(JSON.stringify(row, (_key, value) => typeof value === "bigint" ? String(value) : value));
}
