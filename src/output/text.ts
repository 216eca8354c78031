// Text that a process chose (its comm), which may hold anything but a zero byte.

const decoder = new TextDecoder();
const encoder = new TextEncoder();

function decode(from: Uint8Array, o: number, most: number): string {
  let end = o;
  while (end < o + most && from[end] !== 0) end++;
  return decoder.decode(from.slice(o, end));
}

// Controls move the cursor or break the line (C1 ones too, on terminals that obey them), format characters turn the text
// beside them around, and what shows nothing (both zero-width and tag characters) makes two names look alike.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Text that a terminal shows as it is: what could steer it stands as `?`. */
export function harmless(text: string): string {
  return text.replace(UNSAFE, "?");
}

/** A value as JSON that a terminal shows as it is: what could steer it is escaped, so that no reader gets anything else. */
export function harmlessJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, escaped);
}

function escaped(character: string): string {
  return character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
}

/**
 * Writes the text in the `size` bytes at `o`, cut to `most` characters and padded with blanks to `width`. Bytes that
 * are no UTF-8 stand as U+FFFD. Returns the place after it.
 */
export function tableText(
  out: Uint8Array,
  p: number,
  from: Uint8Array,
  o: number,
  size: number,
  most: number,
  width: number,
): number {
  const end = p + width;
  const limit = most < size ? most : size;
  for (let i = 0; i < size; i++) {
    const byte = from[o + i] as number;
    if (byte === 0) break;
    if (byte < 32 || byte > 126) return oddText(out, end - width, from, o, size, most, width);
    if (i < limit) out[p++] = byte;
  }
  while (p < end) out[p++] = 32;
  return p;
}

function oddText(
  out: Uint8Array,
  p: number,
  from: Uint8Array,
  o: number,
  size: number,
  most: number,
  width: number,
): number {
  const characters = Array.from(harmless(decode(from, o, size))).slice(0, most);
  p += encoder.encodeInto(characters.join(""), out.subarray(p)).written;
  for (let i = characters.length; i < width; i++) out[p++] = 32;
  return p;
}

/** Writes the text in the `size` bytes at `o` as a JSON string, quotes included. Returns the place after it. */
export function jsonText(out: Uint8Array, p: number, from: Uint8Array, o: number, size: number): number {
  const start = p;
  out[p++] = 34;
  for (let i = 0; i < size; i++) {
    const byte = from[o + i] as number;
    if (byte === 0) break;
    if (byte < 32 || byte > 126 || byte === 34 || byte === 92) {
      const text = harmlessJson(decode(from, o, size));
      return start + encoder.encodeInto(text, out.subarray(start)).written;
    }
    out[p++] = byte;
  }
  out[p] = 34;
  return p + 1;
}

/** Writes the text in the `size` bytes at `o` as a field of RFC 4180, quoted if it must be. Returns the place after it. */
export function csvText(out: Uint8Array, p: number, from: Uint8Array, o: number, size: number): number {
  const start = p;
  for (let i = 0; i < size; i++) {
    const byte = from[o + i] as number;
    if (byte === 0) break;
    if (byte < 32 || byte > 126 || byte === 34 || byte === 44) {
      const text = `"${decode(from, o, size).replaceAll('"', '""')}"`;
      return start + encoder.encodeInto(text, out.subarray(start)).written;
    }
    out[p++] = byte;
  }
  return p;
}

/** Writes a text that is known to be no longer than a row may be, as a table shows it, or `-`. Returns the place after it. */
export function tableString(out: Uint8Array, p: number, text: string | undefined, most: number, width: number): number {
  const shown = text === undefined ? "-" : harmless(text.slice(0, most));
  return p + encoder.encodeInto(shown.padEnd(width), out.subarray(p)).written;
}

/** Writes a JSON string, or null. Returns the place after it. */
export function jsonString(out: Uint8Array, p: number, text: string | undefined): number {
  return p + encoder.encodeInto(harmlessJson(text ?? null), out.subarray(p)).written;
}

/** Writes a quoted field of RFC 4180, or nothing. Returns the place after it. */
export function csvString(out: Uint8Array, p: number, text: string | undefined): number {
  return text === undefined ? p : p + encoder.encodeInto(`"${text.replaceAll('"', '""')}"`, out.subarray(p)).written;
}

/** Writes the text in the `size` bytes at `o` as it is, after its length in eight bytes. Returns the place after it. */
export function sizedText(out: Uint8Array, p: number, from: Uint8Array, o: number, size: number): number {
  let length = 0;
  while (length < size && from[o + length] !== 0) length++;
  out.fill(0, p, p + 8);
  out[p] = length;
  for (let i = 0; i < length; i++) out[p + 8 + i] = from[o + i] as number;
  return p + 8 + length;
}
