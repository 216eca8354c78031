import { bitsIn, bitsOf, isCapable, PERF_NEED, TRACEFS_NEED, TRACING } from "./capability.ts";
import { NO_CGROUP2 } from "./cgroup.ts";
import type { CallError, Kernel } from "./kernel.ts";
import { readsTracefs } from "./needs.ts";
import type { Layout, Plan } from "./tool.ts";

const EPERM = 1, ENOENT = 2, ESRCH = 3, ENOMEM = 12, EACCES = 13, ENOSYS = 38;

/** Where tracefs shows its events, by the place it is mounted at. */
export const TRACEFS = ["/sys/kernel/tracing/events", "/sys/kernel/debug/tracing/events"];

function isConfidential(kernel: Kernel): boolean {
  return kernel.readText("/sys/kernel/security/lockdown")?.includes("[confidentiality]") ?? false;
}

/** Why a plan cannot work here, as far as that shows without loading it; undefined if nothing speaks against it. */
export function obstacle(plan: Plan, layout: Layout, kernel: Kernel): string | undefined {
  const hooks = plan.programs.map((program) => layout.programs[program] ?? "");
  const some = (prefix: string) => hooks.some((hook) => hook.startsWith(prefix));
  if (some("fexit/") && kernel.fexitErrno() === EPERM) return "this kernel does not allow fexit programs (EPERM)";
  if (some("kprobe/")) {
    if (!kernel.exists("/sys/bus/event_source/devices/kprobe")) return "this kernel has no kprobes (CONFIG_KPROBES)";
    if (isConfidential(kernel)) return "lockdown=confidentiality does not allow kprobes";
  }
  if (readsTracefs(plan, { layout }) && !TRACEFS.some((path) => kernel.exists(path))) {
    // tracefs then makes no files (LOCKDOWN_TRACEFS, tracefs_create_file, fs/tracefs/inode.c).
    if (isConfidential(kernel)) return "lockdown=confidentiality does not allow tracefs";
    const mounted = tracefsMount(kernel);
    return mounted === undefined
      ? "tracefs is not mounted: mount -t tracefs tracefs /sys/kernel/tracing"
      : `tracefs, on ${mounted}, is closed to this user: it takes root or ${TRACEFS_NEED.capability}`;
  }
  return undefined;
}

/** Where tracefs is mounted, whoever may read it; undefined if it is not. */
export function tracefsMount(kernel: Pick<Kernel, "readText">): string | undefined {
  return /^\S+ (\S+) tracefs /m.exec(kernel.readText("/proc/self/mounts") ?? "")?.[1];
}

/** Why a program could not be loaded or attached, in words. */
export function reason(error: CallError, kernel: Kernel): string {
  // The verifier does not know these helpers then (bpf_tracing_func_proto, kernel/trace/bpf_trace.c); libbpf takes the
  // one for any memory where it finds that the kernel lacks the other.
  if (/\bbpf_probe_read(_kernel)?(_str)?#/.test(error.log) && isConfidential(kernel)) {
    return "lockdown=confidentiality does not allow its programs to read the kernel's memory";
  }
  const paranoid = Number(kernel.readText("/proc/sys/kernel/perf_event_paranoid") ?? 0);
  if (error.errno === EACCES && error.log.includes("perf event") && paranoid > 2) {
    return `kernel.perf_event_paranoid is ${paranoid}, where perf events take root or ${PERF_NEED.capability}`;
  }
  if (error.errno === ESRCH || error.errno === ENOENT) return `this kernel lacks its hook (${error.call})`;
  return `${error.call} failed: ${lastWords(error.log) || `errno ${error.errno}`}`;
}

/** The line of a log that says most: the verifier's last before its statistics, or the last one. */
function lastWords(log: string): string {
  const lines = log.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const stats = lines.findIndex((line) => line.startsWith("processed "));
  return (stats > 0 ? lines[stats - 1] : lines.at(-1)) ?? "";
}

/** What keeps every tool from running on this machine, as a sentence that says what to do; undefined if nothing does. */
export function machineObstacle(kernel: Kernel): string | undefined {
  const machine = kernel.readText("/proc/sys/kernel/arch")?.trim() ?? Deno.build.arch; // there since 6.1
  if (machine !== Deno.build.arch) {
    return `This nettrace is built for ${Deno.build.arch} and this kernel is ${machine}: install the one for ${machine}.`;
  }
  const status = kernel.readText("/proc/self/status") ?? "";
  const missing = missingCapabilities(status);
  if (missing.length > 0) {
    return `nettrace needs root, or ${missing.join(" and ")}: run it with sudo, or give them to the file with setcap.`;
  }
  if (!kernel.exists("/sys/kernel/btf/vmlinux")) {
    return "This kernel has no BTF (/sys/kernel/btf/vmlinux is missing): " +
      "nettrace needs one that was built with CONFIG_DEBUG_INFO_BTF=y, or sysfs mounted on /sys.";
  }
  return undefined;
}

/** Why columns cannot tell cgroups here, as a sentence; undefined if they can. */
export function cgroupObstacle(kernel: Kernel): string | undefined {
  // Once cgroups of version 2 have been mounted, every process has a line of theirs (proc_cgroup_show,
  // kernel/cgroup/cgroup.c); until then all are in the root, whatever containers there are.
  const own = kernel.readText("/proc/self/cgroup");
  if (own === undefined || /^0::/m.test(own)) return undefined;
  return `${NO_CGROUP2}: leave out columns of containers, units and cgroups.`;
}

/** True if the process with this status (/proc/self/status) may do all that root may. */
export function isAdmin(status: string): boolean {
  return (bitsIn(status, "CapEff") & bitsOf(["CAP_SYS_ADMIN"])) !== 0n;
}

/** The capabilities that tracing needs and the status of a process (/proc/self/status) lacks. */
export function missingCapabilities(status: string): string[] {
  return TRACING.map(({ capability }) => capability).filter((capability) => !isCapable(status, capability));
}

/** Before 5.11 maps count as locked memory. libbpf says so to root; others are told which map there was no room for. */
const NO_MAP = /ulimit -l|map '\w+': failed to create: Operation not permitted/;

/** The sentence for a failure that no other plan can help: of the machine's, not of a hook. */
export function fatal(error: CallError, kernel: Kernel): string | undefined {
  const seccomp = /^Seccomp:\s*[12]$/m.test(kernel.readText("/proc/self/status") ?? "");
  if (error.errno === ENOSYS || (error.errno === EPERM && seccomp)) {
    return "A seccomp filter or this kernel does not let nettrace call bpf(2): run it outside the container, or allow bpf and perf_event_open.";
  }
  if (error.errno === ENOMEM || (error.errno === EPERM && NO_MAP.test(error.log))) {
    return "The kernel refused the memory for the program's maps: raise the limit with `ulimit -l unlimited` as root, " +
      "give nettrace CAP_SYS_RESOURCE, too, or give --buffer a smaller size.";
  }
  return undefined;
}
