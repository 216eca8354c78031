import { harmless } from "../output/text.ts";
import { duration, formatted, grouped } from "./format.ts";
import { lossSentences } from "./losses.ts";
import { toolTable } from "./tool_table.ts";
import type { Cell, Column, Report, Section, Table } from "./model.ts";

const WIDTH = 80, GAP = 2, INDENT = "  ";
// Narrower columns of text look crammed; longer texts stand in a line of their own.
const TEXT_LEAST = 12;

/** A report for people, in lines of 80 columns; longer ones only where a text of the recording is. */
export function reportText(report: Report): string {
  const { period, hosts, events, segments } = report;
  const days = period !== null && period.start.slice(0, 10) !== period.end.slice(0, 10);
  const head: [string, string][] = [
    [
      "Period",
      period === null
        ? "none"
        : `${day(period.start)} ${clock(period.start)} to ${days ? `${day(period.end)} ` : ""}${
          clock(period.end)
        } UTC (${duration(period.duration_s * 1000)})`,
    ],
    ...hosts.length === 0 ? [] : [["Hosts", hosts.join(", ")] as [string, string]],
    ["Events", `${grouped(events)} in ${segments} segment${segments === 1 ? "" : "s"}`],
  ];
  return [
    ...head.flatMap(([name, value]) => wrapped(value, name.padEnd(10), " ".repeat(10))),
    ...lossSentences(report.losses).flatMap((s, i) => wrapped(s, (i === 0 ? "Losses" : "").padEnd(10), " ".repeat(10))),
    "",
    ...report.tools.length === 0 ? [] : [...tableText(toolTable(report), days), ""],
    ...report.sections.flatMap((section) => sectionText(section, days)),
  ].join("\n").trimEnd() + "\n";
}

function sectionText(section: Section, days: boolean): string[] {
  return [
    section.title,
    "=".repeat(section.title.length),
    ...section.notes.flatMap((note) => wrapped(note, "", "")),
    "",
    ...section.tables.flatMap((table) => [`${table.title}:`, ...tableText(table, days), ""]),
  ];
}

/** A table's lines: texts to the left, numbers to the right. */
export function tableText(table: Table, days: boolean): string[] {
  const { columns, others } = table;
  const show = (cells: readonly Cell[]) =>
    cells.map((cell, i) => {
      const { kind } = columns[i] as Column;
      return harmless(kind === "time" && typeof cell === "string" ? moment(cell, days) : formatted(cell, kind));
    });
  const rows = table.rows.map(show);
  const last = others && show(others.cells).map((cell, i) => others.cells[i] === null ? "" : cell);
  const widths = columns.map((column, i) => {
    const cells = [...rows, ...last ? [last] : []].map((row) => row[i] as string);
    return Math.max(column.heading.length, ...cells.map((cell) => cell.length));
  });
  fit(columns, widths);
  const lines = [columns.map((c) => c.heading), ...rows].flatMap((row) => line(row, columns, widths));
  if (others && last) {
    const summed = columns.flatMap(({ heading }, i) => last[i] ? [`${heading.toLowerCase()} ${last[i]}`] : []);
    const count = others.rows === null ? "many more" : `${grouped(others.rows)} more`;
    lines.push(...wrapped(`${count}${summed.length > 0 ? `: ${summed.join(", ")}` : ""}`, "... ", "    "));
  }
  return [...lines, ...table.note === undefined ? [] : wrapped(table.note, "", "")].map((text) => INDENT + text);
}

const day = (time: string) => time.slice(0, 10);
const clock = (time: string) => time.slice(11, 23).replace("Z", "");

/** A time as a table shows it: where there are more days than one, with its day and without the fraction. */
function moment(time: string, days: boolean): string {
  return days ? `${time.slice(5, 10)} ${time.slice(11, 19)}` : clock(time);
}

/** Makes the widest columns of text narrower, until the line fits. */
function fit(columns: readonly Column[], widths: number[]): void {
  const most = WIDTH - INDENT.length - GAP * (columns.length - 1);
  for (let over = widths.reduce((sum, w) => sum + w, 0) - most; over > 0; over--) {
    let widest = -1;
    for (const [i, column] of columns.entries()) {
      if (column.kind === "text" && (widths[i] as number) > (widths[widest] ?? TEXT_LEAST)) widest = i;
    }
    if (widest < 0) return;
    widths[widest] = widths[widest] as number - 1;
  }
}

/** A row, broken after each text that is longer than its column: nothing is cut, since what is cut may be believed. */
function line(cells: readonly string[], columns: readonly Column[], widths: readonly number[]): string[] {
  const lines: string[] = [];
  let text = "", at = 0;
  for (const [i, cell] of cells.entries()) {
    const width = widths[i] as number;
    text = text.padEnd(at) + (columns[i]?.kind === "text" || columns[i]?.kind === "time" ? cell : cell.padStart(width));
    at += width + GAP;
    if (text.length > at - GAP && i < cells.length - 1) {
      lines.push(text);
      text = "";
    }
  }
  return [...lines, text].map((each) => each.trimEnd());
}

function wrapped(text: string, head: string, indent: string): string[] {
  const lines: string[] = [];
  let current = head;
  for (const word of harmless(text).split(" ")) {
    if (current.trim() !== "" && current !== head && current.length + word.length > WIDTH - INDENT.length) {
      lines.push(current.trimEnd());
      current = indent;
    }
    current += `${word} `;
  }
  return [...lines, current.trimEnd()];
}
