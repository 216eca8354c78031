import { boot, kernel_image } from "./boot.ts";
import { complaints } from "./console.ts";
import type { Entry } from "./cpio.ts";
import { write_initramfs } from "./initramfs.ts";
import { type Exclusion, judge, type Row } from "./judge.ts";
import type { Kernel, Unpacked } from "./kernel.ts";
import { move_to_disk } from "./disk.ts";
import { disagreements, type Machine } from "./machine.ts";
import { outcome } from "./matrix.ts";
import { root } from "./payload.ts";
import type { Job, Results } from "./result.ts";

const GUEST_TIMEOUT_S = 7200;
const ATTEMPTS = 2;

/** One live test file on one kernel or machine, in a guest of its own. */
export interface Trial {
  /** Of the kernel, or the machine's name. */
  readonly label: string;
  readonly machine?: Machine;
  readonly kernel: Kernel;
  readonly unpacked: Unpacked;
  readonly job: Job;
  readonly payload: readonly Entry[];
  /** Added to the kernel's command line. */
  readonly append: string;
  /** Whether all plans are tried, and nothing is added: what it brings is kept until the next such run. */
  readonly whole: boolean;
}

/** Where a guest leaves what it brought. */
export const place = (label: string, suite: string, whole: boolean) =>
  `out/vm/${whole ? "" : "part/"}${label}/${suite}`;

export interface Outcome {
  /** `uname -r`; absent when the guest brought no result. */
  readonly release?: string;
  /** Of the nettrace that was tested; absent when its doctor could not say. */
  readonly commit?: string | undefined;
  readonly rows: readonly Row[];
  /** One sentence each. */
  readonly failures: readonly string[];
}

/** Boots a guest, prints how its tests ended and judges them; a guest that brings no result gets one more chance. */
export async function hold(trial: Trial): Promise<Outcome> {
  const { label, machine, unpacked: { dir }, job, append, whole } = trial;
  const log_dir = place(label, job.suite, whole);
  const into = root + log_dir;
  await Deno.remove(into, { recursive: true }).catch(() => {});
  await Deno.mkdir(into, { recursive: true });
  const initramfs = `${into}/initramfs.cpio`;
  using large = new DisposableStack(); // 200 MB, which are not kept
  const disk = machine?.disk ? `${into}/disk` : undefined;
  if (disk !== undefined) large.defer(() => Deno.removeSync(disk));
  const payload = disk === undefined ? trial.payload : await move_to_disk(trial.payload, disk);
  large.defer(() => Deno.removeSync(initramfs));
  await write_initramfs(initramfs, dir, payload, job, machine);

  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const started = performance.now();
    const guest = {
      kernel: await kernel_image(dir),
      initramfs,
      append: `${machine?.append ?? ""} ${append}`,
      ...machine?.cpus !== undefined && { cpus: machine.cpus },
      ...machine?.memory !== undefined && { memory: machine.memory },
      ...disk !== undefined && { disk },
      into,
      timeout_s: GUEST_TIMEOUT_S,
    };
    const ended = await boot(guest);
    const wall_s = ((performance.now() - started) / 1000).toFixed(0);
    if (ended) return await report(trial, into, wall_s);
    await Deno.rename(`${into}/console.log`, `${into}/console.${attempt}.log`);
    console.log(`${label} ${job.suite}: no result in ${wall_s} s: see ${log_dir}/console.${attempt}.log.`);
  }
  return { rows: [], failures: [`${label} ${job.suite}: the guest brought no result, ${ATTEMPTS} times.`] };
}

async function report({ label, machine, job }: Trial, into: string, wall_s: string): Promise<Outcome> {
  const text = async (name: string) => (await Deno.readTextFile(`${into}/${name}`)).trim();
  const release = await text("release");
  const name = `${label} ${job.suite}`;
  const complained = complaints(await text("console.log")).map((line) => `${name}: the kernel says ${line}`);
  if (await text("code") !== "0") {
    return { rows: [], failures: [...complained, `${name}: guest.ts failed: see ${into}/console.log.`] };
  }
  const results: Results = JSON.parse(await text("results.json"));
  const { rows, failures } = judge(label, job, results, await exclusions());

  console.log(`${name}: booted in ${await text("boot_s")} s, off after ${wall_s} s`);
  for (const row of rows) {
    const spent_s = results.runs.find(({ plan }) => plan === row.plan)?.spent_s;
    const plan = row.plan === undefined ? "" : row.preferred ? `${row.plan} (default): ` : `${row.plan}: `;
    console.log(`${name}:   ${plan}${outcome(row)}${spent_s ? ` in ${spent_s.toFixed(0)} s` : ""}`);
  }
  const declared = machine && results.doctor ? disagreements(machine, results.doctor) : [];
  const commit = results.doctor?.nettrace.commit;
  return { release, commit, rows, failures: [...complained, ...failures, ...declared] };
}

async function exclusions(): Promise<Exclusion[]> {
  return JSON.parse(await Deno.readTextFile(new URL("expected.json", import.meta.url)));
}
