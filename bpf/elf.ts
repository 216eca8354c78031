/** A section of an ELF file. */
export interface Section {
  name: string;
  bytes: Uint8Array;
  link: number;
}

/** A symbol: `value` is its offset in its section. */
export interface Symbol {
  name: string;
  kind: "object" | "function" | "other";
  section: string;
  value: number;
  size: number;
}

function text(bytes: Uint8Array, offset: number): string {
  return new TextDecoder().decode(bytes.subarray(offset, bytes.indexOf(0, offset)));
}

/** The sections of a 64-bit little-endian ELF file. Throws on anything else. */
export function sections(elf: Uint8Array): Section[] {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  if (view.getUint32(0) !== 0x7f454c46 || elf[4] !== 2 || elf[5] !== 1) throw new Error("not a 64-bit ELF file");
  const start = Number(view.getBigUint64(0x28, true));
  const headers = Array.from({ length: view.getUint16(0x3c, true) }, (_, i) => start + 64 * i);
  const bytes = (at: number) => {
    const offset = Number(view.getBigUint64(at + 24, true));
    const size = view.getUint32(at + 4, true) === 8 ? 0 : Number(view.getBigUint64(at + 32, true)); // 8: SHT_NOBITS
    return elf.subarray(offset, offset + size);
  };
  const names = bytes(headers[view.getUint16(0x3e, true)] ?? 0);
  return headers.map((at) => ({
    name: text(names, view.getUint32(at, true)),
    bytes: bytes(at),
    link: view.getUint32(at + 40, true),
  }));
}

/** The symbols of an ELF file. */
export function symbols(elf: Uint8Array): Symbol[] {
  const all = sections(elf);
  const table = all.find((s) => s.name === ".symtab");
  const names = all[table?.link ?? -1]?.bytes;
  if (!table || !names) throw new Error("no symbol table");
  const view = new DataView(table.bytes.buffer, table.bytes.byteOffset, table.bytes.byteLength);
  const found: Symbol[] = [];
  for (let at = 0; at < view.byteLength; at += 24) {
    const type = view.getUint8(at + 4) & 15;
    found.push({
      name: text(names, view.getUint32(at, true)),
      kind: type === 1 ? "object" : type === 2 ? "function" : "other",
      section: all[view.getUint16(at + 6, true)]?.name ?? "",
      value: Number(view.getBigUint64(at + 8, true)),
      size: Number(view.getBigUint64(at + 16, true)),
    });
  }
  return found;
}
