import type { RecordedEvent } from "../record/line.ts";
import type { SegmentState } from "../record/reader.ts";
import type { Table } from "./table.ts";

/** Where the bytes of one output go. */
export interface Output {
  write(bytes: Uint8Array): void;
}

/** What of all that was read is told in each file that has room for it. */
export interface Facts {
  readonly version: string;
  readonly segments: readonly SegmentState[];
}

/** Writes records of one table, or of all where the format does not tell them apart, to one output. */
export interface Writer {
  add(event: RecordedEvent, table: Table, segment: SegmentState): void;
  /** How many records wait in memory. */
  waiting(): number;
  /** Writes what waits in memory. */
  flush(): void;
  /** Writes what is left, and what ends the file. */
  end(facts: Facts): void;
  /** Values that did not fit their columns, and were left out. */
  readonly misfits: number;
}

/** A format of files. */
export interface FileFormat {
  /** What files' names end with. */
  readonly ending: string;
  /** True if each table takes a file of its own. */
  readonly perTable: boolean;
  /** True for what no terminal shows. */
  readonly binary?: boolean;
  /** `without`: columns that the path tells. */
  open(output: Output, table: Table, without: ReadonlySet<string>): Writer;
}
