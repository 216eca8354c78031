// Writes bpf/TOOL.gen.ts for each out/TOOL.bpf.o given: what user space must know of the object.
// usage: deno run --allow-read --allow-write bpf/gen.ts OBJECT...
import { bare, readBtf, sizeOf, type Type } from "../src/kernel/btf.ts";
import { sections, symbols } from "./elf.ts";

interface Field {
  offset: number;
  size: number;
}

/** The members of a struct, those of nested structs raised to its level. Throws on holes, padding and equal names. */
export function fields(types: readonly Type[], struct: Type): Record<string, Field> {
  const found: Record<string, Field> = {};
  let next = 0;
  const add = (of: Type, base: number) => {
    for (const member of of.members) {
      const offset = base + member.offset_bits / 8;
      const type = bare(types, member.type);
      if (type.kind === "struct") {
        add(type, offset);
        continue;
      }
      const size = sizeOf(types, member.type);
      if (offset !== next) {
        throw new Error(`struct ${struct.name} has a hole of ${offset - next} before ${member.name}`);
      }
      if (member.name in found) throw new Error(`struct ${struct.name} has two members ${member.name}`);
      found[member.name] = { offset, size };
      next = offset + size;
    }
  };
  add(struct, 0);
  if (next !== struct.size) throw new Error(`struct ${struct.name} is padded by ${struct.size - next} at its end`);
  return found;
}

const BPF_MAP_TYPE_HASH = 1, BPF_F_NO_PREALLOC = 1; // include/uapi/linux/bpf.h

/** True for a hash map that allocates entries as they come: in maps' declarations numbers are lengths of arrays. */
function isPerSocket(types: readonly Type[], map: Type): boolean {
  const number = (name: string): number => {
    const member = map.members.find((m) => m.name === name);
    return member ? bare(types, bare(types, member.type).type).elements : 0;
  };
  return number("type") === BPF_MAP_TYPE_HASH && number("map_flags") === BPF_F_NO_PREALLOC;
}

/** The TypeScript module that describes an object file. */
export function layout(tool: string, elf: Uint8Array): string {
  const parts = sections(elf);
  const btf = parts.find((s) => s.name === ".BTF");
  if (!btf) throw new Error(`${tool} has no .BTF section: compile it with -g`);
  const types = readBtf(btf.bytes);
  /** The struct that a variable of this name points to. */
  const declared = (name: string) => {
    const pointer = types.find((t) => t.kind === "var" && t.name === name);
    const struct = pointer && bare(types, bare(types, pointer.type).type);
    return struct && { size: struct.size, fields: fields(types, struct) };
  };
  const event = declared("unused_record"), count = declared("unused_count"), sample = declared("unused_sample");
  if (!event && !sample) throw new Error(`${tool} declares neither EVENTS(record) nor SAMPLES(...)`);
  const all = symbols(elf);
  const variables = (section: string): Record<string, Field> =>
    Object.fromEntries(
      all.filter((s) => s.section === section && s.kind === "object" && !s.name.startsWith("unused_"))
        .sort((a, b) => a.value - b.value).map((s) => [s.name, { offset: s.value, size: s.size }]),
    );
  const programs = Object.fromEntries(
    all.filter((s) => s.kind === "function" && s.section !== ".text").map((s) => [s.name, s.section]),
  );
  const perSocket = types.filter((t) => t.kind === "var" && isPerSocket(types, bare(types, t.type))).map((t) => t.name);
  const value = {
    ...event && { event },
    ...count && { count },
    ...sample && { sample },
    rodata: variables(".rodata"),
    bss: variables(".bss"),
    ...perSocket.length > 0 && { perSocket },
    programs,
  };
  return `// Made by bpf/gen.ts from ${tool}.bpf.c: \`make layouts\` makes it anew.\nexport default ${
    JSON.stringify(value, null, 2)
  } as const;\n`;
}

if (import.meta.main) {
  for (const path of Deno.args) {
    const tool = path.replace(/^.*\//, "").replace(/\.bpf\.o$/, "");
    Deno.writeTextFileSync(new URL(`./${tool}.gen.ts`, import.meta.url), layout(tool, Deno.readFileSync(path)));
  }
}
