// The part of the kernel's headers that bpftrace's scripts take, as the running kernel has it: bpftrace 0.17 takes no types
// from BTF in scripts that use tracepoints, nor from that of Linux 5.10.
import { bare, readBtf, sizeOf, type Type } from "../../src/kernel/btf.ts";
import { readEnum } from "../../src/kernel/btf_enum.ts";

const NOT_SPECIFIED = "SKB_DROP_REASON_NOT_SPECIFIED";

/** A member, and its type as C has it. */
type Field = readonly [name: string, type: string];

const COMMON: readonly Field[] = [
  ["skc_daddr", "unsigned int"],
  ["skc_rcv_saddr", "unsigned int"],
  ["skc_dport", "unsigned short"],
  ["skc_num", "unsigned short"],
  ["skc_family", "unsigned short"],
  ["skc_state", "unsigned char"],
  ["skc_v6_daddr", "struct in6_addr"],
  ["skc_v6_rcv_saddr", "struct in6_addr"],
];
const SOCK: readonly Field[] = [
  ["__sk_common", "struct sock_common"],
  ["sk_ack_backlog", "unsigned int"],
  ["sk_max_ack_backlog", "unsigned int"],
];

/** The number of NOT_SPECIFIED among the reasons for drops; undefined of a kernel that gives none. */
function not_specified(blob: Uint8Array): number | undefined {
  return [...readEnum(blob, "skb_drop_reason") ?? []].find(([, name]) => name === NOT_SPECIFIED)?.[0];
}

/** Text by path below a directory for `bpftrace -I`, from BTF. */
export function headers(blob: Uint8Array): Record<string, string> {
  const types = readBtf(blob), number = not_specified(blob);
  return {
    "linux/socket.h": "#define AF_INET 2\n#define AF_INET6 10\n",
    "net/sock.h": [
      ...number === undefined ? [] : [`enum skb_drop_reason { ${NOT_SPECIFIED} = ${number} };`],
      "struct in6_addr { union { unsigned char u6_addr8[16]; } in6_u; };",
      struct(types, "sock_common", COMMON),
      struct(types, "sock", SOCK),
      struct(types, "sk_buff", [["sk", "struct sock *"]]),
      "",
    ].join("\n"),
  };
}

/** A struct with these members where the kernel has them, and bytes without a meaning elsewhere. */
function struct(types: readonly Type[], name: string, fields: readonly Field[]): string {
  const of = types.find((type) => type.kind === "struct" && type.name === name);
  if (!of) throw new Error(`the kernel has no struct ${name}`);
  let end = 0;
  const gap = (until: number) => until > end ? [`char until_${until}[${until - end}];`] : [];
  const members = fields.map(([member, type]) => ({ member, type, ...place(types, of, member) }));
  const lines = members.toSorted((a, b) => a.offset - b.offset).flatMap(({ member, type, offset, size }) => {
    const line = [...gap(offset), `${type} ${member};`];
    end = offset + size;
    return line;
  });
  return `struct ${name} { ${[...lines, ...gap(of.size)].join(" ")} } __attribute__((packed));`;
}

/** Where a member is, in bytes, which may be in members that have no name, and how large. Throws if there is none. */
function place(types: readonly Type[], of: Type, name: string): { offset: number; size: number } {
  const found = find(types, of, name);
  if (!found) throw new Error(`struct ${of.name} has no ${name}`);
  return found;
}

function find(types: readonly Type[], of: Type, name: string): { offset: number; size: number } | undefined {
  for (const { name: own, type, offset_bits } of of.members) {
    if (own === name) return { offset: offset_bits / 8, size: sizeOf(types, type) };
    const inner = own === "" ? find(types, bare(types, type), name) : undefined;
    if (inner) return { offset: offset_bits / 8 + inner.offset, size: inner.size };
  }
  return undefined;
}
