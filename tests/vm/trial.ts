import { boot, kernel_image } from "./boot.ts";
import { complaints } from "./console.ts";
import type { Entry } from "./cpio.ts";
import { write_initramfs } from "./initramfs.ts";
import { type Exclusion, judge } from "./judge.ts";
import { type Kernel, unpack } from "./kernel.ts";
import { type KernelRows, outcome } from "./matrix.ts";
import { root } from "./payload.ts";
import { type Job, type Results, run_name } from "./result.ts";

const GUEST_TIMEOUT_S = 7200;
const ATTEMPTS = 2;

export interface Trial {
  /** Absent when the guest brought no result. */
  readonly rows?: KernelRows;
  /** One sentence each. */
  readonly failures: readonly string[];
}

/** Boots `kernel`, prints how its tests ended and judges them; a guest that brings no result gets one more chance. */
export async function try_kernel(
  kernel: Kernel,
  job: Job,
  payload: readonly Entry[],
  append: string,
): Promise<Trial> {
  const { dir, version, moved } = await unpack(kernel);
  if (moved) console.log(moved);
  const into = `${root}out/vm/${kernel.label}`;
  await Deno.remove(into, { recursive: true }).catch(() => {});
  await Deno.mkdir(into, { recursive: true });
  const initramfs = `${into}/initramfs.cpio`;
  await write_initramfs(initramfs, dir, payload, job);
  using _removal = { [Symbol.dispose]: () => Deno.removeSync(initramfs) }; // 200 MB
  const image = await kernel_image(dir);

  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const started = performance.now();
    const whole = await boot({ kernel: image, initramfs, append, into, timeout_s: GUEST_TIMEOUT_S });
    const wall_s = ((performance.now() - started) / 1000).toFixed(1);
    if (whole) return await report(kernel, version, job, into, wall_s);
    const log = `console.${attempt}.log`;
    await Deno.rename(`${into}/console.log`, `${into}/${log}`);
    console.log(`${kernel.label}: the guest brought no result in ${wall_s} s: see out/vm/${kernel.label}/${log}.`);
  }
  return { failures: [`${kernel.label}: the guest brought no result, ${ATTEMPTS} times.`] };
}

async function report(kernel: Kernel, version: string, job: Job, into: string, wall_s: string): Promise<Trial> {
  const text = async (name: string) => (await Deno.readTextFile(`${into}/${name}`)).trim();
  const release = await text("release");
  console.log(`${kernel.label}: ${release}, booted in ${await text("boot_s")} s, powered off after ${wall_s} s`);
  const failures = complaints(await text("console.log")).map((line) => `${kernel.label}: the kernel says ${line}`);
  if (await text("code") !== "0") {
    return { failures: [...failures, `${kernel.label}: guest.ts failed: see out/vm/${kernel.label}/console.log.`] };
  }

  const results: Results = JSON.parse(await text("results.json"));
  const exclusions: Exclusion[] = JSON.parse(await Deno.readTextFile(new URL("expected.json", import.meta.url)));
  const verdict = judge(kernel.label, job, results, exclusions);
  for (const row of verdict.rows) {
    const run = results.runs.find(({ suite, plan }) => suite === row.suite && plan === row.plan);
    const name = run_name(row) + (row.preferred ? " (default)" : "");
    console.log(`${kernel.label}:   ${name}: ${outcome(row)}${run ? ` in ${run.spent_s.toFixed(1)} s` : ""}`);
  }
  return { rows: { kernel, release, version, rows: verdict.rows }, failures: [...failures, ...verdict.failures] };
}
