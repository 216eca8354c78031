// Durations in bounded memory: exact while they are few, then counted in buckets of which each octave has 32.

const SUB_BITS = 5;
// Shorter ones are alike: kernels tell microseconds.
const LOWEST_MS = 2 ** -12, HIGHEST_MS = 2 ** 42;
const EXPONENT_BIAS = 1023, HIGH_MANTISSA_BITS = 20;
// Bucket 0 is for what is below LOWEST_MS.
const BASE = ((EXPONENT_BIAS - 12) << SUB_BITS) - 1;
// An octave has two coarse buckets, which meet near its middle by ratio: 1, 1.41, 2, 2.81, 4 ...
const UPPER_FROM = 13, SUB_BUCKETS = 1 << SUB_BITS;
/** Durations up to so many are kept as they are. */
export const EXACT_MOST = 256;

const double = new Float64Array(1);
const halves = new Uint32Array(double.buffer); // the high half is the second: both architectures are little-endian

function bucketOf(duration_ms: number): number {
  if (duration_ms < LOWEST_MS) return 0;
  double[0] = duration_ms < HIGHEST_MS ? duration_ms : HIGHEST_MS;
  return ((halves[1] as number) >>> (HIGH_MANTISSA_BITS - SUB_BITS)) - BASE;
}

function edgeOf(bucket: number): number {
  if (bucket <= 0) return 0;
  halves[0] = 0;
  halves[1] = (bucket + BASE) << (HIGH_MANTISSA_BITS - SUB_BITS);
  return double[0] as number;
}

/** The coarse bucket of a duration, of which an octave has two. */
export function coarseOf(duration_ms: number): number {
  return coarseOfBucket(bucketOf(duration_ms));
}

function coarseOfBucket(bucket: number): number {
  const place = bucket + BASE;
  return (place >> SUB_BITS) * 2 + ((place & (SUB_BUCKETS - 1)) >= UPPER_FROM ? 1 : 0);
}

/** Where a coarse bucket begins, in milliseconds. */
export function coarseEdge(coarse: number): number {
  return edgeOf(((coarse >> 1) << SUB_BITS) + (coarse & 1 ? UPPER_FROM : 0) - BASE);
}

export interface Distribution {
  readonly count: number;
  readonly sum_ms: number;
  readonly max_ms: number;
  add(duration_ms: number): void;
  /**
   * The duration that the part `q` of all do not exceed (nearest rank): exact up to EXACT_MOST durations, else within 2 %;
   * null if there are none.
   */
  quantile(q: number): number | null;
  /** How many are in each coarse bucket, from the first with any to the last. */
  coarse(): { first: number; counts: number[] };
}

export function newDistribution(): Distribution {
  let exact: number[] | undefined = [];
  let buckets = new Uint32Array(0), first = 0; // buckets[0] is the bucket `first`
  let count = 0, sum_ms = 0, min_ms = Infinity, max_ms = 0;

  function note(bucket: number): void {
    if (buckets.length === 0) {
      first = bucket & ~31;
      buckets = new Uint32Array(64);
    }
    if (bucket < first || bucket >= first + buckets.length) {
      const from = Math.min(first, bucket & ~31);
      const to = Math.max(first + buckets.length, (bucket | 31) + 1);
      const grown = new Uint32Array(to - from);
      grown.set(buckets, first - from);
      [buckets, first] = [grown, from];
    }
    buckets[bucket - first] = (buckets[bucket - first] as number) + 1;
  }

  return {
    get count() {
      return count;
    },
    get sum_ms() {
      return sum_ms;
    },
    get max_ms() {
      return max_ms;
    },
    add(duration_ms) {
      count++;
      sum_ms += duration_ms;
      if (duration_ms < min_ms) min_ms = duration_ms;
      if (duration_ms > max_ms) max_ms = duration_ms;
      if (exact === undefined) note(bucketOf(duration_ms));
      else if (exact.push(duration_ms) > EXACT_MOST) {
        for (const each of exact) note(bucketOf(each));
        exact = undefined;
      }
    },
    quantile(q) {
      if (count === 0) return null;
      const rank = Math.max(1, Math.ceil(q * count));
      if (rank === count) return max_ms;
      if (exact) return exact.toSorted((a, b) => a - b)[rank - 1] as number;
      let i = 0;
      for (let seen = buckets[0] as number; seen < rank; seen += buckets[i] as number) i++;
      if (first + i === 0) return min_ms;
      const middle = (edgeOf(first + i) + edgeOf(first + i + 1)) / 2;
      return Math.min(Math.max(middle, min_ms), max_ms);
    },
    coarse() {
      const counts: number[] = [];
      const from = coarseOf(min_ms);
      const put = (coarse: number, n: number) => {
        while (counts.length <= coarse - from) counts.push(0);
        counts[coarse - from] = (counts[coarse - from] as number) + n;
      };
      if (exact) { for (const each of exact) put(coarseOf(each), 1); }
      else for (const [i, n] of buckets.entries()) if (n > 0) put(coarseOfBucket(first + i), n);
      return { first: from, counts };
    },
  };
}
