// Numbers of include/uapi/linux/capability.h.
const NUMBERS = {
  CAP_DAC_OVERRIDE: 1,
  CAP_DAC_READ_SEARCH: 2,
  CAP_FOWNER: 3,
  CAP_NET_RAW: 13,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
  CAP_SYS_RESOURCE: 24,
  CAP_SYSLOG: 34,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
} as const;

/** A right that root has, and others may be given (capabilities(7)). */
export type Capability = keyof typeof NUMBERS;

/** A capability, and what it is needed for. */
export interface Need {
  readonly capability: Capability;
  /** What it is for, as in "to attach them". */
  readonly what: string;
  /** Where it is not needed after all. */
  readonly unless?: string;
  /** True if it is needed as long as tracing goes on. */
  readonly later?: true;
}

/** What every tool needs. */
export const TRACING: readonly Need[] = [
  { capability: "CAP_BPF", what: "to load programs" },
  { capability: "CAP_PERFMON", what: "to let them trace the kernel" },
];

/** What every tool needs where maps count as locked memory (kernel/bpf/syscall.c before 5.11). */
export const LOCKED_NEED: Need = {
  capability: "CAP_SYS_RESOURCE",
  what: "to have maps",
  unless: "the kernel is 5.11 or newer, or ulimit -l unlimited",
};

/** What plans of the kernel's tracepoints need, which are files. */
export const TRACEFS_NEED: Need = {
  capability: "CAP_DAC_READ_SEARCH",
  what: "to read tracefs",
  unless: "tracefs is open to the user",
};

/**
 * What perf events take where Debian's and Ubuntu's kernels restrict them further (there, kernel.perf_event_paranoid is 3
 * or more by default); elsewhere CAP_PERFMON is enough.
 */
export const PERF_NEED: Need = {
  capability: "CAP_SYS_ADMIN",
  what: "to open perf events",
  unless: "kernel.perf_event_paranoid is at most 2",
};

/** What needs are for that this machine's kernel does not ask for, by files that `read` gives the text of. */
export function sparedOf(read: (path: string) => string | undefined): string[] {
  const [major = 0, minor = 0] = (read("/proc/sys/kernel/osrelease") ?? "").split(".").map(Number);
  const paranoid = Number(read("/proc/sys/kernel/perf_event_paranoid") ?? NaN);
  return [
    ...major > 5 || (major === 5 && minor >= 11) ? [LOCKED_NEED.what] : [],
    ...paranoid <= 2 ? [PERF_NEED.what] : [],
  ];
}

/** What finding a network namespace by a process needs. */
export const PROCESS_NEED: Need = {
  capability: "CAP_SYS_PTRACE",
  what: "to look at other users' processes",
  unless: "the namespace is named by its number, by a path that is open to the user, or by a process of the user's",
};

/** Their bits, as the kernel has them. */
export function bitsOf(capabilities: readonly Capability[]): bigint {
  return capabilities.reduce((bits, name) => bits | 1n << BigInt(NUMBERS[name]), 0n);
}

/** The bits of a set in the status of a process (/proc/self/status). */
export function bitsIn(status: string, set: "CapEff" | "CapPrm"): bigint {
  return BigInt("0x" + (new RegExp(`^${set}:\\s*([0-9a-f]+)$`, "m").exec(status)?.[1] ?? "0"));
}

/** CAP_SYS_ADMIN includes them: bpf_capable() and perfmon_capable(), include/linux/capability.h. */
const ADMINS: readonly Capability[] = ["CAP_BPF", "CAP_PERFMON"];

/** True if the process with this status may do what the capability allows. */
export function isCapable(status: string, capability: Capability): boolean {
  const allowing: readonly Capability[] = ADMINS.includes(capability) ? [capability, "CAP_SYS_ADMIN"] : [capability];
  return (bitsIn(status, "CapEff") & bitsOf(allowing)) !== 0n;
}
