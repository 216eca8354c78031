import type { Row } from "./judge.ts";
import type { Kernel } from "./kernel.ts";

/** What one kernel brought. */
export interface KernelRows {
  readonly kernel: Kernel;
  /** `uname -r`. */
  readonly release: string;
  /** Debian's version of the kernel. */
  readonly version: string;
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
export function document(results: readonly KernelRows[]): string {
  const suites = new Set(results.flatMap(({ rows }) => rows.map(({ suite }) => suite)));
  return `# Kernels

Written by \`make vm\`, which boots each of these kernels and runs the live tests in it, with every plan (set of kernel
hooks) forced in turn. Bold is the plan that a tool takes there by itself. Results are of the last run of each test on
each kernel, with nettrace as of that commit.

${table(["kernel", "release", "package version", "Debian suite"], results.map(kernel_line))}

${[...suites].map((suite) => section(suite, results)).join("\n\n")}

To repeat one result: \`deno run -A tests/vm/run.ts --only tcpaccept --kernels 5.10 --plans kprobe\`
(see [tests/vm](../tests/vm/README.md)).
`;
}

function kernel_line({ kernel, release, version }: KernelRows): string[] {
  return [kernel.label, release, version, kernel.suite];
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
    rows(result)[0]?.commit ?? "",
  ]);
  return `## ${suite}\n\n${table(["kernel", ...plans.map((plan) => plan ?? "result"), "commit"], lines)}`;
}

function table(headings: readonly string[], lines: readonly (readonly string[])[]): string {
  return [headings, headings.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
