import { output, run } from "./command.ts";

// One thread for all CPUs of a guest: guests run side by side as it is, and with a thread each QEMU 7.2 now and then left
// both CPUs of a 5.10 kernel at one instruction for ever.
const ACCELERATOR = "tcg,thread=single";
// Twice as fast in software emulation as "max".
const CPU = "Nehalem,+rdrand";
// Without random addresses programs start three times as fast, since code is translated once. A CPU that is stuck for a
// minute ends the guest, which then is booted again.
const COMMAND_LINE = "console=ttyS0 panic=-1 mitigations=off norandmaps softlockup_panic=1 watchdog_thresh=30";

/**
 * Boots `kernel` with `initramfs` and unpacks what the guest leaves into `into`, next to its console.log.
 * Returns whether it left all: a guest that hung or died before its end did not.
 */
export async function boot(
  { kernel, initramfs, append, cpus = 2, memory = "2G", disk, into, timeout_s }: {
    readonly kernel: string;
    readonly initramfs: string;
    /** Added to the kernel's command line. */
    readonly append: string;
    readonly cpus?: number;
    readonly memory?: string;
    /** An image of a disk, which the guest can read. */
    readonly disk?: string;
    readonly into: string;
    readonly timeout_s: number;
  },
): Promise<boolean> {
  const tar = `${into}/out.tar`;
  const qemu = await run([
    ...["setpriv", "--pdeathsig", "KILL"], // so that a guest does not outlive the run
    ...["qemu-system-x86_64", "-accel", ACCELERATOR, "-cpu", CPU, "-smp", `${cpus}`, "-m", memory],
    ...["-nodefaults", "-display", "none", "-no-reboot", "-kernel", kernel, "-initrd", initramfs],
    ...["-chardev", `file,id=console,path=${into}/console.log`, "-serial", "chardev:console"],
    ...["-chardev", `file,id=out,path=${tar}`, "-serial", "chardev:out"],
    ...disk === undefined ? [] : ["-drive", `file=${disk},if=virtio,format=raw,readonly=on`],
    ...["-append", `${COMMAND_LINE} ${append}`],
  ], { signal: AbortSignal.timeout(timeout_s * 1000) });
  if (qemu.stderr) await Deno.writeTextFile(`${into}/qemu.log`, qemu.stderr);
  const { code } = await run(["tar", "-xf", tar, "-C", into]);
  await Deno.remove(tar).catch(() => {});
  // init writes end_s last
  return code === 0 && await Deno.stat(`${into}/end_s`).then(() => true, () => false);
}

/** The kernel image in an unpacked package: /boot/vmlinuz-*, or next to the modules since 6.19. */
export async function kernel_image(dir: string): Promise<string> {
  const found = (await output(["find", dir, "-name", "vmlinuz*", "-type", "f"])).trim();
  if (!found || found.includes("\n")) throw new Error(`${dir} has not exactly one vmlinuz: ${found || "none"}.`);
  return found;
}
