import type { Row } from "./judge.ts";
import type { Kept } from "./kept.ts";
import type { Kernel } from "./kernel.ts";
import type { Machine } from "./machine.ts";

/** What one kernel brought, of each test. */
interface KernelResults {
  readonly kernel: Kernel;
  readonly kept: readonly Kept[];
}

/** What one machine brought, of each of its tests. */
interface MachineResults {
  readonly machine: Machine;
  readonly kept: readonly Kept[];
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
export function document(kernels: readonly Kernel[], machines: readonly Machine[], kept: readonly Kept[]): string {
  const of = (label: string) => kept.filter((one) => one.label === label);
  const results = kernels.map((kernel) => ({ kernel, kept: of(kernel.label) }));
  const others = machines.map((machine) => ({ machine, kept: of(machine.name) }));
  const suites = new Set(results.flatMap(({ kept }) => kept.map(({ suite }) => suite)));
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

function kernel_line({ kernel, kept }: KernelResults): string[] {
  const all = (of: (one: Kept) => string) => [...new Set(kept.map(of))].join(", ") || "not run";
  return [kernel.label, all(({ release }) => release), all(({ version }) => version), kernel.suite];
}

function machine_line({ machine: { name, what, kernel }, kept }: MachineResults): string[] {
  const results = kept.flatMap(({ suite, outcomes }) =>
    outcomes.map(({ plan, outcome }) => `${suite}${plan ? ` ${plan}` : ""}: ${outcome}`)
  );
  if (results.length === 0) return [name, what, kernel, "not run", ""];
  return [name, what, kernel, results.join("<br>"), [...new Set(kept.map(({ commit }) => commit))].join(", ")];
}

/** What cannot be used on a machine, in nettrace's words. */
function refusals({ machine: { name, obstacle, unusable = {} } }: MachineResults): string[] {
  if (obstacle !== undefined) return [`Every tool refuses on ${name}: "${obstacle}"`];
  return Object.entries(unusable).map(([reason, plans]) => `Unusable on ${name}, as "${reason}": ${plans.join(", ")}.`);
}

/** One tool: a line for each kernel, a column for each plan. */
function section(suite: string, results: readonly KernelResults[]): string {
  const of_suite = results.map(({ kernel, kept }) => ({ kernel, one: kept.find((each) => each.suite === suite) }));
  const plans = [...new Set(of_suite.flatMap(({ one }) => (one?.outcomes ?? []).map(({ plan }) => plan)))];
  const lines = of_suite.map(({ kernel, one }) => [
    kernel.label,
    ...plans.map((plan) => {
      const found = one?.outcomes.find((each) => each.plan === plan);
      if (!found) return "";
      return found.preferred ? `**${found.outcome}**` : found.outcome;
    }),
    one?.commit ?? "not run",
  ]);
  return `## ${suite}\n\n${table(["kernel", ...plans.map((plan) => plan ?? "result"), "commit"], lines)}`;
}

/** A table of Markdown. */
export function table(headings: readonly string[], lines: readonly (readonly string[])[]): string {
  return [headings, headings.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
