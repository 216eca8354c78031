import { BadInput, CannotRun } from "../failure.ts";
import { parseSegmentName } from "./segment.ts";
import type { Source } from "./source.ts";

/** A file of a recording. */
export interface Found {
  path: string;
  /** The file itself, whatever it is called by then. */
  id: string;
  tool: string;
  host: string;
  /** By its name; -Infinity if that does not tell. */
  begin_ms: number;
  size: number;
}

/** The file, or the segments of a directory, of all tools unless one is given. Throws BadInput. */
export function filesOf(path: string, tool?: string): Found[] {
  if (path === "-") return [{ path, id: path, tool: "", host: "", begin_ms: -Infinity, size: 0 }];
  const info = stat(path);
  if (!info.isDirectory) return [describe(path, info)];
  const files = entriesOf(path).filter(({ name, isFile }) => isFile && parseSegmentName(name));
  if (files.length === 0) {
    throw new BadInput(`There is no recording in ${path}: type a directory that \`nettrace record -o\` wrote to.`);
  }
  return files.flatMap(({ name }) => {
    if (tool !== undefined && parseSegmentName(name)?.tool !== tool) return [];
    try {
      return describe(`${path}/${name}`, Deno.statSync(`${path}/${name}`));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return []; // renamed or removed meanwhile
      throw error;
    }
  });
}

/** What is in a directory. Throws BadInput where that cannot be seen. */
export function entriesOf(path: string): Deno.DirEntry[] {
  try {
    return Array.from(Deno.readDirSync(path));
  } catch (error) {
    throw new BadInput(`${path} cannot be read (${error instanceof Error ? error.message : error}): type a recording.`);
  }
}

function stat(path: string): Deno.FileInfo {
  try {
    return Deno.statSync(path);
  } catch (error) {
    throw new BadInput(`${path} cannot be read (${error instanceof Error ? error.message : error}): type a recording.`);
  }
}

function describe(path: string, { dev, ino, size }: Deno.FileInfo): Found {
  const named = parseSegmentName(path.slice(path.lastIndexOf("/") + 1));
  const iso = named?.stamp.replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5");
  const parsed_ms = iso === undefined ? NaN : Date.parse(iso);
  const begin_ms = Number.isNaN(parsed_ms) ? -Infinity : parsed_ms; // of a 99th month, as of no stamp at all
  return { path, id: `${dev}:${ino}`, size, tool: named?.tool ?? "", host: named?.host ?? "", begin_ms };
}

/** Opens a file; with `follow`, one that is still written to has no end. Throws BadInput, and CannotRun from reading. */
export function openFile(path: string, follow: boolean): Source & Disposable {
  let file: Deno.FsFile | undefined;
  try {
    file = Deno.openSync(path);
  } catch (error) {
    throw new BadInput(`${path} cannot be read: ${error instanceof Error ? error.message : error}.`);
  }
  const close = () => {
    file?.close();
    file = undefined;
  };
  const isOpen = () => {
    try {
      return follow && parseSegmentName(path.slice(path.lastIndexOf("/") + 1))?.open === true &&
        Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  };
  const read = (into: Uint8Array) => {
    try {
      return file?.readSync(into) ?? 0;
    } catch (error) {
      throw new CannotRun(`${path} cannot be read on: ${error instanceof Error ? error.message : error}.`);
    }
  };
  return { read, growing: isOpen, [Symbol.dispose]: close };
}

/** Standard input. */
export function standardInput(): Source & Disposable {
  return { read: (into) => Deno.stdin.readSync(into) ?? 0, [Symbol.dispose]: () => {} };
}
