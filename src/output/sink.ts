/** Somewhere to write that must not hold up the writer. */
export interface Outlet {
  /** Writes what can be written at once and returns how many bytes that was; -1 if nobody reads any more. */
  write(bytes: Uint8Array): number;
  /** Waits until something can be written; false after the timeout. */
  waitWritable(timeout_ms: number): boolean;
}

/** Rows on their way out: whole batches in one write, and a count of those that arrived. */
export interface Sink {
  /** Where rows are put, from `end` on. */
  readonly out: Uint8Array;
  /**
   * Adds what `write` puts at `end` as a row; false if the buffer is full then and the outlet takes no more now. A row that
   * comes nevertheless is left out, and counted by `waiting`.
   */
  row(write: (p: number) => number): boolean;
  /** Adds text that is no row; none to a full buffer. */
  text(text: string): void;
  /** Writes what it can; true if nothing is left. */
  flush(): boolean;
  /** True if there is no room for a row. */
  readonly full: boolean;
  readonly printed: number;
  /** Rows that are not written: those in the buffer, and those that found no room in it. */
  readonly waiting: number;
  /** True once nobody reads any more. */
  readonly closed: boolean;
}

/** A sink of batches of up to 64 KiB of rows that are at most `limit` bytes each. */
export function newSink(outlet: Outlet, limit: number): Sink {
  const out = new Uint8Array(BATCH_BYTES + limit);
  const ends = new Uint32Array(BATCH_BYTES);
  let end = 0, rows = 0, leftOut = 0, printed = 0, closed = false;

  const flush = (): boolean => {
    let written = 0;
    while (written < end && !closed) {
      const n = outlet.write(out.subarray(written, end));
      if (n === 0) break;
      if (n < 0) closed = true;
      else written += n;
    }
    if (closed) {
      end = 0; // what it held is counted by `waiting`, which stays
      return true;
    }
    let whole = 0;
    while (whole < rows && (ends[whole] as number) <= written) whole++;
    printed += whole;
    for (let i = whole; i < rows; i++) ends[i - whole] = (ends[i] as number) - written;
    rows -= whole;
    out.copyWithin(0, written, end);
    end -= written;
    return end === 0;
  };

  return {
    out,
    row(write) {
      if (closed) {
        rows++;
        return true;
      }
      if (end >= BATCH_BYTES && !flush() && end >= BATCH_BYTES) {
        leftOut++;
        return false;
      }
      end = write(end);
      ends[rows++] = end;
      return end < BATCH_BYTES || flush() || end < BATCH_BYTES;
    },
    text(text) {
      if (end >= BATCH_BYTES) return;
      end += new TextEncoder().encodeInto(text, out.subarray(end)).written;
    },
    flush,
    get full() {
      return end >= BATCH_BYTES;
    },
    get printed() {
      return printed;
    },
    get waiting() {
      return rows + leftOut;
    },
    get closed() {
      return closed;
    },
  };
}

const BATCH_BYTES = 65536;
