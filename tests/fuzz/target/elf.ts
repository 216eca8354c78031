import assert from "node:assert/strict";
import { sections, symbols } from "../../../bpf/elf.ts";
import { elf } from "../../../package/elf.ts";
import type { Target } from "../target.ts";

const object = Deno.readFileSync(new URL("../../../out/netqtop.bpf.o", import.meta.url));

/** ELF files that the build reads. */
export const target: Target = {
  name: "elf",
  round: 1000,
  seeds: [object, Deno.readFileSync(new URL("../../../out/stub.elf", import.meta.url))],
  run(bytes) {
    for (const read of [sections, symbols, elf]) {
      try {
        read(bytes);
      } catch (error) {
        assert.match(String(error), /ELF|symbol|[Oo]ffset|bounds|executable|array length/);
      }
    }
  },
};
