// What is taken from maps of the kernel: each entry once, and none is left. The maps are those of the tools' objects.
import assert from "node:assert/strict";
import tcpaccept from "../bpf/tcpaccept.gen.ts";
import { openKernel } from "../ffi/kernel.ts";

const kernel = openKernel({
  libbpf: undefined,
  oldestLibbpfMinor: 1,
  asset: (name) => Deno.readFileSync(new URL(`../out/${name}`, import.meta.url)),
});
const POSSIBLE = Number(/(\d+)$/.exec(Deno.readTextFileSync("/sys/devices/system/cpu/possible").trim())?.[1]) + 1;

// Which of its plans a kernel can load is not what is tested here.
const unloadable: Record<string, string[]> = { tcpaccept: Object.keys(tcpaccept.programs) };

/** A loaded object of which no program runs; maps can be given other sizes. */
function loaded(tool: string, sizes: Record<string, number> = {}) {
  const object = kernel.open(tool);
  for (const program of unloadable[tool] ?? []) object.select(program, false);
  for (const [map, entries] of Object.entries(sizes)) object.resize(map, entries);
  object.load();
  return object;
}

const words = (...numbers: (number | bigint)[]) => new Uint8Array(BigUint64Array.from(numbers, BigInt).buffer);

Deno.test("takeAll empties a hash of more than one batch, with values that are no whole words", () => {
  for (const count of [0, 1, 1023, 1024, 1025, 4999]) {
    using object = loaded("tcpaccept", { pids: 4999 });
    for (let i = 0; i < count; i++) object.put("pids", words(i * 7), Uint8Array.of(i % 251));
    const taken = new BigUint64Array(object.take("pids").buffer);
    const entries = Array.from({ length: taken.length / 2 }, (_, i) => [taken[2 * i], taken[2 * i + 1]]);
    const wanted = Array.from({ length: count }, (_, i) => [BigInt(i * 7), BigInt(i % 251)]);
    assert.deepEqual(entries.sort(([a = 0n], [b = 0n]) => Number(a - b)), wanted);
    assert.equal(object.take("pids").length, 0);
  }
});

Deno.test("takeAll empties a per-CPU hash of more than one batch, with each CPU's part under its number", () => {
  const count = 2039, size = 9; // words of an entry
  using object = loaded("netqtop");
  for (let i = 0; i < count; i++) {
    const values = Array.from({ length: POSSIBLE }, (_, cpu) => [i, cpu, 0, 0, 0, 0, 0, i * cpu]);
    object.put("samples_0", new Uint8Array(Uint32Array.of(i).buffer), words(...values.flat()));
  }
  const bytes = object.take("samples_0");
  const u32 = new Uint32Array(bytes.buffer), u64 = new BigUint64Array(bytes.buffer);
  const seen = new Set<string>();
  assert.equal(u64.length, count * POSSIBLE * size);
  for (let at = 0; at < u64.length; at += size) {
    const i = u32[2 * at] ?? -1, cpu = u32[2 * at + 1] ?? -1;
    seen.add(`${i} ${cpu}`);
    assert.deepEqual([u64[at + 1], u64[at + 2], u64[at + 8]], [BigInt(i), BigInt(cpu), BigInt(i * cpu)]);
  }
  assert.equal(seen.size, count * POSSIBLE);
  assert.equal(object.take("samples_0").length, 0);
});

Deno.test("takeAll empties a per-CPU array, whose entries stay, as zeros", () => {
  const vectors = 10, size = 39; // words of an entry
  using object = loaded("softirqs");
  for (let vector = 0; vector < vectors; vector++) {
    const values = Array.from(
      { length: POSSIBLE },
      (_, cpu) => [vector + 1, cpu, ...Array<number>(35).fill(0), vector * cpu],
    );
    object.put("samples_1", new Uint8Array(Uint32Array.of(vector).buffer), words(...values.flat()));
  }
  const bytes = object.take("samples_1");
  const u32 = new Uint32Array(bytes.buffer), u64 = new BigUint64Array(bytes.buffer);
  assert.equal(u64.length, vectors * POSSIBLE * size);
  for (let i = 0; i < vectors * POSSIBLE; i++) {
    const at = i * size, vector = Math.floor(i / POSSIBLE), cpu = i % POSSIBLE;
    assert.deepEqual([u32[2 * at], u32[2 * at + 1]], [vector, cpu]);
    assert.deepEqual([u64[at + 1], u64[at + 2], u64[at + 38]], [vector + 1, cpu, vector * cpu].map(BigInt));
  }
  const again = new BigUint64Array(object.take("samples_1").buffer);
  assert.ok(again.every((word, i) => i % size === 0 || word === 0n));
});

Deno.test("exchange puts the other map in its place, and back", () => {
  using object = loaded("netqtop");
  for (const inner of ["samples_1", "samples_0", "samples_1"]) object.exchange("samples", inner);
});
