import type { Cgroups } from "./cgroup.ts";
import type { Names } from "./dns.ts";

/** What a number or an address means on the running kernel; made when a tool starts, for cells that ask for it. */
export interface Lookups {
  /** Texts for numbers, of ASCII; by the `by` of a cell. */
  readonly names: Readonly<Record<string, (n: number) => string>>;
  /** The place in the kernel's code at an address, given as its halves: ASCII without quotes. */
  readonly symbol: (low: number, high: number) => string;
  /** What is known of cgroups. */
  readonly cgroups?: Pick<Cgroups, "text">;
  /** Writes the id of the connection of the event at byte `q`. */
  readonly connection?: (out: Uint8Array, p: number, u32: Uint32Array, q: number) => number;
  /** The name that an address was found by. */
  readonly query?: Pick<Names, "text" | "name">;
}

/** For tools that look nothing up. */
export const NO_LOOKUPS: Lookups = { names: {}, symbol: () => "" };
