// How the last whole run of each live test ended on each kernel and machine, for docs/kernels.md.
import type { Row } from "./judge.ts";
import { outcome } from "./matrix.ts";
import { in_order, keep_lines, kept_lines } from "./jsonl.ts";
import { suites } from "./payload.ts";
import { is_oracle } from "./result.ts";
import type { Outcome, Trial } from "./trial.ts";

/** What one live test file brought on one kernel or machine: a line of results.jsonl. */
export interface Kept {
  /** Of the kernel, or the machine's name. */
  readonly label: string;
  readonly suite: string;
  /** `uname -r`. */
  readonly release: string;
  /** Debian's version of the kernel. */
  readonly version: string;
  /** Of the nettrace that was tested. */
  readonly commit: string;
  readonly outcomes: readonly PlanOutcome[];
}

/** How the tests ended with one plan. */
export interface PlanOutcome extends Pick<Row, "plan" | "preferred"> {
  /** "14 passed, 1 ignored", or why nothing ran. */
  readonly outcome: string;
}

/** All that is kept of the live tests that there are, by label and then by test. */
export async function kept(): Promise<Kept[]> {
  const all = await kept_lines<Kept>("results"), live = suites();
  return all.filter(({ suite }) => live.includes(suite));
}

/** What is kept after these trials: of each, what it brought, or nothing if it brought nothing. */
export function after(before: readonly Kept[], outcomes: ReadonlyMap<Trial, Outcome>): Kept[] {
  const all = new Map(before.map((one) => [key(one.label, one.suite), one]));
  for (const [{ label, job: { suite }, unpacked: { version } }, { release, commit, rows }] of outcomes) {
    if (is_oracle(suite)) continue; // which has a document of its own
    all.delete(key(label, suite));
    if (release === undefined || commit === undefined) continue;
    const outcomes = rows.map((row) => ({
      ...row.plan !== undefined && { plan: row.plan },
      preferred: row.preferred,
      outcome: outcome(row),
    }));
    all.set(key(label, suite), { label, suite, release, version, commit, outcomes });
  }
  return in_order(all);
}

const key = (label: string, suite: string) => `${label} ${suite}`;

/** Keeps what these trials brought. */
export async function keep(outcomes: ReadonlyMap<Trial, Outcome>): Promise<void> {
  await keep_lines("results", after(await kept(), outcomes));
}
