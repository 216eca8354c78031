/** One line of the bench: what was measured of nettrace and, in the same run, of the C program that does the same. */
export interface Measure {
  name: string;
  unit: string;
  nettrace: number;
  c?: number;
  goal?: Goal;
  /** Lower and upper quartile of what each side's value is the median of. */
  quartiles?: { nettrace: Quartiles; c?: Quartiles };
}

export type Quartiles = readonly [lower: number, upper: number];

/** A bound for nettrace's value, or for its ratio to C's. */
export interface Goal {
  of: "value" | "ratio";
  most?: number;
  least?: number;
}

/** nettrace's value over C's. */
export function ratio(measure: Measure): number | undefined {
  return measure.c === undefined ? undefined : measure.nettrace / measure.c;
}

/** Whether the goal is met; undefined if there is none. */
export function met(measure: Measure): boolean | undefined {
  const { goal } = measure;
  if (!goal) return undefined;
  const value = goal.of === "value" ? measure.nettrace : ratio(measure) ?? NaN;
  return value <= (goal.most ?? Infinity) && value >= (goal.least ?? -Infinity);
}

/** The value in the middle; of an even number of values, the mean of the two. Throws if there is none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value that a share `q` of the values does not exceed, between two of them by proportion. */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) throw new Error("nothing was measured");
  const sorted = values.toSorted((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? NaN;
  const above = sorted[Math.ceil(at)] ?? NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** The quartiles of some values. */
export function quartiles(values: readonly number[]): Quartiles {
  return [quantile(values, 0.25), quantile(values, 0.75)];
}
