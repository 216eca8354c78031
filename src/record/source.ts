import { compressionOf, frameLength, MOST_BYTES, unpack } from "./frame.ts";

/** Bytes of a file or a stream, in order. */
export interface Source {
  /** Reads into the buffer and returns how many bytes; 0 at the end. */
  read(into: Uint8Array): number;
  /** True if more may come after what seems to be the end. */
  growing?(): boolean;
}

/** A part of a source that could not be read. */
export type Fault = (sentence: string) => void;

/** A line that is longer is none of ours, and is left out. */
const MOST_LINE_BYTES = 1024 * 1024;
/** More of them are counted and not told one by one. */
const MOST_FAULTS = 8;
/** Events pack to a tenth or a hundredth; what is beyond was made to keep readers busy. */
const MOST_RATIO = 1000;
/** No disk makes more; each takes a fraction of a millisecond to find a way on from. */
const MOST_DAMAGES = 1024;
const READ_BYTES = 256 * 1024;
/** What reads lines quickly looks some way on, and takes longer for lines that have not so much behind them. */
const ROOM_BYTES = 2048;
const NEWLINE = 10;

/**
 * The lines of a source in blocks of whole ones, whatever it is compressed with; `fault` is told of what is missing. Of a
 * source that grows, an empty block stands for what is not there yet.
 */
export function* linesOf(source: Source, fault: Fault): Generator<Uint8Array> {
  let faults = 0, last = "";
  const few = (sentence: string) => {
    if (++faults <= MOST_FAULTS) fault(sentence);
    else last = sentence;
  };
  yield* allLinesOf(source, few);
  if (faults > MOST_FAULTS) fault(`and ${faults - MOST_FAULTS} more, at last: ${last}`);
}

function* allLinesOf(source: Source, fault: Fault): Generator<Uint8Array> {
  let rest = new Uint8Array(0), skipping = false;
  for (const block of blocksOf(source, fault)) {
    if (block === NOTHING_YET) {
      yield block;
      continue;
    }
    const start = skipping ? block.indexOf(NEWLINE) + 1 : 0;
    if (skipping && start === 0) continue;
    skipping = false;
    const end = block.lastIndexOf(NEWLINE) + 1;
    if (end > start) {
      yield rest.length > 0 ? joined(rest, block.subarray(start, end)) : block.subarray(start, end);
      rest = block.slice(end);
    } else rest = joined(rest, block.subarray(start));
    if (rest.length > MOST_LINE_BYTES) {
      fault("a line of more than a megabyte is left out");
      rest = new Uint8Array(0);
      skipping = true;
    }
  }
  if (rest.length > 0) fault("its last line is cut short");
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(a.length + b.length + ROOM_BYTES).subarray(0, a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

const NOTHING_YET = new Uint8Array(0);
const MAGIC_BYTES = 8;

/** Text in blocks of any size. */
function* blocksOf(source: Source, fault: Fault): Generator<Uint8Array> {
  const window = newWindow(source);
  /** Waits for more; false at the end. */
  const more = function* (): Generator<Uint8Array, boolean> {
    while (!window.more()) {
      if (!source.growing?.()) return window.more(); // what came before it stopped growing
      yield NOTHING_YET;
    }
    return true;
  };
  while (window.bytes().length < MAGIC_BYTES && (yield* more()));
  const compression = compressionOf(window.bytes());
  if (compression === "none") {
    do {
      yield window.bytes().slice();
      window.drop(window.bytes().length);
    } while (yield* more());
    return;
  }
  const seen = { at: 0 };
  let damages = 0, unpacked = 0;
  while (window.bytes().length > 0 || (yield* more())) {
    try {
      const length = frameLength(window.bytes(), compression, seen);
      if (length === undefined || length > window.bytes().length || (isForeign(window.bytes()) && window.more())) {
        if (window.bytes().length <= MOST_BYTES && (yield* more())) continue;
        fault(`its last ${window.bytes().length} bytes are the beginning of something that was not written to its end`);
        return;
      }
      if (!isSkippable(window.bytes())) {
        const text = unpack(window.bytes().subarray(0, length), compression);
        unpacked += text.length;
        if (unpacked > MOST_BYTES + MOST_RATIO * (window.at + length)) {
          fault(
            `from byte ${window.at} on it is left out, as it would unpack to more than ${MOST_RATIO} times its size`,
          );
          return;
        }
        yield text;
      }
      window.drop(length);
      seen.at = 0;
    } catch (error) {
      seen.at = 0;
      const from = window.at;
      const found = window.seek(MAGIC[compression]);
      const until = found ? `, up to byte ${window.at}` : "";
      fault(`from byte ${from} on${until} it is damaged (${error instanceof Error ? error.message : error})`);
      if (!found) return;
      if (++damages === MOST_DAMAGES) {
        fault(`from byte ${window.at} on it is left out, as it is damaged in more than ${MOST_DAMAGES} places`);
        return;
      }
    }
  }
}

const MAGIC = { zstd: [0x28, 0xb5, 0x2f, 0xfd], gzip: [0x1f, 0x8b, 8, 4] } as const;

/** A gzip member that tells no length: it reaches to the end. */
function isForeign(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && !(bytes[3] === 4 && bytes[12] === 78 && bytes[13] === 84);
}

function isSkippable(bytes: Uint8Array): boolean {
  return bytes[1] === 0x2a && bytes[2] === 0x4d && bytes[3] === 0x18;
}

/** What has been read of a source and not been used. */
function newWindow(source: Source) {
  let buffer = new Uint8Array(READ_BYTES), start = 0, end = 0, at = 0;
  const window = {
    /** The place in the source of the first byte. */
    get at() {
      return at;
    },
    bytes: () => buffer.subarray(start, end),
    /** Reads on; false at the end. */
    more(): boolean {
      if (start > 0 && (end === buffer.length || start === end)) {
        buffer.copyWithin(0, start, end);
        end -= start;
        start = 0;
      }
      if (end === buffer.length) {
        const larger = new Uint8Array(2 * buffer.length);
        larger.set(buffer);
        buffer = larger;
      }
      const n = source.read(buffer.subarray(end));
      end += n;
      return n > 0;
    },
    drop(n: number): void {
      start += n;
      at += n;
    },
    /** Goes on to the next place after the first byte where these bytes stand; false if there is none. */
    seek(magic: readonly number[]): boolean {
      for (let skip = 1;;) {
        const bytes = window.bytes();
        for (let i = skip; i + magic.length <= bytes.length; i++) {
          if (magic.every((byte, k) => bytes[i + k] === byte)) {
            window.drop(i);
            return true;
          }
        }
        const kept = Math.min(bytes.length, magic.length - 1);
        window.drop(bytes.length - kept);
        skip = 0;
        if (!window.more()) return false;
      }
    },
  };
  return window;
}
