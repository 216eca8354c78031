import type { Cell, Column, Report, Table } from "./model.ts";

/** A report as one object: sections and tables by their ids, rows by their columns' keys. Charts are the page's. */
export function reportJson({ sections, ...rest }: Report): Record<string, unknown> {
  return {
    ...rest,
    sections: Object.fromEntries(
      sections.map(({ id, title, notes, tables }) => [
        id,
        { title, notes, ...Object.fromEntries(tables.map((table) => [table.id, tableJson(table)])) },
      ]),
    ),
  };
}

function tableJson({ columns, rows, others, note }: Table) {
  return {
    rows: rows.map((cells) => keyed(columns, cells)),
    ...others &&
      {
        others: {
          rows: others.rows,
          ...keyed(columns.filter((_, i) => others.cells[i] !== null), others.cells.filter((c) => c !== null)),
        },
      },
    ...note !== undefined && { note },
  };
}

function keyed(columns: readonly Column[], cells: readonly Cell[]) {
  return Object.fromEntries(columns.map(({ key }, i) => [key, cells[i] ?? null]));
}
