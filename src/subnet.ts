import { BadInput } from "./failure.ts";
import { parseAddress } from "./filter.ts";
import { parseWhole } from "./option.ts";

/** A subnet as it was typed, and what it is: the first `bits` of `bytes`, IPv4 as ::ffff:a.b.c.d. */
export interface Subnet {
  text: string;
  bits: number;
  bytes: Uint8Array;
}

const MAPPED_BITS = 96;
const MAPPED = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0]);

/** The subnets of a list. Throws BadInput that names the one that is none. */
export function parseSubnets(text: string): Subnet[] {
  return text.split(",").map((item) => {
    const [address = "", length, ...rest] = item.split("/");
    const bytes = parseAddress(address);
    if (bytes === undefined || length === undefined || rest.length > 0) {
      throw new BadInput(`A subnet is like 10.0.0.0/8 or 2001:db8::/32, not '${item}'.`);
    }
    const four = !address.includes(":");
    const bits = parseWhole(length, `The prefix of ${address}`, 0, four ? 32 : 128) + (four ? MAPPED_BITS : 0);
    return { text: item, bits, bytes: masked(bytes, bits) };
  });
}

/** What a prefix counts as: the place of a subnet in the list, or none. */
export interface Counted extends Omit<Subnet, "text"> {
  subnet: number | undefined;
}

/**
 * The prefixes that a trie which finds the longest one needs so that each address counts for the first subnet in the list
 * that it is in, or for the longest one. An IPv4 address is in subnets of IPv4 only, however its bytes look.
 */
export function prefixesOf(subnets: readonly Subnet[], which: "first" | "longest"): Counted[] {
  const isFour = (s: Omit<Subnet, "text">) =>
    s.bits >= MAPPED_BITS && contains({ bits: MAPPED_BITS, bytes: MAPPED }, s);
  const prefixes = new Map<string, Omit<Subnet, "text">>();
  for (const one of [{ bits: MAPPED_BITS, bytes: MAPPED }, ...subnets]) prefixes.set(`${one.bits}/${one.bytes}`, one);
  return Array.from(prefixes.values(), ({ bits, bytes }) => {
    const prefix = { bits, bytes };
    let chosen: number | undefined;
    for (const [n, subnet] of subnets.entries()) {
      if (!contains(subnet, prefix) || isFour(subnet) !== isFour(prefix)) continue;
      if (chosen === undefined) chosen = n;
      else if (which === "longest" && subnet.bits > (subnets[chosen]?.bits ?? 0)) chosen = n;
    }
    return { ...prefix, subnet: chosen };
  });
}

/** True if all addresses of `inner` are in `outer`. */
function contains(outer: Omit<Subnet, "text">, inner: Omit<Subnet, "text">): boolean {
  if (outer.bits > inner.bits) return false;
  const cut = masked(inner.bytes, outer.bits);
  return outer.bytes.every((byte, i) => byte === cut[i]);
}

function masked(bytes: Uint8Array, bits: number): Uint8Array {
  return bytes.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * i))) & 0xff);
}
