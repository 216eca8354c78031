import assert from "node:assert/strict";
import { BadInput } from "./failure.ts";
import { parseAddress } from "./filter.ts";
import { parseSubnets, prefixesOf } from "./subnet.ts";

/** The subnet that an address counts for, found as the kernel's trie does: by the longest prefix. */
function counted(list: string, which: "first" | "longest", address: string): string | undefined {
  const subnets = parseSubnets(list), bytes = parseAddress(address) as Uint8Array;
  const bit = (of: Uint8Array, i: number) => (of[i >> 3] as number) >> (7 - (i & 7)) & 1;
  const found = prefixesOf(subnets, which)
    .filter((p) => Array.from({ length: p.bits }, (_, i) => i).every((i) => bit(p.bytes, i) === bit(bytes, i)))
    .toSorted((a, b) => b.bits - a.bits)[0]?.subnet;
  return found === undefined ? undefined : subnets[found]?.text;
}

Deno.test("an address counts for the first subnet that has it, whatever their lengths", () => {
  const list = "10.1.0.0/16,10.0.0.0/8,10.1.2.0/24,0.0.0.0/0";
  for (
    const [address, subnet] of [
      ["10.1.2.3", "10.1.0.0/16"],
      ["10.1.9.9", "10.1.0.0/16"],
      ["10.2.0.1", "10.0.0.0/8"],
      ["192.0.2.1", "0.0.0.0/0"],
      ["::1", undefined],
    ] as const
  ) assert.equal(counted(list, "first", address), subnet, address);
  assert.equal(counted("0.0.0.0/0,10.0.0.0/8", "first", "10.0.0.1"), "0.0.0.0/0");
});

Deno.test("or for the longest one, whatever their order", () => {
  const list = "0.0.0.0/0,10.0.0.0/8,10.1.2.0/24,10.1.0.0/16";
  for (
    const [address, subnet] of [
      ["10.1.2.3", "10.1.2.0/24"],
      ["10.1.9.9", "10.1.0.0/16"],
      ["10.2.0.1", "10.0.0.0/8"],
      ["192.0.2.1", "0.0.0.0/0"],
    ] as const
  ) assert.equal(counted(list, "longest", address), subnet, address);
});

Deno.test("IPv4 is in no subnet of IPv6, in whatever order they are", () => {
  for (const which of ["first", "longest"] as const) {
    assert.equal(counted("::/0,0.0.0.0/0", which, "192.0.2.1"), "0.0.0.0/0");
    assert.equal(counted("::/0,0.0.0.0/0", which, "::ffff:192.0.2.1"), "0.0.0.0/0");
    assert.equal(counted("0.0.0.0/0,::/0", which, "2001:db8::1"), "::/0");
    assert.equal(counted("::/0", which, "192.0.2.1"), undefined);
    assert.equal(counted("::/0,10.0.0.0/8", which, "192.0.2.1"), undefined);
    assert.equal(counted("::ffff:0:0/96", which, "192.0.2.1"), "::ffff:0:0/96");
  }
});

Deno.test("a subnet may have bits behind its prefix, which are of no account; the first of two equal ones counts", () => {
  assert.equal(counted("10.9.8.7/8,10.0.0.0/8", "first", "10.1.1.1"), "10.9.8.7/8");
  assert.equal(counted("10.9.8.7/8,10.0.0.0/8", "longest", "10.1.1.1"), "10.9.8.7/8");
  assert.equal(counted("10.0.0.0/9", "longest", "10.128.0.0"), undefined);
});

Deno.test("what is no subnet is refused with a sentence that names it", () => {
  for (
    const item of ["1.2.3.4", "1.2.3.4/33", "::1/129", "10.1/16", "x/8", "1.2.3.4/8/8", "1.2.3.4/", "", "1.2.3.4/-1"]
  ) {
    const naming = (e: unknown) => e instanceof BadInput && e.message.includes(item.split("/")[0] ?? "");
    assert.throws(() => parseSubnets(`127.0.0.1/32,${item}`), naming, item);
  }
});
