import { bitsIn, bitsOf, type Capability } from "./capability.ts";
import { isCallError, type Kernel } from "./kernel.ts";
import { needsOf } from "./needs.ts";
import type { Run } from "./run.ts";

/**
 * Gives up all that this process may do and other processes of its user may not, but what these runs need later; to be
 * called once all of them trace. `others` is what is needed later besides. Where the kernel refuses it, `warn` takes a line
 * that says so.
 */
export function relinquish(
  runs: readonly Pick<Run, "tool" | "given">[],
  kernel: Kernel,
  warn: (line: string) => void,
  others: () => readonly Capability[] = () => [],
): void {
  try {
    const status = kernel.readText("/proc/self/status") ?? "";
    const kept = new Set<Capability>([
      ...runs.flatMap(({ tool, given }) => needsOf(tool, given)).filter(({ later }) => later).map((n) => n.capability),
      ...forBpf(status, kernel),
      ...others(),
    ]);
    kernel.relinquish(bitsOf([...kept]));
  } catch (error) {
    if (!isCallError(error)) throw error;
    warn(
      `nettrace could not give up the rights that it does not need any more (${error.message}), and goes on with them.`,
    );
  }
}

/**
 * What reading maps and running iterators takes. From 5.19 on, that is nothing where the programs are loaded (commit
 * c8644cd0efe7). Before, it is CAP_BPF where kernel.unprivileged_bpf_disabled is set, which may happen yet.
 */
function forBpf(status: string, kernel: Kernel): Capability[] {
  const isOpen = kernel.readText("/proc/sys/kernel/unprivileged_bpf_disabled")?.trim() === "0";
  if (!isOpen && kernel.allowsBpf(0n)) return [];
  return bitsIn(status, "CapPrm") & bitsOf(["CAP_BPF"]) ? ["CAP_BPF"] : ["CAP_SYS_ADMIN"];
}
