// What the kernel says that a process's BPF programs took.
import { openKernel } from "../../ffi/kernel.ts";
import { openLibc } from "../../ffi/libc.ts";
import { made } from "./tracer.ts";

const BPF_STATS_RUN_TIME = 0; // include/uapi/linux/bpf.h

/** How often programs ran, and how long in all. */
export interface Runs {
  count: number;
  spent_ns: number;
}

/**
 * Has the kernel take the time of every run of every program, until it is disposed of. By a descriptor, not by
 * kernel.bpf_stats_enabled: so it ends with this process, however that ends.
 */
export function takeTimes(): Disposable {
  const libbpf = Deno.dlopen(made("libbpf.so"), { bpf_enable_stats: { parameters: ["i32"], result: "i32" } });
  const fd = libbpf.symbols.bpf_enable_stats(BPF_STATS_RUN_TIME);
  libbpf.close();
  if (fd < 0) throw new Error(`the kernel does not take times of BPF programs: error ${-fd}`);
  return { [Symbol.dispose]: () => void openLibc().close(fd) };
}

/** The runs of all programs that a process has descriptors of, each program once (bpf_prog_show_fdinfo). */
export function runsOf(pid: number | "self"): Runs {
  const programs = new Map<string, Runs>();
  for (const { name } of Deno.readDirSync(`/proc/${pid}/fdinfo`)) {
    const text = infoOf(`/proc/${pid}/fdinfo/${name}`);
    const value = (key: string) => new RegExp(`^${key}:\\s*(\\S+)$`, "m").exec(text)?.[1];
    const id = value("prog_type") && value("prog_id");
    if (id) programs.set(id, { count: Number(value("run_cnt")), spent_ns: Number(value("run_time_ns")) });
  }
  return [...programs.values()].reduce(
    (sum, one) => ({ count: sum.count + one.count, spent_ns: sum.spent_ns + one.spent_ns }),
    { count: 0, spent_ns: 0 },
  );
}

function infoOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return ""; // closed meanwhile
  }
}

/** What a run of a program is said to take that does nothing, while `work` has it run. */
export async function emptyRun_ns(work: () => Promise<void>): Promise<number> {
  const kernel = openKernel({
    libbpf: undefined,
    oldestLibbpfMinor: 1,
    asset: (name) => Deno.readFileSync(made(`bench-${name}`)),
  });
  using object = kernel.open("empty");
  object.load();
  object.attach("empty");
  await work();
  const { count, spent_ns } = runsOf("self");
  return spent_ns / count;
}
