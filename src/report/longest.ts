/** The `most` of all that was offered that are the largest; of equal ones, those that came first. */
export interface Longest<T> {
  /** True if something of this size would be among them; only then it need be made, and added. */
  takes(size: number): boolean;
  add(size: number, item: T): void;
  /** From the largest on. */
  items(): T[];
}

export function newLongest<T>(most: number): Longest<T> {
  const kept: { size: number; item: T }[] = [];
  let limit = -Infinity;
  const cut = () => {
    kept.sort((a, b) => b.size - a.size); // which is stable
    kept.length = Math.min(kept.length, most);
    if (kept.length === most) limit = kept[most - 1]?.size ?? -Infinity;
  };
  return {
    takes: (size) => size > limit,
    add(size, item) {
      if (size <= limit) return;
      kept.push({ size, item });
      if (kept.length === 2 * most) cut();
    },
    items() {
      cut();
      return kept.map(({ item }) => item);
    },
  };
}
