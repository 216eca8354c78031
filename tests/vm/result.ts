/** What passes between host and guest: the job goes in as /job.json, the results come out as /out/results.json. */

export interface Job {
  /** Live tests to run: `tcpaccept` is tests/live/tcpaccept_test.ts. */
  readonly suites: readonly string[];
  /** Plans to force; all when absent. */
  readonly plans?: readonly string[];
}

/** What `nettrace doctor --json` says of this kernel; it says more, which the matrix does not need. */
export interface Doctor {
  readonly tools: readonly {
    readonly name: string;
    readonly plans: readonly { readonly name: string; readonly usable: boolean; readonly reason?: string }[];
    /** The plan taken when none is forced. */
    readonly plan?: string;
  }[];
}

/** One `deno test` of one live test file with one plan forced; a file that is no tool's runs without. */
export interface Run {
  readonly suite: string;
  readonly plan?: string;
  /** Exit code, or "timeout". */
  readonly ended: number | "timeout";
  readonly spent_s: number;
  /** JUnit report; empty when the tests did not get as far. */
  readonly junit: string;
}

export interface Results {
  /** Absent when the doctor could not say; its stderr then is in `doctor_error`. */
  readonly doctor?: Doctor;
  readonly doctor_error?: string;
  readonly runs: readonly Run[];
}

/** The name of a run in sentences and of its log: "tcpaccept.fexit". */
export function run_name({ suite, plan }: { readonly suite: string; readonly plan?: string }): string {
  return plan === undefined ? suite : `${suite}.${plan}`;
}
