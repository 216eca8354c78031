import { type Compression, COMPRESSIONS, SUFFIX } from "./frame.ts";

/** The version of the format of recordings. It grows when a reader must know. */
export const SCHEMA = 1;

/** What the first line of a segment tells. */
export interface Header {
  schema: number;
  /** Version of the nettrace that recorded. */
  nettrace: string;
  /** The tool's options, as they were typed. */
  options: readonly string[];
  host: string;
  /** /proc/sys/kernel/random/boot_id. */
  boot_id: string;
  /** `uname -r`. */
  kernel: string;
  /** Realtime minus monotonic clock, a whole number in decimal. */
  clock_offset_ns: string;
  /** The plan of hooks that was used. */
  plan: string;
}

/** What the last line of a segment tells. */
export interface Footer {
  events: number;
  lost: number;
  lost_by: Readonly<Record<string, number>>;
}

const STAMP = /^\d{8}T\d{6}Z$/;
const OPEN = ".open";

/** `2026-11-20T06:00:00.123Z` as 20261120T060000Z. */
function stampOf(time: Date): string {
  return time.toISOString().slice(0, 19).replaceAll(/[-:]/g, "") + "Z";
}

/** What a segment's name tells. */
export interface SegmentName {
  tool: string;
  host: string;
  stamp: string;
  compression: Compression;
  open: boolean;
}

/** The name of a segment that begins at a time; `host` has letters, digits, dots and dashes only. */
export function segmentName(tool: string, host: string, begin: Date, compression: Compression): string {
  return `${tool}-${host}-${stampOf(begin)}.jsonl${SUFFIX[compression]}`;
}

/** The name while it is written. */
export function openName(name: string): string {
  return name + OPEN;
}

/** What a file's name tells; undefined if it is not a segment's. */
export function parseSegmentName(name: string): SegmentName | undefined {
  const open = name.endsWith(OPEN);
  const closed = open ? name.slice(0, -OPEN.length) : name;
  const compression = COMPRESSIONS.find((c) => closed.endsWith(`.jsonl${SUFFIX[c]}`));
  if (compression === undefined) return undefined;
  const stem = closed.slice(0, -`.jsonl${SUFFIX[compression]}`.length);
  const first = stem.indexOf("-"), last = stem.lastIndexOf("-");
  const [tool, host, stamp] = [stem.slice(0, first), stem.slice(first + 1, last), stem.slice(last + 1)];
  return first > 0 && last > first && STAMP.test(stamp) ? { tool, host, stamp, compression, open } : undefined;
}

/** A host's name as segments have it. */
export function hostPart(hostname: string): string {
  return hostname.replaceAll(/[^A-Za-z0-9.-]/g, "_").slice(0, 64) || "localhost";
}
