// What the kernel itself counts of its soft interrupts.

/** How often each kind has begun on each CPU since the machine started, by its name in lower case. */
export type Begun = ReadonlyMap<string, readonly number[]>;

/** That, as /proc/softirqs has it now. */
export function begun(): Begun {
  const [, ...lines] = Deno.readTextFileSync("/proc/softirqs").trimEnd().split("\n");
  return new Map(lines.map((line) => {
    const [name = "", counts = ""] = line.trim().split(":");
    return [name.toLowerCase(), counts.trim().split(/ +/).map(Number)];
  }));
}

/** How many of a kind began between two readings, on one CPU or on all. */
export function between(from: Begun | undefined, to: Begun | undefined, kind: string, cpu?: number): number {
  const total = (of: Begun | undefined) =>
    (of?.get(kind) ?? []).reduce((sum, n, i) => cpu === undefined || i === cpu ? sum + n : sum, 0);
  return total(to) - total(from);
}

/** How many of all kinds began between two readings. */
export function allBetween(from: Begun | undefined, to: Begun | undefined): number {
  return [...to?.keys() ?? []].reduce((sum, kind) => sum + between(from, to, kind), 0);
}

/**
 * How large a part of all may interrupt tasks beside which some kernels run no program of BPF: those of an agent, on some
 * virtual machines. The kernel counts them in /proc/softirqs, and not among what its programs miss: no tracer can tell.
 */
export const HIDDEN = 1 / 100;
