// What the kernel says of how often a process's BPF programs ran, and how long.
import { fdinfos } from "./bpf_objects.ts";
import { bpf, libc } from "./bpf.ts";

const BPF_ENABLE_STATS = 32, BPF_STATS_RUN_TIME = 0; // include/uapi/linux/bpf.h

/** How often programs ran, and how long in all. */
export interface Runs {
  count: number;
  spent_ns: number;
}

/**
 * Has the kernel count and time every run of every program, until it is disposed of. By a descriptor, not by
 * kernel.bpf_stats_enabled: so it ends with this process, however that ends.
 */
export function takeTimes(): Disposable {
  const fd = bpf(BPF_ENABLE_STATS, [[0, BPF_STATS_RUN_TIME]]);
  return { [Symbol.dispose]: () => void libc.close(fd) };
}

/** The runs of all programs that a process has descriptors of, each program once (bpf_prog_show_fdinfo). */
export function runsOf(pid: number | "self"): Runs {
  const programs = new Map<string, Runs>();
  for (const text of fdinfos(pid)) {
    const value = (key: string) => new RegExp(`^${key}:\\s*(\\S+)$`, "m").exec(text)?.[1];
    const id = value("prog_type") && value("prog_id");
    if (id) programs.set(id, { count: Number(value("run_cnt")), spent_ns: Number(value("run_time_ns")) });
  }
  return [...programs.values()].reduce(
    (sum, one) => ({ count: sum.count + one.count, spent_ns: sum.spent_ns + one.spent_ns }),
    { count: 0, spent_ns: 0 },
  );
}
