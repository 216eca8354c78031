import { type Column, recordHead, tableColumns } from "./column.ts";
import { BadInput } from "./failure.ts";
import type { Kernel } from "./kernel.ts";
import { NO_LOOKUPS } from "./lookup.ts";
import { compileRow, csvFormat, type Format, jsonFormat, rowLimit, tableFormat, tableHeading } from "./output/row.ts";
import { newClock } from "./output/clock.ts";
import { newSink } from "./output/sink.ts";
import { conclude, flushAll, IDLE_WAIT_MS, type OutputFormat, type Run } from "./run.ts";
import { relinquish } from "./privilege.ts";
import { openSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";
import type { CountMode, Layout } from "./tool.ts";

/**
 * Runs a tool that counts: the kernel counts until the terminal wants an end, and a row for each count is printed then.
 * Throws BadInput and CannotRun.
 */
export async function runCount(run: Run, kernel: Kernel, terminal: Terminal): Promise<void> {
  const { tool } = run;
  const { count: mode, layout: { count: layout } } = tool;
  if (!mode || !layout) throw new Error(`${tool.name} does not count`);
  if (run.given.has("show")) {
    throw new BadInput(
      `--show adds to the rows of events, of which --${mode.option} prints none: leave one of them out.`,
    );
  }
  const learned = tool.learn?.(kernel, (line) => terminal.warn(line), run.given);
  using session = openSession(tool, { ...run, constants: { ...learned?.constants, ...run.constants } }, kernel);
  const ring = session.ring();
  relinquish([run], kernel, (line) => terminal.warn(line));
  const { columns, format, head } = layoutOf(run.format, tool.name, mode);
  const sink = newSink(terminal, rowLimit(columns));
  if (run.format === "table") sink.text(tool.intro ?? "");
  sink.flush();
  while (!sink.closed && !terminal.stopping()) {
    kernel.wait([ring], IDLE_WAIT_MS); // nothing comes; signals end it
    await kernel.turn();
    session.sweep();
  }

  session.detach();
  const entries = session.counts();
  const { buffer } = entries;
  const views = { u8: entries, u16: new Uint16Array(buffer), u32: new Uint32Array(buffer) };
  const clock = newClock(kernel.clockOffset());
  const lookups = { ...NO_LOOKUPS, ...learned?.lookups };
  const row = compileRow(columns, layout.fields, format, views, sink.out, clock, lookups);
  sink.text(head);
  let taken = true; // until nobody takes rows any more
  for (const at of inOrder(entries, layout, mode)) {
    if (!sink.row((p) => row(at, p)) && taken) taken = flushAll(sink, terminal);
  }
  flushAll(sink, terminal);
  if (!sink.closed) conclude(run, sink, { ...session.losses(), unwritten: sink.waiting }, terminal);
}

/** Where the entries begin, in the order of the rows. */
function inOrder(entries: Uint8Array, layout: NonNullable<Layout["count"]>, mode: CountMode): number[] {
  const view = new DataView(entries.buffer);
  const { family, count } = layout.fields;
  if (!count) throw new Error("counts have no number");
  const familyAt = (at: number) => family ? view.getUint16(at + family.offset, true) : 0;
  const sign = mode.order === "ascending" ? 1n : -1n;
  return Array.from({ length: entries.length / layout.size }, (_, i) => i * layout.size).sort((a, b) =>
    familyAt(a) - familyAt(b) ||
    Number(sign * (view.getBigUint64(a + count.offset, true) - view.getBigUint64(b + count.offset, true)))
  );
}

/** The columns of the output, how a row is written, and what stands before the first. */
function layoutOf(
  format: OutputFormat,
  tool: string,
  mode: CountMode,
): { columns: readonly Column[]; format: Format; head: string } {
  if (format === "table") {
    const columns = tableColumns(mode.columns, new Set());
    return { columns, format: tableFormat, head: "\n" + tableHeading(columns) };
  }
  const time = new Date().toISOString();
  const columns = [...recordHead(tool), ...mode.columns.filter((c) => c.record !== false)].map((c): Column =>
    c.key === "time" ? { ...c, cell: { kind: "text", text: time } } : c
  );
  if (format === "json") return { columns, format: jsonFormat, head: "" };
  return { columns, format: csvFormat("\r\n"), head: columns.map((c) => c.key).join(",") + "\r\n" };
}
