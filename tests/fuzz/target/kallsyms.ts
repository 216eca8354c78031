import assert from "node:assert/strict";
import { newSymbolizer } from "../../../src/kernel/kallsyms.ts";
import { type Target, utf8 } from "../target.ts";

const TEXT = `ffffffff81000000 T _stext
ffffffff81000040 t tcp_v4_rcv.cold
ffffffffc0000000 t nf_hook\t[nf_tables]
ffffffffa0000000 B jiffies
0000000000000000 A fixed_percpu_data
ffffffffc0000100 t bpf_prog_6deef7357e7b4530_x\t[bpf]
`;

/** As many bytes as a row has room for (src/output/row.ts). */
const MOST = 544;

/** /proc/kallsyms. */
export const target: Target = {
  name: "kallsyms",
  round: 5000,
  seeds: [utf8(TEXT), utf8(TEXT.replaceAll("f", "0"))],
  run(bytes) {
    const symbol = newSymbolizer(() => bytes.slice(), () => {});
    for (const [low, high] of [[0x81000001, 0xffffffff], [0, 0], [0xffffffff, 0xffffffff], [0xc0000200, 0xffffffff]]) {
      const text = symbol(low as number, high as number);
      assert.match(text, /^[!#-[\]-~]+$/, "rows write it as it is");
      assert.ok(text.length <= MOST, `${text.length} bytes`);
    }
  },
};
