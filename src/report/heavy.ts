// Sums by key in bounded memory: exact while the keys are not too many, and then right about the heavy ones.
import type { Cell } from "./model.ts";
import type { Distribution } from "./distribution.ts";

/** What is summed up under a key. */
export interface Entry {
  readonly key: string;
  weight: number;
  /** Other sums. */
  readonly sums: number[];
  /** At most so much of the weight is not counted here. */
  readonly missing_most: number;
  /** What tells it from the others, as tables show it, if that is not its key: put in by whoever counts. */
  cells?: readonly Cell[];
  spread?: Distribution;
}

export interface Heavy {
  /** Adds to a key's weight, and returns its entry. */
  add(key: string, weight: number): Entry;
  /** The heaviest entries, and the sum of all others: how many those are is null if it cannot be told. */
  top(most: number): { entries: Entry[]; others: { count: number | null; sum: Entry } };
  /** True as long as no key was given up. */
  exact(): boolean;
}

const NO_SUMS: number[] = []; // one for all, since there are many

/** Keys that are told apart at the same time, at least. */
export const KEYS_KEPT = 4096;

/**
 * Up to twice `kept` keys are told apart. Once there are more, all but the heaviest `kept` are given up, into the
 * others' sum; one that comes again begins anew, and lacks at most what the heaviest ones given up had, in all. So no
 * weight is ever too large, and keys that were heavy from the start are exact.
 */
export function newHeavy(sums: number, kept = KEYS_KEPT): Heavy {
  const entries = new Map<string, Entry>();
  const rest: Entry = { key: "", weight: 0, sums: new Array(sums).fill(0), missing_most: 0 };
  const weights = new Float64Array(2 * kept);
  let given_up = 0, missing_most = 0;

  function giveUp(): void {
    let i = 0;
    for (const { weight } of entries.values()) weights[i++] = weight;
    const limit = weights.sort()[kept] as number; // of the heaviest `kept`, the lightest
    let ties = kept;
    for (const weight of weights) if (weight > limit) ties--;
    let heaviest = 0;
    for (const [key, entry] of entries) {
      if (entry.weight > limit || entry.weight === limit && ties-- > 0) continue;
      if (entry.weight > heaviest) heaviest = entry.weight;
      into(rest, entry);
      entries.delete(key);
      given_up++;
    }
    missing_most += heaviest;
  }

  return {
    add(key, weight) {
      let entry = entries.get(key);
      if (entry === undefined) {
        if (entries.size === 2 * kept) giveUp();
        entry = { key, weight: 0, sums: sums === 0 ? NO_SUMS : new Array(sums).fill(0), missing_most };
        entries.set(key, entry);
      }
      entry.weight += weight;
      return entry;
    },
    top(most) {
      const sorted = Array.from(entries.values()).sort((a, b) => b.weight - a.weight);
      const sum: Entry = { key: "", weight: rest.weight, sums: [...rest.sums], missing_most: 0 };
      for (const entry of sorted.slice(most)) into(sum, entry);
      const left = Math.max(0, sorted.length - most);
      return { entries: sorted.slice(0, most), others: { count: given_up === 0 ? left : null, sum } };
    },
    exact: () => given_up === 0,
  };
}

function into(sum: Entry, entry: Entry): void {
  sum.weight += entry.weight;
  for (const [i, each] of entry.sums.entries()) sum.sums[i] = (sum.sums[i] as number) + each;
}
