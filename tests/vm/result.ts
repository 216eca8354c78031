/** What passes between host and guest: the job goes in as /job.json, the results come out as /out/results.json. */

export interface Job {
  /** The live tests to run: `tcpaccept` is tests/live/tcpaccept_test.ts. */
  readonly suite: string;
  /** Plans to force; all when absent. */
  readonly plans?: readonly string[];
}

/** The suite that compares tools with their twins; `oracle-tcptop` compares one. It is no live test. */
export const ORACLE = "oracle";

/** True of the suite that compares all tools, or one, with their twins. */
export const is_oracle = (suite: string): boolean => suite === ORACLE || suite.startsWith(`${ORACLE}-`);

/** The one tool that a suite compares with its twin; undefined if it compares all. */
export const oracle_tool = (suite: string): string | undefined => suite.split("-")[1];

/** What `nettrace doctor --json` says of this kernel; it says more, which the matrix does not need. */
export interface Doctor {
  readonly nettrace: { readonly commit: string };
  /** What keeps every tool from running, if anything does. */
  readonly obstacle: string | null;
  readonly tools: readonly {
    readonly name: string;
    readonly plans: readonly { readonly name: string; readonly usable: boolean; readonly reason?: string }[];
    /** The plan taken when none is forced. */
    readonly plan?: string;
  }[];
}

/** One `deno test` of the live tests with one plan forced, or without where they are no tool's. */
export interface Run {
  readonly plan?: string;
  /** Exit code, or "timeout". */
  readonly ended: number | "timeout";
  readonly spent_s: number;
  /** JUnit report; empty when the tests did not get as far. */
  readonly junit: string;
}

export interface Results {
  /** Absent when the doctor could not say; what it printed instead then is in `doctor_error`. */
  readonly doctor?: Doctor;
  readonly doctor_error?: string;
  readonly runs: readonly Run[];
}
