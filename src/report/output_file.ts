import { BadInput, CannotRun } from "../failure.ts";

// Who may read the recordings may read the report; others may not.
const MODE = 0o640;

/** Throws BadInput for a path where no page can be written, before the work for it is done. */
export function checkOutputFile(path: string): void {
  const there = lstat(path);
  if (there?.isSymlink) throw new BadInput(`${path} is a symbolic link, which is not followed: type another name.`);
  if (there && !there.isFile) throw new BadInput(`${path} is no file: type another name.`);
  const directory = directoryOf(path);
  let parent: Deno.FileInfo | undefined;
  try {
    parent = Deno.statSync(directory);
  } catch {
    // It is not there, or not for us to see.
  }
  if (!parent?.isDirectory) throw new BadInput(`There is no directory ${directory}: make it, or type another name.`);
}

/**
 * Writes a file in one step: under another name first, which is then given up for the real one, so that nobody reads half
 * of it, and a link that stands there is replaced and not followed.
 */
export function writeOutputFile(path: string, parts: readonly string[]): void {
  checkOutputFile(path);
  const temporary = `${directoryOf(path)}/.nettrace-${crypto.randomUUID()}`;
  try {
    {
      using file = Deno.openSync(temporary, { write: true, createNew: true, mode: MODE });
      for (const part of parts) {
        const bytes = new TextEncoder().encode(part);
        for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
      }
      file.syncDataSync();
    }
    Deno.renameSync(temporary, path);
  } catch (error) {
    try {
      Deno.removeSync(temporary);
    } catch {
      // It was not made, or is the file itself already.
    }
    throw new CannotRun(`${path} cannot be written: ${error instanceof Error ? error.message : error}.`);
  }
}

function lstat(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new BadInput(
      `${path} cannot be written (${error instanceof Error ? error.message : error}): type another name.`,
    );
  }
}

function directoryOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end < 0 ? "." : end === 0 ? "/" : path.slice(0, end);
}
