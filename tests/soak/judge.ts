// What must hold at the end, for each tracer, and by how much it may not quite.
import type { Summary } from "../live/nettrace.ts";
import type { Usage } from "./process.ts";
import type { Verdict } from "./tally.ts";
import { growth } from "./trend.ts";

/** The first part of a run, in which memory and caches fill, is not judged: a fifth, and half a minute if there is time. */
export const WARM_UP = 0.2, WARM_UP_S = 30;
/** How much memory that no file backs may grow after that; and what time that takes to tell, as the heap of V8 breathes. */
export const GROWTH_BYTES = 4 * 2 ** 20, GROWTH_S = 120;
/** How much more CPU an event may cost in the second half than in the first; and what clocks cannot tell apart. */
export const CPU_GROWTH = 1.3, CPU_NOISE_S = 0.3;

/** A tracer at the end. */
export interface Outcome {
  tool: string;
  /** Undefined of a recorder, whose recordings are judged one by one. */
  verdict?: Verdict;
  summary: Summary;
  /** Undefined of a recording. */
  use?: Use;
  /** What does not hold, in words; none if all does. */
  failures: string[];
}

/** What a tracer used after the warm-up. */
export interface Use {
  rss_bytes: number;
  growth_bytes: number;
  fds: number;
  bpf: number;
  /** By socket of the traffic, in the first half and in the second. */
  cpu_us: [number, number];
}

/** Causes that are told of what is shown in part, or may not have been lost. */
const PERHAPS = [
  "missed",
  "armed_before",
  "session_full",
  "since_full",
  "owner_full",
  "attempt_stuck",
  "unnamed",
  "dns_dropped",
];

/** What is wrong with how a tool counted. */
export function miscounts(verdict: Verdict, { lost, lost_by }: Summary): string[] {
  const perhaps = PERHAPS.reduce((sum, cause) => sum + (lost_by[cause] ?? 0), 0);
  const { missing, missing_most = missing, wrong, unnamed = 0, examples } = verdict;
  const failures: string[] = [];
  if (missing > lost) failures.push(`${missing} are missing, and ${lost} told as lost`);
  if (missing_most < lost - perhaps) {
    failures.push(`${lost - perhaps} are told as lost, and only ${missing_most} are missing`);
  }
  if (wrong > 0) failures.push(`${wrong} are wrong`);
  if (unnamed > perhaps) failures.push(`${unnamed} are shown as nobody's, and ${perhaps} may be for what was lost`);
  if (failures.length > 0) failures.push(...examples);
  if (verdict.produced === 0) failures.push("there was nothing to see");
  return failures;
}

/** A look at a process, and how many sockets the traffic had had by then. */
export type Look = Usage & { sockets: number };

/** Those after the warm-up. */
function warm(looks: readonly Look[]): Look[] {
  const first_s = looks[0]?.at_s ?? 0, spent_s = (looks.at(-1)?.at_s ?? 0) - first_s;
  const warm_s = Math.max(WARM_UP * spent_s, Math.min(WARM_UP_S, spent_s / 2));
  return looks.filter(({ at_s }) => at_s >= first_s + warm_s);
}

/** Whether there was time enough to tell growth from a heap that breathes. */
export function tellsGrowth(all: readonly Look[]): boolean {
  const looks = warm(all);
  return (looks.at(-1)?.at_s ?? 0) - (looks[0]?.at_s ?? 0) >= GROWTH_S;
}

/** What it used after the warm-up; undefined if that is too short to tell. */
export function useOf(all: readonly Look[]): Use | undefined {
  const looks = warm(all), begin = looks[0], middle = looks[looks.length >> 1], last = looks.at(-1);
  if (!begin || !middle || !last || looks.length < 4) return undefined;
  const cpu_us = (a: Look, b: Look) => (b.cpu_s - a.cpu_s) / Math.max(1, b.sockets - a.sockets) * 1e6;
  return {
    rss_bytes: last.rss_bytes,
    growth_bytes: growth(looks.map(({ at_s, anon_bytes }) => ({ at_s, value: anon_bytes }))),
    fds: Math.min(...looks.map(({ fds }) => fds)),
    bpf: objects(last),
    cpu_us: [cpu_us(begin, middle), cpu_us(middle, last)],
  };
}

const objects = ({ bpf }: Usage) => Object.values(bpf).reduce((sum, n) => sum + n, 0);

/** What is wrong with what it used. */
export function wastes(all: readonly Look[], use: Use): string[] {
  const looks = warm(all), failures: string[] = [];
  const MB = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const [before = 0, after = 0] = use.cpu_us, sockets = ((looks.at(-1)?.sockets ?? 0) - (looks[0]?.sockets ?? 0)) / 2;
  const noise_us = CPU_NOISE_S / Math.max(1, sockets) * 1e6;
  if (tellsGrowth(all) && use.growth_bytes > GROWTH_BYTES) failures.push(`its memory grew by ${MB(use.growth_bytes)}`);
  const middle = looks.length >> 1;
  const fewest = (some: readonly Look[]) => Math.min(...some.map(({ fds }) => fds)); // some are open for a moment only
  const [first, second] = [fewest(looks.slice(0, middle)), fewest(looks.slice(middle))];
  if (second > first) failures.push(`it had ${first} descriptors at first, then ${second}`);
  const kinds = new Set(looks.map(({ bpf }) => JSON.stringify(Object.entries(bpf).sort())));
  if (kinds.size > 1) failures.push(`its BPF objects were ${[...kinds].join(", then ")}`);
  if (after > before * CPU_GROWTH + noise_us) {
    failures.push(`an event cost ${before.toFixed(1)} us of CPU at first, then ${after.toFixed(1)} us`);
  }
  return failures;
}
