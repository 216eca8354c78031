import assert from "node:assert/strict";
import { btfWithEnum } from "../../tests/unit/btf_blob.ts";
import { readBtf } from "./btf.ts";
import { readEnum } from "./btf_enum.ts";

const values = { SKB_CONSUMED: 1, SKB_DROP_REASON_NO_SOCKET: 3, SKB_DROP_REASON_SUBSYS_MASK: 0xffff0000 };
const blob = btfWithEnum("skb_drop_reason", values);

Deno.test("readEnum finds the names of an enum's values by number", () => {
  assert.deepEqual(readBtf(blob).map((t) => t.kind), ["void", "struct", "enum", "int"], "the blob is BTF");
  const names = readEnum(blob, "skb_drop_reason");
  assert.deepEqual([...names ?? []], Object.entries(values).map(([name, n]) => [n, name]));
});

Deno.test("readEnum reads a blob that begins anywhere in memory", () => {
  const shifted = new Uint8Array(blob.length + 3);
  shifted.set(blob, 3);
  assert.equal(readEnum(shifted.subarray(3), "skb_drop_reason")?.get(3), "SKB_DROP_REASON_NO_SOCKET");
});

Deno.test("readEnum finds nothing where no enum has that name", () => {
  assert.equal(readEnum(blob, "skb_drop"), undefined);
  assert.equal(readEnum(blob, "other"), undefined, "which is a struct");
  assert.throws(() => readEnum(new Uint8Array(64), "skb_drop_reason"), /no BTF/);
});

const VMLINUX = "/sys/kernel/btf/vmlinux";

Deno.test("readEnum walks past all types of this kernel as readBtf does", () => {
  const vmlinux = Deno.readFileSync(VMLINUX);
  const last = readBtf(vmlinux).findLast((t) => t.kind === "enum" && t.name !== "");
  assert.ok(last && readEnum(vmlinux, last.name), last?.name);
});
