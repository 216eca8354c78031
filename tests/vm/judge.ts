import { type Case, parse_junit } from "./junit.ts";
import type { Job, Results, Run } from "./result.ts";

/** What is known not to work on a kernel: a plan, or with `test` one test, which then is ignored. */
export interface Exclusion {
  readonly kernel: string;
  /** Name of the live tests. */
  readonly tool: string;
  /** For a test it may be left out: then it is so with every plan. */
  readonly plan?: string;
  /** Title of the test, without the plan that it may name as "(fexit)". */
  readonly test?: string;
  readonly reason: string;
}

/** One tool with one plan on one kernel. */
export interface Row {
  readonly suite: string;
  /** Absent for tests that are no tool's. */
  readonly plan?: string;
  /** Whether it is the plan taken when none is forced. */
  readonly preferred: boolean;
  readonly cases: readonly Case[];
  /** Why there are no tests: the plan cannot be used. */
  readonly excluded?: string;
}

export interface Verdict {
  readonly rows: readonly Row[];
  /** One sentence for each thing that is not as it should be. */
  readonly failures: readonly string[];
}

/** Compares what a guest with kernel `label` brought with what was asked of it and with what is excluded. */
export function judge(label: string, job: Job, results: Results, exclusions: readonly Exclusion[]): Verdict {
  const { doctor, doctor_error } = results;
  const { suite } = job;
  if (!doctor) {
    return { rows: [], failures: [`${label}: nettrace doctor --json failed: ${doctor_error || "no output"}`] };
  }
  const known = exclusions.filter(({ kernel, tool }) => kernel === label && tool === suite);
  const tool = doctor.tools.find(({ name }) => name === suite);
  if (!tool) {
    const { cases, faults } = judge_run(results, undefined, known);
    return {
      rows: [{ suite, preferred: false, cases }],
      failures: faults.map((fault) => `${label} ${suite}: ${fault}`),
    };
  }

  const rows: Row[] = [];
  const failures: string[] = [];
  for (const plan of tool.plans.filter(({ name }) => job.plans?.includes(name) ?? true)) {
    const of_plan = known.filter((one) => one.plan === undefined || one.plan === plan.name);
    const { faults, ...judged } = judge_plan(results, plan, of_plan);
    rows.push({ suite, plan: plan.name, preferred: plan.name === tool.plan, ...judged });
    failures.push(...faults.map((fault) => `${label} ${suite} ${plan.name}: ${fault}`));
  }
  for (const { plan } of known.filter((one) => one.plan && !tool.plans.some(({ name }) => name === one.plan))) {
    failures.push(`${label} ${suite}: there is no plan ${plan} to exclude: mend expected.json.`);
  }
  if (rows.length === 0) failures.push(`${label} ${suite}: nothing was tested.`);
  return { rows, failures };
}

interface Judged extends Pick<Row, "cases" | "excluded"> {
  readonly faults: readonly string[];
}

function judge_plan(
  results: Results,
  { name, usable, reason = "no reason given" }: { name: string; usable: boolean; reason?: string },
  known: readonly Exclusion[],
): Judged {
  const exclusion = known.find(({ test }) => test === undefined);
  if (!usable) {
    const faults = exclusion ? [] : [`not usable, and not excluded: ${reason}`];
    return { cases: [], excluded: exclusion?.reason ?? reason, faults };
  }
  const { cases, faults } = judge_run(results, name, known);
  if (!exclusion) return { cases, faults };
  return { cases, faults: [`excluded (${exclusion.reason}), but usable: mend expected.json.`, ...faults] };
}

function judge_run(results: Results, plan: string | undefined, known: readonly Exclusion[]): Judged {
  const run = results.runs.find((one) => one.plan === plan);
  const cases = run ? parse_junit(run.junit) : [];
  const ignored = cases.filter(({ outcome }) => outcome === "ignored")
    .map(({ title }) => title.replace(` (${plan})`, ""));
  const expected = known.flatMap(({ test }) => test ?? []);
  return {
    cases,
    faults: [
      ...run ? ending(run, cases) : ["the guest did not run it."],
      ...ignored.filter((title) => !expected.includes(title))
        .map((title) => `"${title}" was ignored, and is not excluded.`),
      ...expected.filter((title) => !ignored.includes(title))
        .map((title) => `"${title}" is excluded, but was not ignored: mend expected.json.`),
    ],
  };
}

function ending({ ended }: Run, cases: readonly Case[]): string[] {
  const failed = cases.filter(({ outcome }) => outcome === "failed");
  const faults = failed.map(({ title, message }) => `"${title}" failed: ${message}`);
  if (ended === "timeout") return [...faults, "the tests did not end in time."];
  if (ended !== 0 && failed.length === 0) return [`deno test ended with ${ended}.`];
  if (!cases.some(({ outcome }) => outcome === "passed")) return [...faults, "no test passed."];
  return faults;
}
