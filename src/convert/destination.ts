import { BadInput } from "../failure.ts";
import type { Files } from "./files.ts";
import type { FileFormat, Output } from "./format.ts";
import type { Table } from "./table.ts";

/** Where the records of a table of an hour go. */
export interface Destination {
  /** What tells outputs apart; records with the same go to the same. */
  nameOf(table: Table, time: string): string;
  /** Opens the output of this name. Throws BadInput. */
  open(name: string): Output;
  /** Columns that the path tells. */
  readonly without: ReadonlySet<string>;
  /** True if each table has its output, also when it has no records. */
  readonly empty: boolean;
}

/** What the command line says of the output. */
export interface Wanted {
  readonly output?: string;
  readonly partition?: boolean;
}

/** Standard output, a file, or a directory, by what was typed. Throws BadInput. */
export function destination({ output, partition }: Wanted, format: FileFormat, files: Files): Destination {
  if (partition) {
    if (output === undefined) throw new BadInput("--partition makes directories: type where, as in -o DIR.");
    return {
      nameOf: ({ name }, time) =>
        `tool=${name}/date=${time.slice(0, 10)}/hour=${time.slice(11, 13)}/part-0.${format.ending}`,
      open: (path) => files.within(output, path),
      without: new Set(["tool"]),
      empty: false,
    };
  }
  const open = output === undefined ? () => standardOutput(format) : () => files.named(output);
  if (!format.perTable) return { nameOf: () => "", open, without: new Set(), empty: true };
  if (output !== undefined && !output.endsWith(`.${format.ending}`)) {
    return {
      nameOf: ({ name }) => `${name}.${format.ending}`,
      open: (path) => files.within(output, path),
      without: new Set(),
      empty: true,
    };
  }
  let first: string | undefined;
  return {
    nameOf: ({ name }) => name,
    open(name) {
      first ??= name;
      if (first === name) return open();
      throw new BadInput(`There are ${first} and ${name}, which take a file each: name a directory, as in -o DIR.`);
    },
    without: new Set(),
    empty: true,
  };
}

const FULL_MS = 10;

/** Throws BadInput where that is a terminal and the format is none for people. */
function standardOutput({ binary, ending }: FileFormat): Output {
  if (binary && Deno.stdout.isTerminal()) {
    throw new BadInput(`A terminal does not show ${ending}: add -o FILE or -o DIR, or redirect the output.`);
  }
  return {
    write(bytes) {
      for (let at = 0; at < bytes.length;) {
        try {
          at += Deno.stdout.writeSync(bytes.subarray(at));
        } catch (error) {
          if (!(error instanceof Deno.errors.WouldBlock)) throw error;
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_MS); // a pipe that somebody else set so
        }
      }
    },
  };
}
