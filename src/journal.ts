import type { Column } from "./column.ts";
import { CannotRun } from "./failure.ts";
import { isCallError, type Journal, type Kernel } from "./kernel.ts";
import type { Clock } from "./output/clock.ts";
import { compileRow, type Fields, journalFormat, messageFormat, rowLimit, type Views } from "./output/row.ts";

/** What an entry of the systemd journal says of an event. */
export interface JournalEntry<Field extends string = string> {
  /** Each by its key; in that of an address, `*` stands for the IP version. */
  fields: readonly Column<Field>[];
  /** What a person reads, with blanks between. */
  message: readonly Column<Field>[];
}

/** Logs events. */
export interface Log {
  /** Sends the event at this byte of the views. */
  log(offset: number): void;
  /** Events that the journal did not take. */
  readonly unlogged: number;
}

/** Opens the journal of this machine for entries of this kind. Throws CannotRun where there is none. */
export function openLog(entry: JournalEntry, fields: Fields, views: Views, clock: Clock, kernel: Kernel): Log {
  const journal = open(kernel);
  const out = new Uint8Array(rowLimit(entry.fields) + rowLimit(entry.message));
  const writeFields = compileRow(entry.fields, fields, journalFormat, views, out, clock);
  const writeMessage = compileRow(entry.message, fields, messageFormat, views, out, clock);
  let unlogged = 0;
  return {
    log(offset) {
      const end = writeMessage(offset, writeFields(offset, 0));
      if (!journal.send(out.subarray(0, end))) unlogged++;
    },
    get unlogged() {
      return unlogged;
    },
  };
}

function open(kernel: Kernel): Journal {
  try {
    return kernel.openJournal();
  } catch (error) {
    if (!isCallError(error)) throw error;
    throw new CannotRun(`No systemd journal takes entries here (${error.message}): leave out -Y/--journal.`);
  }
}
