// How text is compressed in segments: as frames that stand one after the other, each complete in itself, so that what
// was written before a crash can be read whatever became of the last one.
import zlib from "node:zlib";

/** What --compress takes. */
export const COMPRESSIONS = ["zstd", "gzip", "none"] as const;
export type Compression = typeof COMPRESSIONS[number];

/** What a segment's name ends with, after .jsonl. */
export const SUFFIX: Readonly<Record<Compression, string>> = { zstd: ".zst", gzip: ".gz", none: "" };

/** The most that a frame may hold when it is unpacked, which bounds what a reader takes whatever a file says. */
export const MOST_BYTES = 128 * 1024 * 1024;

// Lines of events are each like those just before: a table of matches that fits into the CPU's first cache finds them, and
// it takes half as long as zstd's own choice for its level 3 and leaves 5 % less (244 bytes an event become 35).
const { ZSTD_c_compressionLevel, ZSTD_c_hashLog, ZSTD_c_checksumFlag } = zlib.constants;
const ZSTD_OPTIONS = { params: { [ZSTD_c_compressionLevel]: 1, [ZSTD_c_hashLog]: 12, [ZSTD_c_checksumFlag]: 1 } };

/** One frame with this text. */
export function pack(text: Uint8Array, compression: Compression): Uint8Array {
  if (compression === "zstd") return zlib.zstdCompressSync(text, ZSTD_OPTIONS);
  return compression === "gzip" ? gzipMember(text) : text;
}

// RFC 1952; the length of the member stands in an extra field, so that a reader need not unpack it to find the next.
const GZIP_HEAD = Uint8Array.of(0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 8, 0, 78, 84, 4, 0, 0, 0, 0, 0);
const GZIP_LENGTH_AT = 16, GZIP_TAIL_BYTES = 8;

function gzipMember(text: Uint8Array): Uint8Array {
  const body = zlib.deflateRawSync(text, { level: 1 });
  const member = new Uint8Array(GZIP_HEAD.length + body.length + GZIP_TAIL_BYTES);
  const view = new DataView(member.buffer);
  member.set(GZIP_HEAD);
  view.setUint32(GZIP_LENGTH_AT, member.length, true);
  member.set(body, GZIP_HEAD.length);
  view.setUint32(member.length - 8, zlib.crc32(text), true);
  view.setUint32(member.length - 4, text.length, true);
  return member;
}

/** What the beginning of a file tells of how it is compressed. */
export function compressionOf(head: Uint8Array): Compression {
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return "zstd";
  return head[0] === 0x1f && head[1] === 0x8b ? "gzip" : "none";
}

/**
 * The length of the frame at the beginning of `bytes`; `undefined` if its end is not there yet. Throws an Error for what
 * is no frame. `seen` keeps how far it looked, for the next time that the same frame is asked about: one of many small
 * blocks that comes in small parts would be looked through again and again.
 */
export function frameLength(bytes: Uint8Array, compression: "zstd" | "gzip", seen: Seen): number | undefined {
  return compression === "zstd" ? zstdLength(bytes, seen) : gzipLength(bytes);
}

/** How far a frame was looked through; 0 for a new one. */
export interface Seen {
  at: number;
}

const DICTIONARY_BYTES = [0, 1, 2, 4], CONTENT_SIZE_BYTES = [0, 2, 4, 8];
const BLOCK_HEAD_BYTES = 3, RLE = 1, CHECKSUM_BYTES = 4;

/** RFC 8878, 3.1.1 and 3.1.2. */
function zstdLength(bytes: Uint8Array, seen: Seen): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8) return undefined;
  const magic = view.getUint32(0, true);
  if ((magic & 0xfffffff0) >>> 0 === 0x184d2a50) return 8 + view.getUint32(4, true); // skippable
  if (magic !== 0xfd2fb528) throw new Error("what stands there is no zstd frame");
  const descriptor = bytes[4] as number;
  const single = (descriptor >> 5) & 1;
  const size = single && descriptor >> 6 === 0 ? 1 : CONTENT_SIZE_BYTES[descriptor >> 6] as number;
  let at = seen.at || 5 + (single ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 3] as number) + size;
  for (;;) {
    seen.at = at;
    if (at + BLOCK_HEAD_BYTES > bytes.length) return undefined;
    const head = (bytes[at] as number) | (bytes[at + 1] as number) << 8 | (bytes[at + 2] as number) << 16;
    at += BLOCK_HEAD_BYTES + ((head >> 1 & 3) === RLE ? 1 : head >> 3);
    if (head & 1) break;
  }
  at += descriptor & 4 ? CHECKSUM_BYTES : 0;
  return at <= bytes.length ? at : undefined;
}

/** Of our own members; others' are unpacked to find their end. */
function gzipLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < GZIP_HEAD.length + GZIP_TAIL_BYTES) return undefined;
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) throw new Error("what stands there is no gzip member");
  const ours = bytes[3] === 4 && bytes[10] === 8 && bytes[12] === 78 && bytes[13] === 84;
  if (!ours) return bytes.length;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(GZIP_LENGTH_AT, true);
  if (length < GZIP_HEAD.length + GZIP_TAIL_BYTES) throw new Error("what stands there is no gzip member of ours");
  return length <= bytes.length ? length : undefined;
}

// What a recorder's frame holds fits into one piece (FRAME_BYTES in tape.ts, and a batch of rows); of smaller pieces, zlib
// would make a whole by copying them.
const PIECE_BYTES = 324 * 1024;

/** The text of a frame. Throws an Error for one that is damaged, or holds more than MOST_BYTES. */
export function unpack(frame: Uint8Array, compression: "zstd" | "gzip"): Uint8Array {
  const options = { maxOutputLength: MOST_BYTES, chunkSize: PIECE_BYTES };
  const { buffer, byteOffset, length } = compression === "zstd"
    ? zlib.zstdDecompressSync(frame, options)
    : zlib.gunzipSync(frame, options);
  return new Uint8Array(buffer, byteOffset, length); // node's Buffer has slower ways to look for a byte
}
