import type { ParquetWriter } from "hyparquet-writer/src/parquet-writer.js";
import type { ColumnType, TableColumn } from "./table.ts";

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]["schema"][number];

/**
 * The columns as Parquet has them. All but the time may be null, also where a record always has them: one of an earlier
 * version may not.
 */
export function schemaOf(columns: readonly TableColumn[]): SchemaElement[] {
  return [{ name: "root", num_children: columns.length }, ...columns.flatMap(elements)];
}

function elements({ key, type }: TableColumn): SchemaElement[] {
  const repetition_type = key === "time" ? "REQUIRED" : "OPTIONAL";
  if (type !== "int64_list" && type !== "string_list") return [{ name: key, repetition_type, ...SCALARS[type] }];
  const element = SCALARS[type === "int64_list" ? "int64" : "string"];
  return [
    { name: key, repetition_type, num_children: 1, converted_type: "LIST", logical_type: { type: "LIST" } },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    { name: "element", repetition_type: "OPTIONAL", ...element },
  ];
}

type Scalar = Exclude<ColumnType, "int64_list" | "string_list">;

const SCALARS: Record<Scalar, Omit<SchemaElement, "name">> = {
  time: { type: "INT64", logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "NANOS" } },
  flag: { type: "BOOLEAN" },
  int32: { type: "INT32" },
  int64: { type: "INT64" },
  double: { type: "DOUBLE" },
  string: { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
};
