/** Numbers that are the same each time for the same seed. */
export interface Random {
  /** A whole number from 0 on, below `n`. */
  below(n: number): number;
  one<T>(of: readonly T[]): T;
  /** True in one of `n` cases. */
  in(n: number): boolean;
}

/** Mulberry32. */
export function newRandom(seed: number): Random {
  const below = (n: number) => {
    seed = seed + 0x6d2b79f5 | 0;
    let t = Math.imul(seed ^ seed >>> 15, 1 | seed);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return Math.floor(((t ^ t >>> 14) >>> 0) / 2 ** 32 * n);
  };
  return { below, one: (of) => of[below(of.length)] as typeof of[number], in: (n) => below(n) === 0 };
}
