import type { Cell } from "../column.ts";
import { cellText } from "../record/value.ts";
import type { FileFormat } from "./format.ts";
import { lineWriter } from "./lines.ts";

/** CSV as `--csv` prints it, with every column that the table can have. */
export const csv: FileFormat = {
  ending: "csv",
  perTable: true,
  open(output, { columns }, without) {
    const shown = columns.filter((c) => !without.has(c.key));
    const cells = shown.map(({ key, cell }) => ({ key, text: textOf(cell) }));
    const head = shown.map((c) => c.key).join(",") + "\r\n";
    return lineWriter(output, head, (event, _table, { host }) => {
      const fields = cells.map(({ key, text }) => {
        const value = key === "host" ? host : event[key];
        return value === undefined || value === null ? "" : text(value);
      });
      return fields.join(",") + "\r\n";
    });
  },
};

/** How a value of a cell stands in a field. */
function textOf(cell: Cell): (value: unknown) => string {
  switch (cell.kind) {
    case "elapsed_s":
    case "mean":
    case "per_s":
    case "ms":
      return (value) => typeof value === "number" ? value.toFixed(cell.digits) : field(cellText(value));
    case "stack":
      return (value) => field(Array.isArray(value) ? value.map(cellText).join(";") : cellText(value));
    case "comm":
      return (value) => field(cellText(value), /[^ -~]|[",]/);
    case "cgroup":
    case "list":
      return (value) => `"${cellText(value).replaceAll('"', '""')}"`;
    default:
      return (value) => field(cellText(value));
  }
}

/** A field of RFC 4180, quoted if it must be. */
function field(text: string, odd = /[",\r\n]/): string {
  return odd.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
