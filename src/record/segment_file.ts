import { CannotRun } from "../failure.ts";
import { type Compression, pack } from "./frame.ts";
import { openName, segmentName } from "./segment.ts";

/** A segment that is being written. */
export interface SegmentFile {
  readonly path: string;
  /** Bytes on their way to the disk, and there. */
  readonly size: number;
  /**
   * Writes text as a frame of its own: wholly, or, where it cannot be, not at all. Throws NoRoom where the disk is full, and
   * CannotRun for what else goes wrong.
   */
  write(text: Uint8Array): void;
  /** Has the disk take what was written. Throws CannotRun. */
  sync(): Promise<void>;
  /** Gives it the name of a segment that is complete. */
  close(): Promise<void>;
  /** Lets go of it as it is. */
  abandon(): void;
}

/** The disk, or the quota, is full. */
export class NoRoom extends Error {}

/**
 * Begins a segment in a directory under a name that nobody has. It is locked, so that others know that it grows. Throws
 * CannotRun.
 */
export function createSegment(
  dir: string,
  { tool, host, begin, compression }: { tool: string; host: string; begin: Date; compression: Compression },
): SegmentFile {
  const { file, name } = create(dir, (shift) => {
    return segmentName(tool, host, new Date(begin.getTime() + 1000 * shift), compression);
  });
  file.lockSync(true);
  const path = `${dir}/${name}`;
  let size = 0;
  const cannot = (error: unknown) => new CannotRun(`Cannot write to ${openName(path)}: ${why(error)}.`);
  const untaken = (error: unknown) =>
    new CannotRun(
      `The disk did not take what was written to ${openName(path)} (${why(error)}), so recording ended: ` +
        `its last seconds may be missing. Look for what the kernel says of the disk (dmesg).`,
    );
  return {
    path,
    get size() {
      return size;
    },
    write(text) {
      const frame = pack(text, compression);
      let written = 0;
      try {
        if (file.statSync().nlink === 0) throw new Error("somebody removed it, or its directory");
        while (written < frame.length) written += file.writeSync(frame.subarray(written));
        size += frame.length;
      } catch (error) {
        if (written > 0) restore(file, size);
        throw isFull(error) ? new NoRoom(why(error)) : cannot(error);
      }
    },
    async sync() {
      await file.syncData().catch((error) => {
        throw untaken(error);
      });
    },
    async close() {
      try {
        await file.sync().catch((error) => {
          throw untaken(error);
        });
        Deno.renameSync(openName(path), path);
        file.close();
        syncDirectory(dir);
      } catch (error) {
        throw error instanceof CannotRun ? error : cannot(error);
      }
    },
    abandon: () => file.close(),
  };
}

/** Opens a new file; `name` makes its name, later ones for larger numbers. */
function create(dir: string, name: (shift: number) => string): { file: Deno.FsFile; name: string } {
  for (let shift = 0;; shift++) {
    const wanted = name(shift);
    if (isThere(`${dir}/${wanted}`)) continue;
    try {
      // createNew is O_EXCL, which does not follow a symlink either (open(2)).
      const file = Deno.openSync(`${dir}/${openName(wanted)}`, { write: true, createNew: true, mode: 0o640 });
      return { file, name: wanted };
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) continue;
      throw new CannotRun(`Cannot make a file in ${dir}: ${why(error)}.`);
    }
  }
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Takes a part of a frame away again; where even that fails, readers find it, and say so. */
function restore(file: Deno.FsFile, size: number): void {
  try {
    file.truncateSync(size);
    file.seekSync(size, Deno.SeekMode.Start);
  } catch {
    // It is told by whoever could not write.
  }
}

/** Has the disk take the names, too. Some file systems cannot; then they do it by themselves. */
function syncDirectory(dir: string): void {
  try {
    using opened = Deno.openSync(dir);
    opened.syncSync();
  } catch {
    // FUSE and network file systems
  }
}

// Rust's names for ENOSPC and EDQUOT have no class in Deno.
function isFull(error: unknown): boolean {
  return error instanceof Error && /os error (28|122)\)/.test(error.message);
}

function why(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
