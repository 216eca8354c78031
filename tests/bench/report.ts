// The bench's results as text: aligned for a terminal, and as docs/performance.md.
import { type Goal, type Measure, met, type Quartiles, ratio } from "./measure.ts";

const HEADING = ["measure", "nettrace", "C", "ratio", "goal", "met"];

/** A number with three digits that count, or all digits before its point. */
export function rounded(n: number): string {
  if (n === 0) return "0";
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

/** docs/performance.md: how it was measured, on what, and the results. */
export function page(measures: readonly Measure[], machine: readonly [string, string][]): string {
  const markdown = (rows: string[][], align: string[]) =>
    [rows[0] ?? [], align, ...rows.slice(1)].map((row) => `| ${row.join(" | ")} |`).join("\n");
  return `# Performance

Made by \`make bench ARGS=--write\`, which measures everything below in one run. Do not edit: run it again.

The C side is what a plain C tool on libbpf does with the same object file, the same programs and the same ring: load,
attach, \`ring_buffer__poll\`, one \`printf\` a row with \`inet_ntop\`, standard output buffered by stdio and never flushed for
the reader's sake (nettrace writes each batch out at once). The two sides take turns; values are medians, losses the worst
of all runs.

- **start**: from before exec until the heading is written, which is when tracing is attached; *CPU* is what the process
  has used by then. 31 runs of each. With the embedded libbpf, the C side loads that same library.
- **read**: a 64 MiB ring, filled to the last byte with made-up records of which a quarter are IPv6, read and printed to
  /dev/null. Both sides print the same bytes. *Read a record* only counts them.
- **events/s**: a process calls getppid at an even pace and a program sends one record for each. *Lost* is what was
  produced and did not arrive in the output. *CPU* is that of the reader; *cost* is what a call takes longer than untraced.
- **accept rate kept**: connections a second that a loopback server accepts as fast as it can while it is traced, of what
  it accepts untraced before and after. Server, client and tracer share the cores. *Noise* is the distance between the
  quartiles of the untraced rates after by those before; above 3 % the goal is not judged.
- **request rate kept**: how often a second a byte goes to and fro over a loopback connection while a tool samples, of
  what it does untraced before and after, beside the tool's twin of libbpf-tools, where that works here. *Tax* is what is
  missing of 100 %. The noise is told as above.
- **a lone accept**: one every 20 ms; from before the call of accept, by a process that then waits for the row, until the
  row is read from the tracer's pipe. The C side's output is buffered by line here, as its rows would else not come.
- **in the kernel**: what the kernel says (bpf_stats) that the tool's programs took, with the interrupts meanwhile, less as
  many runs of an empty program. For each event that is shown, and for each run. C is the tool's twin of libbpf-tools,
  where that traces on this kernel, on the same traffic; both have their output in a file, buffered as each likes it.
- **storm**: connections made and closed as fast as one client can while the tool runs, of what goes untraced before and
  after; in brackets the quartiles of all rounds. *Noise* is the distance between the quartiles of the untraced rates after
  by those before, over the square root of the number of rounds: how far off a median may be; above 3 % the goal is not
  judged. *Lost* is the most that a run said it lost or, where it is known how many rows there must be, did not show.
- **idle**: attached, with nothing to show. Sizes are in MB of 1000000 bytes.

## Machine

${markdown([["", ""], ...machine.map(([name, value]) => [name, value])], ["---", "---"])}

## Results

${markdown([HEADING, ...measures.map(cells)], ["---", "---:", "---:", "---:", "---", "---"])}
`;
}
