/// <reference lib="dom" />
import { formatted, grouped } from "../format.ts";
import type { Cell, Column, Table } from "../model.ts";
import { element } from "./element.ts";

// Fewer rows are seen at a glance.
const FILTER_FROM = 6;
// page.css leaves out those after.
const PRINTED_ROWS = 25;

interface Row {
  cells: readonly Cell[];
  /** What the filter looks at. */
  text: string;
  view: HTMLElement;
}

/** A table that its headings sort, and a field above filters. */
export function tableView(table: Table): HTMLElement {
  const { title, columns, note, others } = table;
  const most = columns.map((_, i) => Math.max(...table.rows.map((cells) => size(cells[i] ?? null))));
  const rows = table.rows.map((cells): Row => ({
    cells,
    text: cells.map((cell, i) => shown(cell, columns[i] as Column)).join(" ").toLowerCase(),
    view: rowView(cells, columns, most),
  }));
  const body = element("tbody", "", ...rows.map((row) => row.view));
  const count = element("span", "matches");
  const filter = element("input", "");
  filter.type = "search";
  filter.placeholder = "Filter";
  filter.setAttribute("aria-label", `Filter ${title}`);
  filter.addEventListener("input", () => {
    const words = filter.value.toLowerCase().split(/\s+/);
    let left = 0;
    for (const { text, view } of rows) {
      view.hidden = !words.every((word) => text.includes(word));
      if (!view.hidden) left++;
    }
    count.textContent = left < rows.length ? `${grouped(left)} of ${grouped(rows.length)} rows` : "";
  });
  const head = element(
    "thead",
    "",
    element("tr", "", ...headings(columns, (i, down) => body.append(...sorted(rows, i, down).map((row) => row.view)))),
  );
  const foot = others && element("tfoot", "", othersView(others, columns));
  const scroller = element("div", "scroller", element("table", "", head, body, foot));
  scroller.tabIndex = 0; // so that keys scroll it
  return element(
    "div",
    "table",
    element("div", "bar", element("h3", "", title), count, rows.length >= FILTER_FROM ? filter : undefined),
    scroller,
    note === undefined ? undefined : element("p", "note", note),
    rows.length <= PRINTED_ROWS
      ? undefined
      : element("p", "note paper", `Of ${grouped(rows.length)} rows, paper has the first ${PRINTED_ROWS}.`),
  );
}

/** The headings; `sort` is told the column and whether the largest come first. */
function headings(columns: readonly Column[], sort: (i: number, down: boolean) => void): HTMLElement[] {
  const cells = columns.map((column, i) => {
    const button = element("button", "", column.heading);
    const cell = element("th", column.kind, button);
    cell.scope = "col";
    button.type = "button";
    button.addEventListener("click", () => {
      const isText = column.kind === "text";
      const before = cell.getAttribute("aria-sort");
      const down = before === null ? !isText : before === "ascending";
      for (const other of cells) other.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      sort(i, down);
    });
    return cell;
  });
  return cells;
}

/** Unknown values are last either way. */
function sorted(rows: readonly Row[], i: number, down: boolean): Row[] {
  const sign = down ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [x, y] = [a.cells[i] ?? null, b.cells[i] ?? null];
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    if (typeof x === "number" && typeof y === "number") return sign * (x - y);
    return sign * String(x).localeCompare(String(y), "en", { numeric: true });
  });
}

function rowView(cells: readonly Cell[], columns: readonly Column[], most: readonly number[]): HTMLElement {
  return element(
    "tr",
    "",
    ...cells.map((cell, i) => {
      const column = columns[i] as Column;
      const made = element("td", column.kind, shown(cell, column));
      if (BARRED.has(column.kind) && (most[i] as number) > 0) {
        made.style.setProperty("--part", `${(100 * size(cell) / (most[i] as number)).toFixed(1)}%`);
      }
      return made;
    }),
  );
}

const BARRED: ReadonlySet<string> = new Set(["count", "bytes", "ms"]);

function size(cell: Cell): number {
  return typeof cell === "number" ? cell : 0;
}

function othersView({ rows, cells }: NonNullable<Table["others"]>, columns: readonly Column[]): HTMLElement {
  const name = rows === null ? "many more" : `${grouped(rows)} more`;
  const shownCells = cells.map((cell, i) =>
    element("td", columns[i]?.kind ?? "", i === 0 ? name : cell === null ? "" : shown(cell, columns[i] as Column))
  );
  return element("tr", "", ...shownCells);
}

function shown(cell: Cell, { kind }: Column): string {
  if (kind === "time" && typeof cell === "string") return cell.replace("T", " ").replace("Z", "").slice(0, 23);
  return formatted(cell, kind);
}
