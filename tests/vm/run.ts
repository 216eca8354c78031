/** The live tests on every kernel of the matrix; see README.md. */
import { parseArgs } from "node:util";
import { type Kernel, kernels } from "./kernel.ts";
import { document } from "./matrix.ts";
import { payload, root, suites } from "./payload.ts";
import { pin } from "./pin.ts";
import type { Job } from "./result.ts";
import { type Trial, try_kernel } from "./trial.ts";

const usage = `usage: deno run -A tests/vm/run.ts [OPTION]...
  --kernels 5.10,7.2       these kernels only
  --ci                     the oldest and the newest kernel only
  --plans fexit,kprobe     these plans only
  --only tcpaccept         these live tests only
  --jobs 2                 this many guests at once
  --append 'WORD...'       add to the guests' kernel command line
  --pin                    pin the kernels that their suites have now, and run nothing`;

interface Options {
  readonly selected: readonly Kernel[];
  readonly job: Job;
  readonly jobs: number;
  readonly append: string;
  /** Whether nothing is left out and nothing added. */
  readonly full: boolean;
}

function parse(args: string[]): Options | "pin" | "help" {
  const { values } = parseArgs({
    args,
    options: {
      kernels: { type: "string" },
      ci: { type: "boolean" },
      plans: { type: "string" },
      only: { type: "string" },
      jobs: { type: "string" },
      append: { type: "string" },
      pin: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return "help";
  if (values.pin) return "pin";
  const all = kernels();
  const { plans, only, append } = values;
  const labels = values.kernels ?? (values.ci ? `${all[0]!.label},${all.at(-1)!.label}` : undefined);
  const jobs = Number(values.jobs ?? 2);
  if (!Number.isInteger(jobs) || jobs < 1) throw new Error(`--jobs ${values.jobs} is not a number of guests.`);
  return {
    selected: choose("kernel", all, ({ label }) => label, labels),
    job: {
      suites: choose("live test", suites(), (name) => name, only),
      ...(plans !== undefined && { plans: plans.split(",") }),
    },
    jobs,
    append: append ?? "",
    full: [labels, plans, only, append].every((value) => value === undefined),
  };
}

function choose<T>(what: string, all: readonly T[], name: (one: T) => string, wanted: string | undefined): T[] {
  if (wanted === undefined) return [...all];
  return wanted.split(",").map((word) => {
    const found = all.find((one) => name(one) === word);
    if (found === undefined) throw new Error(`there is no ${what} ${word}: give any of ${all.map(name).join(",")}.`);
    return found;
  });
}

async function main({ selected, job, jobs, append, full }: Options): Promise<boolean> {
  const started = performance.now();
  const files = await payload();
  const trials = new Map<Kernel, Trial>();
  const waiting = [...selected];
  const worker = async () => {
    for (let kernel = waiting.shift(); kernel; kernel = waiting.shift()) {
      const { label } = kernel;
      const broken = (error: unknown): Trial => ({ failures: [`${label}: ${sentence(error)}`] });
      trials.set(kernel, await try_kernel(kernel, job, files, append).catch(broken));
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));

  const results = selected.flatMap((kernel) => trials.get(kernel)?.rows ?? []);
  if (full && results.length === selected.length) {
    await Deno.writeTextFile(`${root}docs/kernels.md`, document(results));
  }
  const failures = selected.flatMap((kernel) => trials.get(kernel)?.failures ?? []);
  for (const failure of failures) console.log(`FAILED ${failure}`);
  const wall_s = (performance.now() - started) / 1000;
  console.log(`kernels: ${selected.length}, failures: ${failures.length}, time: ${wall_s.toFixed(0)} s`);
  return failures.length === 0;
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

try {
  const options = parse(Deno.args);
  if (options === "help") console.log(usage);
  else if (options === "pin") await pin();
  else if (!await main(options)) Deno.exit(1);
} catch (error) {
  console.error(`run.ts: ${sentence(error)}`);
  Deno.exit(1);
}
