// What the last whole run of each live test brought, kept beside the tests so that a fresh clone knows it too.
import type { Row } from "./judge.ts";
import { outcome } from "./matrix.ts";
import { root } from "./payload.ts";
import { is_oracle } from "./result.ts";
import type { Outcome, Trial } from "./trial.ts";

const FILE = `${root}tests/vm/results.jsonl`;

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

/** All that is kept, by label and then by test. */
export async function kept(): Promise<Kept[]> {
  return (await Deno.readTextFile(FILE)).trim().split("\n").map((line) => JSON.parse(line));
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
  return [...all].sort(([a], [b]) => a < b ? -1 : 1).map(([, one]) => one);
}

const key = (label: string, suite: string) => `${label} ${suite}`;

/** Keeps what these trials brought. */
export async function keep(outcomes: ReadonlyMap<Trial, Outcome>): Promise<void> {
  const lines = after(await kept(), outcomes).map((one) => `${JSON.stringify(one)}\n`);
  await Deno.writeTextFile(FILE, lines.join(""));
}
