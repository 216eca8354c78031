import { ARCHIVE_MARK } from "../src/asset.ts";

/**
 * The payload that src/asset.ts reads: the program as it is, then the assets, then their index (JSON: name to offset
 * and length), then the index's length and a mark of four bytes each. The length is a multiple of eight.
 */
export function archive(program: Uint8Array, assets: Map<string, Uint8Array>): Uint8Array {
  const index: Record<string, [offset: number, length: number]> = {};
  const parts = [program];
  let size = program.length;
  for (const [name, bytes] of assets) {
    index[name] = [size, bytes.length];
    parts.push(bytes);
    size += bytes.length;
  }
  const text = new TextEncoder().encode(JSON.stringify(index));
  const padding = new Uint8Array(-(size + text.length) & 7);
  const tail = new Uint8Array(8);
  new DataView(tail.buffer).setUint32(0, text.length, true);
  new DataView(tail.buffer).setUint32(4, ARCHIVE_MARK, true);

  const bytes = new Uint8Array(size + padding.length + text.length + tail.length);
  let offset = 0;
  for (const part of [...parts, padding, text, tail]) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
