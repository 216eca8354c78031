/** Runs in the guest: asks the doctor which plans this kernel can do, and runs the live tests with each of them forced. */
import { run } from "./command.ts";
import { type Doctor, type Job, type Results, type Run, run_name } from "./result.ts";

const job: Job = JSON.parse(Deno.readTextFileSync("/job.json"));
const TIMEOUT_S = 600;
const KILLED = 128 + 9;

async function examine(): Promise<Pick<Results, "doctor" | "doctor_error">> {
  const { stdout, stderr } = await run(["./nettrace", "doctor", "--json"]);
  try {
    const doctor: Doctor = JSON.parse(stdout);
    return { doctor };
  } catch {
    return { doctor_error: (stderr || stdout).trim() };
  }
}

/** What `deno test` prints goes to the console as it comes, among the kernel's own messages. */
async function test(suite: string, plan?: string): Promise<Run> {
  const which = { suite, ...(plan !== undefined && { plan }) };
  console.log(`\n${run_name(which)}`);
  const started = performance.now();
  const junit = `/tmp/${run_name(which)}.xml`;
  const { code } = await new Deno.Command("timeout", {
    args: [
      ...["-s", "KILL", `${TIMEOUT_S}`, "deno", "test", "-A", "--no-config", "--no-lock", "--no-remote", "--no-npm"],
      ...["--cached-only", "--no-check", `--junit-path=${junit}`, `tests/live/${suite}_test.ts`],
    ],
    env: plan === undefined ? {} : { NETTRACE_PLAN: plan },
  }).spawn().status;
  if (code === KILLED) await run(["killall", "-KILL", "nettrace"]); // what the killed tests would have stopped
  return {
    ...which,
    ended: code === KILLED ? "timeout" : code,
    spent_s: (performance.now() - started) / 1000,
    junit: await Deno.readTextFile(junit).catch(() => ""),
  };
}

/** Runs of one live test file: one per usable plan of its tool, or a single one when it is no tool's. */
async function test_plans(doctor: Doctor, suite: string): Promise<Run[]> {
  const tool = doctor.tools.find(({ name }) => name === suite);
  if (!tool) return [await test(suite)];
  const runs: Run[] = [];
  for (const { name, usable } of tool.plans) {
    if (usable && (job.plans?.includes(name) ?? true)) runs.push(await test(suite, name));
  }
  return runs;
}

const results = await examine();
const runs: Run[] = [];
if (results.doctor) { for (const suite of job.suites) runs.push(...await test_plans(results.doctor, suite)); }
await Deno.writeTextFile("/out/results.json", JSON.stringify({ ...results, runs } satisfies Results));
