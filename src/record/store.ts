import type { Capability } from "../capability.ts";
import { CannotRun } from "../failure.ts";
import type { Kernel } from "../kernel.ts";
import { NEEDS } from "./declaration.ts";
import { parseSegmentName } from "./segment.ts";

/** How much is kept: segments that began so long ago, or so many bytes of them. */
export type Keep = { age_ms: number } | { bytes: number };

/** Makes the directory unless it is there. Throws CannotRun. */
export function makeDirectory(dir: string): void {
  try {
    Deno.mkdirSync(dir, { recursive: true, mode: 0o750 });
  } catch (error) {
    throw new CannotRun(`Cannot make the directory ${dir}: ${error instanceof Error ? error.message : error}.`);
  }
}

const STICKY = 0o1000;

/** The capabilities without which this process could not make files in the directory, or not remove those of others. */
export function neededFor(dir: string, kernel: Pick<Kernel, "allowsWriting">): Capability[] {
  const { uid, mode } = Deno.statSync(dir);
  const needed: Capability[] = [];
  if (!kernel.allowsWriting(dir, 0n)) needed.push(NEEDS.write.capability);
  if (((mode ?? 0) & STICKY) !== 0 && uid !== Deno.uid()) needed.push(NEEDS.remove.capability);
  return needed;
}

interface Stored {
  path: string;
  begin_ms: number;
  bytes: number;
}

/** This host's segments that nobody writes to, the oldest first. Symlinks are none. */
function segmentsOf(dir: string, host: string): Stored[] {
  const growing = lockedInodes();
  const found: Stored[] = [];
  for (const { name, isFile } of Deno.readDirSync(dir)) {
    const named = isFile ? parseSegmentName(name) : undefined;
    if (named === undefined || named.host !== host) continue;
    const path = `${dir}/${name}`;
    const info = statOf(path);
    if (info === undefined) continue;
    const { ino, size } = info;
    if (named.open && ino !== null && growing.has(ino)) continue;
    const [, y, mo, d, h, mi, s] = /(....)(..)(..)T(..)(..)(..)Z/.exec(named.stamp) ?? [];
    found.push({
      path,
      bytes: size,
      begin_ms: Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s)),
    });
  }
  return found.sort((a, b) => a.begin_ms - b.begin_ms);
}

/** Undefined for what somebody else has just removed. */
function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The inodes of files that are locked (proc(5), /proc/locks): a segment that grows is. */
function lockedInodes(): Set<number> {
  const lines = Deno.readTextFileSync("/proc/locks").split("\n");
  return new Set(lines.map((line) => Number(/ [0-9a-f]+:[0-9a-f]+:(\d+) /.exec(line)?.[1])));
}

/** Removes the oldest segments of this host, as far as they are not to be kept. Throws CannotRun. */
export function prune(dir: string, host: string, keep: Keep, now_ms: number): void {
  const stored = segmentsOf(dir, host);
  let bytes = stored.reduce((sum, segment) => sum + segment.bytes, 0);
  for (const segment of stored) {
    if ("bytes" in keep ? bytes <= keep.bytes : now_ms - segment.begin_ms <= keep.age_ms) return;
    remove(segment.path);
    bytes -= segment.bytes;
  }
}

/** Removes the oldest segment of this host; false if there is none. Throws CannotRun. */
export function dropOldest(dir: string, host: string): boolean {
  const [oldest] = segmentsOf(dir, host);
  if (oldest) remove(oldest.path);
  return oldest !== undefined;
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return; // somebody else was faster
    throw new CannotRun(`Cannot remove ${path}: ${error instanceof Error ? error.message : error}.`);
  }
}
