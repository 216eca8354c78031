// Whether a quantity that is read again and again stays as it is.

/** A reading at a time. */
export interface Reading {
  at_s: number;
  value: number;
}

/** The slope by Theil and Sen, in units a second: the median of all pairs', so that lone peaks do not count. */
export function slope(readings: readonly Reading[]): number {
  const slopes: number[] = [];
  for (const [i, a] of readings.entries()) {
    for (const b of readings.slice(i + 1)) slopes.push((b.value - a.value) / (b.at_s - a.at_s));
  }
  return median(slopes);
}

/** The middle of some numbers; 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b), middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] ?? 0 : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/**
 * By how much it grew from the first reading to the last, by its slope; or by what the least of the second half is above that
 * of the first, if that says less: a heap fills until its garbage is collected, and what stays then is what leaks.
 */
export function growth(readings: readonly Reading[]): number {
  if (readings.length < 2) return 0;
  const middle = readings.length >> 1, least = (of: readonly Reading[]) => Math.min(...of.map(({ value }) => value));
  const rise = 2 * (least(readings.slice(middle)) - least(readings.slice(0, middle))); // halves are half the time apart
  return Math.min(rise, slope(readings) * (readings.at(-1)!.at_s - readings[0]!.at_s));
}
