/** The few places of a 64-bit little-endian ELF executable that the packer reads and changes. */

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_NOTE = 4;
const DT_STRTAB = 5;
const DT_SYMTAB = 6;
const DT_RELA = 7;
const DT_RELASZ = 8;
const R_X86_64_GLOB_DAT = 6;
const R_AARCH64_GLOB_DAT = 1025;

export interface Elf {
  /** Address of the entry point. */
  entry: number;
  /** First address behind all segments. */
  end: number;
  /** Address of the word in which the dynamic linker has put the address of libc's `environ`. */
  environSlot: number;
  /** Maps `size` bytes at `offset` of the file to `address`, readable and executable, and starts there. */
  startAt(offset: number, address: number, size: number, align: number): void;
}

/** Reads the executable; throws an Error if it is not one that the packer can change. startAt() writes into `bytes`. */
export function elf(bytes: Uint8Array): Elf {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (offset: number) => Number(view.getBigUint64(offset, true));
  const setWord = (offset: number, value: number) => view.setBigUint64(offset, BigInt(value), true);
  if (view.getUint32(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) {
    throw new Error("This is no 64-bit ELF file.");
  }

  const headers = Array.from({ length: view.getUint16(56, true) }, (_, i) => word(32) + i * view.getUint16(54, true));
  const ofType = (type: number) => headers.filter((header) => view.getUint32(header, true) === type);
  const loads = ofType(PT_LOAD).map((header) => ({
    offset: word(header + 8),
    address: word(header + 16),
    fileSize: word(header + 32),
    memorySize: word(header + 40),
  }));
  const offsetOf = (address: number) => {
    const load = loads.find((load) => address >= load.address && address < load.address + load.fileSize);
    if (load === undefined) throw new Error(`The executable maps no byte of its file to address ${address}.`);
    return address - load.address + load.offset;
  };
  // The notes (ABI tag, build id) are not needed to run, so their header can describe a segment more.
  const [note] = ofType(PT_NOTE);
  const [dynamic] = ofType(PT_DYNAMIC);
  if (note === undefined || dynamic === undefined) throw new Error("The executable lacks PT_NOTE or PT_DYNAMIC.");

  const tag = (wanted: number) => {
    for (let entry = word(dynamic + 8); word(entry) !== 0; entry += 16) {
      if (word(entry) === wanted) return word(entry + 8);
    }
    throw new Error(`The executable's dynamic section has no tag ${wanted}.`);
  };
  const symbols = offsetOf(tag(DT_SYMTAB));
  const names = offsetOf(tag(DT_STRTAB));
  const relocations = offsetOf(tag(DT_RELA));
  const environ = new TextEncoder().encode("environ\0");
  const isEnviron = (symbol: number) => {
    const name = names + view.getUint32(symbols + symbol * 24, true);
    return environ.every((byte, i) => bytes[name + i] === byte);
  };
  const environSlot = () => {
    for (let at = relocations; at < relocations + tag(DT_RELASZ); at += 24) {
      const type = view.getUint32(at + 8, true);
      if (type !== R_X86_64_GLOB_DAT && type !== R_AARCH64_GLOB_DAT) continue;
      if (isEnviron(view.getUint32(at + 12, true))) return word(at);
    }
    throw new Error("The executable does not refer to environ.");
  };

  return {
    entry: word(24),
    end: Math.max(...loads.map((load) => load.address + load.memorySize)),
    environSlot: environSlot(),
    startAt(offset, address, size, align) {
      view.setUint32(note, PT_LOAD, true);
      view.setUint32(note + 4, 5, true); // PF_R | PF_X
      [offset, address, address, size, size, align].forEach((value, i) => setWord(note + 8 + i * 8, value));
      setWord(24, address);
    },
  };
}
