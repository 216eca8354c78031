const MOST_NAME = 128;
const HEADER = { magic: 0xeb9f, typeOffset: 2, typeLength: 3, stringOffset: 4, stringLength: 5 };
const ENUM = 6, ENUM64 = 19;

// Words that follow the three of every type, by kind (include/uapi/linux/btf.h): so many, and so many for each of vlen.
const FIXED = [0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0];
const REPEATED = [0, 0, 0, 0, 3, 3, 2, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 0, 0, 3];

/**
 * The names of an enum's values by number, from a little-endian BTF blob; undefined where there is no enum of that name.
 * The kernel's BTF has some hundred thousand types: this walks past them, and decodes no other name (readBtf decodes
 * all). A name that C would not allow is left out. Throws Error on bytes that are no BTF.
 */
export function readEnum(blob: Uint8Array, name: string): Map<number, string> | undefined {
  const aligned = blob.byteOffset % 4 === 0 ? blob : blob.slice();
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 2);
  if (((words[0] ?? 0) & 0xffff) !== HEADER.magic) throw new Error("no BTF: the magic number is missing");
  const at = (index: number) => words[index] ?? 0;
  const header = at(1);
  const stringStart = header + at(HEADER.stringOffset);
  // C's names are ASCII, so that a place in the text is a place in the bytes.
  const text = new TextDecoder().decode(blob.subarray(stringStart, stringStart + at(HEADER.stringLength)));
  const wanted = text.indexOf(`\0${name}\0`) + 1;
  if (wanted === 0) return undefined;
  const nameAt = (offset: number) => text.slice(offset, offset + MOST_NAME).split("\0", 1)[0] ?? "";

  const first = (header + at(HEADER.typeOffset)) >>> 2;
  const end = Math.min(first + (at(HEADER.typeLength) >>> 2), words.length);
  for (let i = first; i < end;) {
    const info = at(i + 1);
    const kind = (info >>> 24) & 0x1f;
    const count = info & 0xffff;
    const each = REPEATED[kind];
    if (each === undefined) throw new Error(`BTF kind ${kind} is not known`);
    if (words[i] === wanted && (kind === ENUM || kind === ENUM64)) {
      const named = Array.from({ length: count }, (_, n) => i + 3 + each * n).filter((place) => place < words.length)
        .map((place): [number, string] => [at(place + 1), nameAt(at(place))]);
      return new Map(named.filter(([, name]) => /^\w+$/.test(name)));
    }
    i += 3 + (FIXED[kind] as number) + each * count;
  }
  return undefined;
}
