import { type Entry, write_cpio } from "./cpio.ts";
import { module_entries } from "./modules.ts";
import type { Machine } from "./machine.ts";
import type { Job } from "./result.ts";

const encoder = new TextEncoder();

/**
 * Writes to `file` the guest's root file system: init and what the machine has it do, the modules of the kernel in `dir`,
 * the payload and the job.
 */
export async function write_initramfs(
  file: string,
  dir: string,
  payload: readonly Entry[],
  job: Job,
  machine?: Machine,
): Promise<void> {
  const script = (machine?.init ?? []).map((line) => `${line}\n`).join("");
  await write_cpio(file, [
    { path: "/bin/busybox", mode: 0o755, copy: "/usr/bin/busybox" },
    { path: "/init", mode: 0o755, copy: new URL("init", import.meta.url).pathname },
    ...machine?.init ? [{ path: "/machine", mode: 0o644, data: encoder.encode(script) }] : [],
    ...await module_entries(dir),
    ...payload,
    { path: "/job.json", mode: 0o644, data: encoder.encode(JSON.stringify(job)) },
  ]);
}
