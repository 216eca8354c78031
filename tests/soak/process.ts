// What a process has and uses, read from /proc.

/** One look at a process. */
export interface Usage {
  at_s: number;
  rss_bytes: number;
  /** Of these, what no file backs: heaps and stacks, and no pages of the executable. */
  anon_bytes: number;
  cpu_s: number;
  fds: number;
  /** Of its descriptors, those of BPF objects, by their kind in the kernel's words. */
  bpf: Record<string, number>;
}

/** What a process has now. Throws if it is gone. */
export function usageOf(pid: number): Usage {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const fds = Array.from(Deno.readDirSync(`/proc/${pid}/fd`), ({ name }) => name);
  const memory = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024;
  const bpf: Record<string, number> = {};
  for (const fd of fds) {
    const [, kind] = /^anon_inode:(bpf.*)$/.exec(target(`/proc/${pid}/fd/${fd}`)) ?? [];
    if (kind) bpf[kind] = (bpf[kind] ?? 0) + 1;
  }
  return {
    at_s: performance.now() / 1000,
    rss_bytes: memory("VmRSS"),
    anon_bytes: memory("RssAnon"),
    cpu_s: cpuOf(pid),
    fds: fds.length,
    bpf,
  };
}

function target(link: string): string {
  try {
    return Deno.readLinkSync(link);
  } catch {
    return ""; // closed meanwhile
  }
}

const TICKS_A_SECOND = 100; // USER_HZ, which is the same on all kernels that nettrace runs on

/** What it has run, threads that have ended included, in seconds. */
function cpuOf(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const [user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13).map(Number);
  return ((user ?? 0) + (system ?? 0)) / TICKS_A_SECOND;
}
