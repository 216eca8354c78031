/** The live tests on every kernel of the matrix; see README.md. */
import { parseArgs } from "node:util";
import { comparisons, keep_comparisons } from "./comparison.ts";
import { keep, kept } from "./kept.ts";
import { type Kernel, kernels, unpack } from "./kernel.ts";
import { type Machine, machines } from "./machine.ts";
import { document } from "./matrix.ts";
import { oracle_document } from "./oracle_document.ts";
import { payload, root, suites } from "./payload.ts";
import { pin } from "./pin.ts";
import { is_oracle, oracle_tool } from "./result.ts";
import { hold, type Outcome, type Trial } from "./trial.ts";
import { oracles, twin_entries } from "./twins.ts";

const usage = `usage: deno run -A tests/vm/run.ts [OPTION]...
  --kernels 5.10,7.2       these kernels only
  --ci                     what no CI machine can be relied on to do natively, and in a few minutes: the fexit and
                           kprobe plans of tcpaccept on the newest kernel, and refusals
  --machine no-btf         these machines of machines.json, and no kernel's matrix
  --plans fexit,kprobe     these plans only
  --only tcpaccept         these live tests only
  --only oracle            beside the tools of others, on the same traffic: writes docs/oracle.md
  --jobs 2                 this many guests at once (default: one per CPU)
  --append 'WORD...'       add to the guests' kernel command line
  --pin                    pin the kernels that their suites have now, and run nothing
  --document               write docs/kernels.md and docs/oracle.md of what is kept of earlier runs, and run nothing`;

/** Those that take least time, as nothing works there, or only some. */
const CI_MACHINES = "no-btf,lockdown";

interface Options {
  readonly selected: readonly Kernel[];
  readonly machines: readonly Machine[];
  readonly tests: readonly string[];
  /** Those of the machines' tests that are to be run. */
  readonly machine_tests: readonly string[];
  readonly plans?: readonly string[];
  readonly jobs: number;
  readonly append: string;
  /** Whether no plan is left out and nothing added: then docs/kernels.md is to tell of it. */
  readonly whole: boolean;
}

function parse(args: string[]): Options | "pin" | "document" | "help" {
  const { values } = parseArgs({
    args,
    options: {
      kernels: { type: "string" },
      machine: { type: "string" },
      ci: { type: "boolean" },
      plans: { type: "string" },
      only: { type: "string" },
      jobs: { type: "string" },
      append: { type: "string" },
      pin: { type: "boolean" },
      document: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return "help";
  if (values.pin) return "pin";
  if (values.document) return "document";
  const all = kernels();
  const { append } = values;
  const labels = values.kernels ?? (values.ci ? all.at(-1)!.label : undefined);
  const names = values.machine ?? (values.ci ? CI_MACHINES : undefined);
  const plans = values.plans ?? (values.ci ? "fexit,kprobe" : undefined);
  const only = values.only ?? (values.ci ? "tcpaccept" : undefined);
  const jobs = Number(values.jobs ?? navigator.hardwareConcurrency);
  if (!Number.isInteger(jobs) || jobs < 1) throw new Error(`--jobs ${values.jobs} is not a number of guests.`);
  return {
    selected: values.machine !== undefined ? [] : choose("kernel", all, ({ label }) => label, labels),
    machines: names === undefined && (values.kernels ?? values.only ?? values.plans) !== undefined
      ? [] // as parts of the kernels' matrix were asked for
      : choose("machine", machines(), ({ name }) => name, names),
    tests: choose_tests(only),
    machine_tests: choose_tests(values.only ?? (values.ci ? "every" : undefined)),
    ...(plans !== undefined && { plans: plans.split(",") }),
    jobs,
    append: append ?? "",
    whole: plans === undefined && append === undefined,
  };
}

function choose_tests(only: string | undefined): string[] {
  return only === undefined ? suites() : choose("test", [...suites(), ...oracles()], (name) => name, only);
}

function choose<T>(what: string, all: readonly T[], name: (one: T) => string, wanted: string | undefined): T[] {
  if (wanted === undefined) return [...all];
  return wanted.split(",").map((word) => {
    const found = all.find((one) => name(one) === word);
    if (found === undefined) throw new Error(`there is no ${what} ${word}: give any of ${all.map(name).join(",")}.`);
    return found;
  });
}

/** What is to be done, kernel by kernel. Downloads and unpacks the kernels. */
async function trials({ selected, machines, tests, machine_tests, plans, append, whole }: Options): Promise<Trial[]> {
  const files = await payload();
  const found: Trial[] = [];
  for (const kernel of selected) {
    const unpacked = await unpack(kernel);
    if (unpacked.moved) console.log(unpacked.moved);
    for (const suite of tests) {
      const all = is_oracle(suite) ? [...files, ...await twin_entries(oracle_tool(suite))] : files;
      const job = { suite, ...(plans && { plans }) };
      found.push({ label: kernel.label, kernel, unpacked, job, payload: all, append, whole });
    }
  }
  for (const machine of machines) {
    const kernel = choose("kernel", kernels(), ({ label }) => label, machine.kernel)[0]!;
    const unpacked = await unpack(kernel);
    for (const suite of machine.suites.filter((one) => machine_tests.includes(one))) {
      found.push({ label: machine.name, machine, kernel, unpacked, job: { suite }, payload: files, append, whole });
    }
  }
  return found;
}

async function hold_all(all: readonly Trial[], jobs: number): Promise<Map<Trial, Outcome>> {
  const outcomes = new Map<Trial, Outcome>();
  const waiting = [...all];
  const work = async () => {
    for (let trial = waiting.shift(); trial; trial = waiting.shift()) {
      const name = `${trial.label} ${trial.job.suite}`;
      const broken = (error: unknown): Outcome => ({ rows: [], failures: [`${name}: ${sentence(error)}`] });
      outcomes.set(trial, await hold(trial).catch(broken));
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return outcomes;
}

/** Writes docs/kernels.md from the last whole run of each test on each kernel and machine, as far as there was one. */
async function write_kernels_document(): Promise<void> {
  await Deno.writeTextFile(`${root}docs/kernels.md`, document(kernels(), machines(), await kept()));
}

async function write_oracle_document(): Promise<void> {
  await Deno.writeTextFile(`${root}docs/oracle.md`, oracle_document(await comparisons()));
}

async function main(options: Options): Promise<boolean> {
  const started = performance.now();
  const all = await trials(options);
  const outcomes = await hold_all(all, options.jobs);
  const in_order = new Map(all.map((trial) => [trial, outcomes.get(trial)!]));
  const results = [...in_order.values()];
  if (options.whole) {
    await keep(in_order);
    await write_kernels_document();
  }
  const failures = results.flatMap((result) => result.failures);
  const compared = all.filter(({ job }) => is_oracle(job.suite));
  if (options.whole && compared.length > 0 && failures.length === 0) {
    await keep_comparisons(compared);
    await write_oracle_document();
  }
  for (const failure of failures) console.log(`FAILED ${failure}`);
  const wall_s = (performance.now() - started) / 1000;
  console.log(`guests: ${all.length}, failures: ${failures.length}, time: ${wall_s.toFixed(0)} s`);
  return failures.length === 0;
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

try {
  const options = parse(Deno.args);
  if (options === "help") console.log(usage);
  else if (options === "pin") await pin();
  else if (options === "document") await Promise.all([write_kernels_document(), write_oracle_document()]);
  else if (!await main(options)) Deno.exit(1);
} catch (error) {
  console.error(`run.ts: ${sentence(error)}`);
  Deno.exit(1);
}
