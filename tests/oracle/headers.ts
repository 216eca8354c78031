// The part of the kernel's headers that tcpdrop.bt takes, as the running kernel has it: bpftrace 0.17 takes no types from
// BTF in scripts that use tracepoints.
import { bare, readBtf, type Type } from "../../src/kernel/btf.ts";
import { readEnum } from "../../src/kernel/btf_enum.ts";

const NOT_SPECIFIED = "SKB_DROP_REASON_NOT_SPECIFIED";

/** A member as C declares it, and its size in bytes. */
type Field = readonly [name: string, declaration: string, size: number];

const COMMON: readonly Field[] = [
  ["skc_daddr", "unsigned int skc_daddr", 4],
  ["skc_rcv_saddr", "unsigned int skc_rcv_saddr", 4],
  ["skc_dport", "unsigned short skc_dport", 2],
  ["skc_num", "unsigned short skc_num", 2],
  ["skc_family", "unsigned short skc_family", 2],
  ["skc_state", "unsigned char skc_state", 1],
  ["skc_v6_daddr", "struct in6_addr skc_v6_daddr", 16],
  ["skc_v6_rcv_saddr", "struct in6_addr skc_v6_rcv_saddr", 16],
];

/** Text by path below a directory for `bpftrace -I`, from BTF; undefined for a kernel that gives no reasons for drops. */
export function headers(blob: Uint8Array): Record<string, string> | undefined {
  const reasons = readEnum(blob, "skb_drop_reason");
  if (!reasons) return undefined;
  const types = readBtf(blob);
  const [not_specified] = [...reasons].find(([, name]) => name === NOT_SPECIFIED) ?? [];
  return {
    "linux/socket.h": "#define AF_INET 2\n#define AF_INET6 10\n",
    "net/sock.h": [
      `enum skb_drop_reason { ${NOT_SPECIFIED} = ${not_specified} };`,
      "struct in6_addr { union { unsigned char u6_addr8[16]; } in6_u; };",
      struct(types, "sock_common", COMMON),
      struct(types, "sock", [["__sk_common", "struct sock_common __sk_common", 0]]),
      struct(types, "sk_buff", [["sk", "struct sock *sk", 8]]),
      "",
    ].join("\n"),
  };
}

/** A struct with these members where the kernel has them, and bytes without a name in between. */
function struct(types: readonly Type[], name: string, fields: readonly Field[]): string {
  const of = types.find((type) => type.kind === "struct" && type.name === name);
  if (!of) throw new Error(`the kernel has no struct ${name}`);
  let at = 0;
  const lines = fields.map(([member, declaration, size]) => {
    const offset = offset_of(types, of, member);
    if (offset === undefined || offset < at) throw new Error(`struct ${name} has no ${member} where it is looked for`);
    const gap = offset > at ? `char until_${member}[${offset - at}]; ` : "";
    at = offset + size;
    return `${gap}${declaration};`;
  });
  return `struct ${name} { ${lines.join(" ")} } __attribute__((packed));`;
}

/** Where a member is, in bytes, which may be in members that have no name. */
function offset_of(types: readonly Type[], of: Type, name: string): number | undefined {
  for (const { name: own, type, offset_bits } of of.members) {
    const inner = own === "" ? offset_of(types, bare(types, type), name) : own === name ? 0 : undefined;
    if (inner !== undefined) return offset_bits / 8 + inner;
  }
  return undefined;
}
