import assert from "node:assert/strict";
import { newSymbolizer, parseKallsyms } from "./kallsyms.ts";

const TEXT = [
  "0000000000000000 A fixed_percpu_data",
  "ffffffff81000000 T _text",
  "ffffffff81000100 t inner.constprop.0",
  "ffffffff81000180 d data_between",
  "ffffffff82000000 W weak",
  "ffffffffc0001000 t nft_do_chain\t[nf_tables]",
  "ffffffffc0000000 t first_of_module\t[nf_tables]",
  "",
].join("\n");
const bytes = () => new TextEncoder().encode(TEXT);
const HIGH = 0xffffffff;

Deno.test("parseKallsyms finds the function that an address is in, in modules too", () => {
  const symbols = parseKallsyms(bytes());
  assert.equal(symbols.count, 5);
  assert.deepEqual(symbols.find(0x81000000, HIGH), { name: "_text", offset: 0 });
  assert.deepEqual(symbols.find(0x810001ff, HIGH), { name: "inner.constprop.0", offset: 0xff });
  assert.deepEqual(symbols.find(0xc0000fff, HIGH), { name: "first_of_module", offset: 0xfff });
  assert.deepEqual(symbols.find(0xc000193c, HIGH), { name: "nft_do_chain", offset: 0x93c });
  assert.equal(symbols.find(0x80ffffff, HIGH), undefined);
});

Deno.test("parseKallsyms keeps addresses apart that a double could not", () => {
  const text = "ffff800010000000 T one\nffff800010000001 T two\n";
  assert.deepEqual(parseKallsyms(new TextEncoder().encode(text)).find(0x10000001, 0xffff8000), {
    name: "two",
    offset: 0,
  });
});

Deno.test("newSymbolizer reads the symbols once, when the first is asked for", () => {
  let reads = 0;
  const symbolize = newSymbolizer(() => (reads++, bytes()), assert.fail);
  assert.equal(reads, 0);
  assert.equal(symbolize(0xc000193c, HIGH), "nft_do_chain+0x93c");
  assert.equal(symbolize(0x81000000, HIGH), "_text+0x0");
  assert.equal(reads, 1);
});

Deno.test("newSymbolizer shows addresses and says so once where symbols are hidden", () => {
  const hidden = TEXT.replaceAll(/^[0-9a-f]+/gm, "0000000000000000");
  for (const read of [() => new TextEncoder().encode(hidden), () => undefined]) {
    const warnings: string[] = [];
    const symbolize = newSymbolizer(read, (line) => void warnings.push(line));
    assert.equal(symbolize(0x8100abcd, HIGH), "0xffffffff8100abcd");
    assert.equal(symbolize(0x00000001, 0xffff8000), "0xffff800000000001");
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", /kptr_restrict/);
  }
});
