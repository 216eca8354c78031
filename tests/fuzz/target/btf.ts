import assert from "node:assert/strict";
import { bare, readBtf, sizeOf } from "../../../src/kernel/btf.ts";
import { readEnum } from "../../../src/kernel/btf_enum.ts";
import { sections } from "../../../bpf/elf.ts";
import { btfWithEnum } from "../../unit/btf_blob.ts";
import { assertHarmless } from "../property.ts";
import type { Target } from "../target.ts";

const NAME = "skb_drop_reason";
const object = Deno.readFileSync(new URL("../../../out/tcpconnlat.bpf.o", import.meta.url));

/** BTF: the kernel's, of which tcpdrop reads one enum, and that of our own objects, which the build reads. */
export const target: Target = {
  name: "btf",
  round: 1000,
  seeds: [
    btfWithEnum(NAME, { A: 1, B: 2 }),
    sections(object).find(({ name }) => name === ".BTF")?.bytes ?? new Uint8Array(0),
    new Uint8Array(0),
  ],
  run(bytes) {
    attempt(() => {
      for (const [n, name] of readEnum(bytes, NAME) ?? []) {
        assert.ok(Number.isInteger(n));
        assertHarmless(name);
        assert.ok(!/["\\]/.test(name), "rows write it as it is");
      }
    });
    attempt(() => {
      const types = readBtf(bytes);
      for (const id of types.keys()) {
        bare(types, id);
        attempt(() => sizeOf(types, id));
      }
    });
  },
};

/** Bytes that are no BTF are refused by an Error of the reader's own, or by a view's bounds. */
function attempt(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    assert.match(String(error), /BTF|[Oo]ffset|bounds|Invalid typed array/);
  }
}
