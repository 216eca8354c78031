/** Runs in the guest: asks the doctor which plans this kernel can do, and runs the live tests with each of them forced. */
import { run } from "./command.ts";
import { type Doctor, type Job, type Results, type Run, run_name } from "./result.ts";

const job: Job = JSON.parse(Deno.readTextFileSync("/job.json"));
const TIMEOUT_S = 300;
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

async function test(suite: string, plan?: string): Promise<Run> {
  const name = run_name({ suite, ...(plan !== undefined && { plan }) });
  const started = performance.now();
  const { code, stdout, stderr } = await run([
    ...["timeout", "-s", "KILL", `${TIMEOUT_S}`, "deno", "test", "-A", "--no-config", "--no-lock", "--no-remote"],
    ...["--no-npm", "--cached-only", "--no-check", `--junit-path=/tmp/${name}.xml`, `tests/live/${suite}_test.ts`],
  ], { env: plan === undefined ? {} : { NETTRACE_PLAN: plan } });
  if (code === KILLED) await run(["killall", "-KILL", "nettrace"]); // what the killed tests would have stopped
  await Deno.writeTextFile(`/out/${name}.log`, stdout + stderr);
  return {
    suite,
    ...(plan !== undefined && { plan }),
    ended: code === KILLED ? "timeout" : code,
    spent_s: (performance.now() - started) / 1000,
    junit: await Deno.readTextFile(`/tmp/${name}.xml`).catch(() => ""),
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
