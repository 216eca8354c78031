/** Runs in the guest: asks the doctor which plans this kernel can do, and runs the live tests with each of them forced. */
import { run } from "./command.ts";
import { type Doctor, is_oracle, type Job, oracle_tool, type Results, type Run } from "./result.ts";

const { suite, plans }: Job = JSON.parse(Deno.readTextFileSync("/job.json"));
const TIMEOUT_S = is_oracle(suite) ? 2400 : 1500; // of what takes some 250 s where nothing else runs
const file = is_oracle(suite) ? "tests/oracle/beside_twin.ts" : `tests/live/${suite}_test.ts`;
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
async function test(plan?: string): Promise<Run> {
  console.log(`\n${suite} ${plan ?? ""}`);
  const started = performance.now();
  const junit = `/tmp/${plan ?? "any"}.xml`;
  const { code } = await new Deno.Command("timeout", {
    args: [
      ...["-s", "KILL", `${TIMEOUT_S}`, "deno", "test", "-A", "--no-config", "--no-lock", "--no-remote", "--no-npm"],
      ...["--cached-only", "--no-check", `--junit-path=${junit}`, file],
    ],
    env: {
      NETTRACE_GUEST: "1", // nobody else is here
      ORACLE_TOOL: oracle_tool(suite) ?? "",
      ORACLE_REPORT: "/out/oracle.json",
      ...(plan !== undefined && { NETTRACE_PLAN: plan }),
    },
  }).spawn().status;
  if (code === KILLED) await run(["killall", "-KILL", "nettrace"]); // what the killed tests would have stopped
  return {
    ...(plan !== undefined && { plan }),
    ended: code === KILLED ? "timeout" : code,
    spent_s: (performance.now() - started) / 1000,
    junit: await Deno.readTextFile(junit).catch(() => ""),
  };
}

/** One run per usable plan, or a single one of tests that are no tool's. */
async function test_plans(doctor: Doctor): Promise<Run[]> {
  const tool = doctor.tools.find(({ name }) => name === suite);
  if (!tool) return [await test()];
  const runs: Run[] = [];
  for (const { name, usable } of tool.plans) {
    if (usable && (plans?.includes(name) ?? true)) runs.push(await test(name));
  }
  return runs;
}

const examined = await examine();
const runs = examined.doctor ? await test_plans(examined.doctor) : [];
await Deno.writeTextFile("/out/results.json", JSON.stringify({ ...examined, runs } satisfies Results));
