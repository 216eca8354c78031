import type { Row } from "./judge.ts";
import type { Kernel } from "./kernel.ts";
import type { Machine } from "./machine.ts";

/** What one kernel brought. */
export interface KernelRows {
  readonly kernel: Kernel;
  /** `uname -r`. */
  readonly release: string;
  /** Debian's version of the kernel. */
  readonly version: string;
  readonly rows: readonly Row[];
}

/** What one machine brought. */
export interface MachineRows {
  readonly machine: Machine;
  readonly rows: readonly Row[];
}

/** "14 passed, 1 ignored", or why nothing ran. */
export function outcome({ cases, excluded }: Row): string {
  if (excluded !== undefined) return `excluded: ${excluded}`;
  return (["passed", "failed", "ignored"] as const).flatMap((name) => {
    const count = cases.filter((one) => one.outcome === name).length;
    return count || name === "passed" ? `${count} ${name}` : [];
  }).join(", ");
}

/** The text of docs/kernels.md: the same for the same results, whenever and wherever they were had. */
export function document(results: readonly KernelRows[], others: readonly MachineRows[]): string {
  const suites = new Set(results.flatMap(({ rows }) => rows.map(({ suite }) => suite)));
  return `# Kernels

Written by \`make vm\`, which boots each of these kernels and runs the live tests in it, with every plan (set of kernel
hooks) forced in turn. Bold is the plan that a tool takes there by itself. Results are of the last run of each test on
each kernel, good or bad, with nettrace as of that commit; "not run" is what has had none.

${table(["kernel", "release", "package version", "Debian suite"], results.map(kernel_line))}

${[...suites].map((suite) => section(suite, results)).join("\n\n")}

## Other machines

Machines that differ by more than their kernel; \`every\` is a test that all tools trace where \`nettrace doctor\` says that
they can, side by side and counted exactly, and refuse with its words where they cannot.

${table(["machine", "what it is for", "kernel", "results", "commit"], others.map(machine_line))}

${others.flatMap(refusals).join("\n\n")}

To repeat one result: \`deno run -A tests/vm/run.ts --only tcpaccept --kernels 5.10 --plans kprobe\`
(see [tests/vm](../tests/vm/README.md)).
`;
}

function kernel_line({ kernel, release, version }: KernelRows): string[] {
  return [kernel.label, release, version, kernel.suite];
}

function machine_line({ machine: { name, what, kernel }, rows }: MachineRows): string[] {
  const results = rows.map((row) => `${row.suite}${row.plan ? ` ${row.plan}` : ""}: ${outcome(row)}`);
  if (rows.length === 0) return [name, what, kernel, "not run", ""];
  return [name, what, kernel, results.join("<br>"), [...new Set(rows.map(({ commit }) => commit ?? ""))].join(", ")];
}

/** What cannot be used on a machine, in nettrace's words. */
function refusals({ machine: { name, obstacle, unusable = {} } }: MachineRows): string[] {
  if (obstacle !== undefined) return [`Every tool refuses on ${name}: "${obstacle}"`];
  return Object.entries(unusable).map(([reason, plans]) => `Unusable on ${name}, as "${reason}": ${plans.join(", ")}.`);
}

/** One tool: a line for each kernel, a column for each plan. */
function section(suite: string, results: readonly KernelRows[]): string {
  const rows = (result: KernelRows) => result.rows.filter((row) => row.suite === suite);
  const plans = [...new Set(results.flatMap((result) => rows(result).map(({ plan }) => plan)))];
  const lines = results.map((result) => [
    result.kernel.label,
    ...plans.map((plan) => {
      const row = rows(result).find((one) => one.plan === plan);
      if (!row) return "";
      return row.preferred ? `**${outcome(row)}**` : outcome(row);
    }),
    rows(result).length > 0 ? rows(result)[0]?.commit ?? "" : "not run",
  ]);
  return `## ${suite}\n\n${table(["kernel", ...plans.map((plan) => plan ?? "result"), "commit"], lines)}`;
}

/** A table of Markdown. */
export function table(headings: readonly string[], lines: readonly (readonly string[])[]): string {
  return [headings, headings.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
