/** A member of a struct: `offset_bits` from its start. */
export interface Member {
  name: string;
  type: number;
  offset_bits: number;
}

/** A type of a BTF blob; `size` counts bytes, `type` is the id of what a pointer, typedef, qualifier or variable is of. */
export interface Type {
  kind: Kind;
  name: string;
  size: number;
  type: number;
  members: Member[];
  elements: number;
}

export type Kind = (typeof KINDS)[number];

// In the order of their numbers (include/uapi/linux/btf.h).
const KINDS = [
  "void",
  "int",
  "ptr",
  "array",
  "struct",
  "union",
  "enum",
  "fwd",
  "typedef",
  "volatile",
  "const",
  "restrict",
  "func",
  "func_proto",
  "var",
  "datasec",
  "float",
  "decl_tag",
  "type_tag",
  "enum64",
] as const;

// KSYM_NAME_LEN (include/linux/kallsyms.h), which bounds names in BTF, too (btf_name_valid_identifier, kernel/bpf/btf.c).
const MOST_NAME = 512;

const VOID: Type = { kind: "void", name: "", size: 0, type: 0, members: [], elements: 0 };

/**
 * Reads the types of a little-endian BTF blob; index is type id, and 0 is void.
 * Layout: Documentation/bpf/btf.rst. Throws RangeError or Error on bytes that are no BTF.
 */
export function readBtf(blob: Uint8Array): Type[] {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  if (view.getUint16(0, true) !== 0xeb9f) throw new Error("no BTF: the magic number is missing");
  const header = view.getUint32(4, true);
  const strings = header + view.getUint32(16, true);
  const decoder = new TextDecoder();
  const name = (offset: number) => {
    const text = blob.subarray(strings + offset, strings + offset + MOST_NAME), end = text.indexOf(0);
    return decoder.decode(end < 0 ? text : text.subarray(0, end));
  };
  const types = [VOID];
  const end = header + view.getUint32(8, true) + view.getUint32(12, true);
  for (let at = header + view.getUint32(8, true); at < end;) {
    const info = view.getUint32(at + 4, true);
    const count = info & 0xffff;
    const kind = KINDS[(info >>> 24) & 0x1f];
    if (kind === undefined) throw new Error(`BTF kind ${(info >>> 24) & 0x1f} is not known`);
    const last = view.getUint32(at + 8, true);
    const type: Type = { kind, name: name(view.getUint32(at, true)), size: last, type: last, members: [], elements: 0 };
    at += 12;
    switch (kind) {
      case "int":
      case "var":
      case "decl_tag":
        at += 4;
        break;
      case "array":
        type.type = view.getUint32(at, true);
        type.elements = view.getUint32(at + 8, true);
        at += 12;
        break;
      case "struct":
      case "union": {
        const bitfields = info >>> 31 === 1;
        for (let i = 0; i < count; i++, at += 12) {
          const offset = view.getUint32(at + 8, true);
          type.members.push({
            name: name(view.getUint32(at, true)),
            type: view.getUint32(at + 4, true),
            offset_bits: bitfields ? offset & 0xffffff : offset,
          });
        }
        break;
      }
      case "enum":
      case "func_proto":
        at += 8 * count;
        break;
      case "datasec":
        for (let i = 0; i < count; i++, at += 12) {
          type.members.push({
            name: "",
            type: view.getUint32(at, true),
            offset_bits: 8 * view.getUint32(at + 4, true),
          });
        }
        break;
      case "enum64":
        at += 12 * count;
        break;
    }
    types.push(type);
  }
  return types;
}

// So long is no chain of types in C, nor one that the kernel's verifier takes (MAX_RESOLVE_DEPTH, kernel/bpf/btf.c).
const MOST_STEPS = 32;

/** The type behind typedefs and qualifiers. Throws an Error for one that is behind itself. */
export function bare(types: readonly Type[], id: number): Type {
  let type = types[id] ?? VOID;
  for (let steps = 0; ["typedef", "const", "volatile", "restrict", "type_tag"].includes(type.kind); steps++) {
    if (steps === MOST_STEPS) throw new Error(`BTF type ${id} leads to no end`);
    type = types[type.type] ?? VOID;
  }
  return type;
}

/** The size in bytes of a type that has one; 8 for a pointer. Throws an Error for an array of itself. */
export function sizeOf(types: readonly Type[], id: number): number {
  let type = bare(types, id), elements = 1;
  for (let steps = 0; type.kind === "array"; steps++) {
    if (steps === MOST_STEPS) throw new Error(`BTF type ${id} leads to no end`);
    elements *= type.elements;
    type = bare(types, type.type);
  }
  return elements * (type.kind === "ptr" ? 8 : type.size);
}
