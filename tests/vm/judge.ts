import { type Case, parse_junit } from "./junit.ts";
import { type Job, type Results, type Run, run_name } from "./result.ts";

/** What is known not to work: a plan that a kernel cannot do, or (with `test`) one test that cannot run with it. */
export interface Exclusion {
  readonly kernel: string;
  readonly tool: string;
  readonly plan: string;
  /** Title of the test, which is then reported as ignored. */
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

/** Compares what the guest with kernel `label` brought with what was asked of it and with what is excluded. */
export function judge(label: string, job: Job, results: Results, exclusions: readonly Exclusion[]): Verdict {
  const { doctor, doctor_error } = results;
  if (!doctor) {
    return { rows: [], failures: [`${label}: nettrace doctor --json failed: ${doctor_error || "no output"}`] };
  }
  const rows: Row[] = [];
  const failures: string[] = [];

  for (const suite of job.suites) {
    const tool = doctor.tools.find(({ name }) => name === suite);
    if (!tool) {
      const { row, faults } = judge_run(results, suite, undefined, []);
      rows.push({ ...row, preferred: false });
      failures.push(...faults.map((fault) => `${label} ${suite}: ${fault}`));
      continue;
    }
    const known = exclusions.filter((one) => one.kernel === label && one.tool === suite);
    for (const plan of tool.plans.filter(({ name }) => job.plans?.includes(name) ?? true)) {
      const { row, faults } = judge_plan(results, suite, plan, known.filter((one) => one.plan === plan.name));
      rows.push({ ...row, preferred: plan.name === tool.plan });
      failures.push(...faults.map((fault) => `${label} ${run_name(row)}: ${fault}`));
    }
    for (const { plan } of known.filter((one) => !tool.plans.some(({ name }) => name === one.plan))) {
      failures.push(`${label} ${suite}: there is no plan ${plan} to exclude: mend expected.json.`);
    }
  }
  if (rows.length === 0) failures.push(`${label}: nothing was tested.`);
  return { rows, failures };
}

interface Judged {
  readonly row: Omit<Row, "preferred">;
  readonly faults: readonly string[];
}

function judge_plan(
  results: Results,
  suite: string,
  { name, usable, reason = "no reason given" }: { name: string; usable: boolean; reason?: string },
  known: readonly Exclusion[],
): Judged {
  const exclusion = known.find(({ test }) => test === undefined);
  if (!usable) {
    return {
      row: { suite, plan: name, cases: [], excluded: exclusion?.reason ?? reason },
      faults: exclusion ? [] : [`not usable, and not excluded: ${reason}`],
    };
  }
  const { row, faults } = judge_run(results, suite, name, known.flatMap(({ test }) => test ?? []));
  if (!exclusion) return { row, faults };
  return { row, faults: [`excluded (${exclusion.reason}), but usable: mend expected.json.`, ...faults] };
}

/** `may_ignore`: titles of the tests that must have been ignored, and no others. */
function judge_run(results: Results, suite: string, plan: string | undefined, may_ignore: readonly string[]): Judged {
  const run = results.runs.find((one) => one.suite === suite && one.plan === plan);
  const cases = run ? parse_junit(run.junit) : [];
  const ignored = cases.filter(({ outcome }) => outcome === "ignored").map(({ title }) => title);
  return {
    row: { suite, ...(plan !== undefined && { plan }), cases },
    faults: [
      ...run ? ending(run, cases) : ["the guest did not run it."],
      ...ignored.filter((title) => !may_ignore.includes(title))
        .map((title) => `"${title}" was ignored, and is not excluded.`),
      ...may_ignore.filter((title) => !ignored.includes(title))
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
