import { BadInput, CannotRun } from "../failure.ts";
import type { Output } from "./format.ts";

const FILE_MODE = 0o640, DIRECTORY_MODE = 0o750;

/** Files that are written under other names, and get their own when all are complete. */
export interface Files extends Disposable {
  /** A file of which the name was typed; what has this name is replaced. Throws BadInput. */
  named(path: string): Output;
  /** A file in a directory, both made if need be; nothing is replaced. Throws BadInput. */
  within(directory: string, path: string): Output;
  /** Gives the files their names. Without it, disposing leaves none of them. */
  commit(): void;
}

/** Files of which none is there yet. */
export function newFiles(): Files {
  const names = new Map<string, string>();
  const create = (path: string): Output => {
    const slash = path.lastIndexOf("/") + 1;
    const temporary = `${path.slice(0, slash)}.${path.slice(slash)}.${crypto.randomUUID().slice(0, 8)}`;
    const ino = attempt(path, () => {
      using file = Deno.openSync(temporary, { write: true, createNew: true, mode: FILE_MODE });
      return file.statSync().ino;
    });
    names.set(temporary, path);
    return {
      // Opened for each write, since there may be more files than a process may have open.
      write: (bytes) =>
        attempt(path, () => {
          using file = Deno.openSync(temporary, { append: true });
          if (file.statSync().ino !== ino) throw new Error("somebody else exchanged it");
          for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
        }),
    };
  };
  return {
    named(path) {
      const there = lookAt(path);
      if (there && !there.isFile) throw new BadInput(`${path} ${kindOf(there)}: type the name of a file.`);
      return create(path);
    },
    within(directory, path) {
      const root = directory.replace(/(?<=.)\/+$/, "");
      makeDirectory(root);
      const parts = path.split("/");
      for (let n = 1; n < parts.length; n++) makeDirectory(`${root}/${parts.slice(0, n).join("/")}`);
      if (lookAt(`${root}/${path}`)) {
        throw new BadInput(`${root}/${path} is there already: remove it, or name another directory.`);
      }
      return create(`${root}/${path}`);
    },
    commit() {
      for (const [temporary, path] of names) {
        attempt(path, () => {
          using file = Deno.openSync(temporary, { read: true });
          file.syncSync();
          Deno.renameSync(temporary, path);
        });
        names.delete(temporary);
      }
    },
    [Symbol.dispose]() {
      for (const temporary of names.keys()) {
        try {
          Deno.removeSync(temporary);
        } catch {
          // It is gone already, or cannot be removed, of which the first error told.
        }
      }
      names.clear();
    },
  };
}

/** What has the name itself, be it a symbolic link; undefined if nothing has. */
function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new BadInput(`${path} cannot be written to: ${reasonOf(error)}.`);
  }
}

function kindOf({ isDirectory, isSymlink }: Deno.FileInfo): string {
  return isDirectory ? "is a directory" : isSymlink ? "is a symbolic link, which is not followed" : "is no file";
}

function makeDirectory(path: string): void {
  const there = lookAt(path);
  if (!there) return attempt(path, () => Deno.mkdirSync(path, { mode: DIRECTORY_MODE }));
  if (there.isDirectory) return;
  throw new BadInput(`${path} ${there.isFile ? "is a file" : kindOf(there)}: type the name of a directory.`);
}

/** Does what the machine may refuse. Throws CannotRun with a sentence. */
function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new BadInput(`There is no directory for ${path}: make it first.`);
    throw new CannotRun(`Cannot write ${path}: ${reasonOf(error)}.`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
