// The bench's results as text: aligned for a terminal, and as docs/performance.md.
import { ABOUT, type Bench } from "./about.ts";
import { type Goal, type Measure, met, type Quartiles, ratio } from "./measure.ts";

const HEADING = ["measure", "nettrace", "C", "ratio", "goal", "met"];

/** A number with three digits that count, or all digits before its point; a whole one as it is. */
export function rounded(n: number): string {
  if (Number.isInteger(n)) return String(n);
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(n))));
  return n.toFixed(Math.min(digits, 4));
}

function goalText(goal: Goal | undefined, unit: string): string {
  if (!goal) return "";
  const bound = goal.most !== undefined ? `at most ${goal.most}` : `at least ${goal.least}`;
  return goal.of === "ratio" ? `ratio ${bound}` : `${bound} ${unit}`;
}

function cells(measure: Measure): string[] {
  const { name, unit, nettrace, c, goal, quartiles } = measure;
  const times = ratio(measure);
  const value = (n: number | undefined, q: Quartiles | undefined) =>
    n === undefined ? "" : `${rounded(n)}${q ? ` (${rounded(q[0])} to ${rounded(q[1])})` : ""} ${unit}`;
  const isMet = met(measure);
  return [
    name,
    value(nettrace, quartiles?.nettrace),
    value(c, quartiles?.c),
    times === undefined || !Number.isFinite(times) ? "" : rounded(times),
    goalText(goal, unit),
    isMet === undefined ? "" : isMet ? "yes" : "no",
  ];
}

/** A table for the terminal. */
export function table(measures: readonly Measure[]): string {
  const rows = [HEADING, ...measures.map(cells)];
  const widths = HEADING.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: string[]) =>
    row.map((cell, i) => i === 0 || i > 3 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)).join("  ")
      .trimEnd();
  return rows.map(line).join("\n") + "\n";
}

/** What one bench measured. */
export interface Group {
  bench: Bench;
  measures: readonly Measure[];
}

/** docs/performance.md: on what it was measured, and for each bench how, and the results. */
export function page(groups: readonly Group[], machine: readonly [string, string][]): string {
  const markdown = (rows: string[][], align: string[]) =>
    [rows[0] ?? [], align, ...rows.slice(1)].map((row) => `| ${row.join(" | ")} |`).join("\n");
  const judged = groups.flatMap(({ measures }) => measures).filter((m) => m.goal);
  const missed = judged.filter((m) => !met(m));
  const results = groups.map(({ bench, measures }) =>
    `## ${ABOUT[bench].title}

${ABOUT[bench].how}

${markdown([HEADING, ...measures.map(cells)], ["---", "---:", "---:", "---:", "---", "---"])}
`
  );
  return `# Performance

Made by \`make bench ARGS=--write\`, which measures everything below in one run. Do not edit: run it again.

The C side is what a plain C tool on libbpf does with the same object file, the same programs and the same ring: load,
attach, \`ring_buffer__poll\`, one \`printf\` a row with \`inet_ntop\`, standard output buffered by stdio and never flushed for
the reader's sake (nettrace writes each batch out at once). Where a section says so, it is the tool's twin of libbpf-tools.
The two sides take turns; values are medians, losses the worst of all runs. *Ratio* is nettrace by C.

${judged.length - missed.length} of ${judged.length} goals are met.${
    missed.length ? ` Not met: ${missed.map((m) => m.name).join("; ")}.` : ""
  }

## Machine

${markdown([["", ""], ...machine.map(([name, value]) => [name, value])], ["---", "---"])}

${results.join("\n")}`;
}
