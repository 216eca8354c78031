import assert from "node:assert/strict";
import { openKernel } from "./kernel.ts";

const BLOCKS = 256, BLOCK_BYTES = 64 * 1024, LARGE_BYTES = 16 * 2 ** 20, MOST_KEPT_BYTES = 4 * 2 ** 20;

const open = () => openKernel({ libbpf: undefined, oldestLibbpfMinor: 1, asset: () => new Uint8Array() });

const { malloc, memset, free } = Deno.dlopen("libc.so.6", {
  malloc: { parameters: ["usize"], result: "pointer" },
  memset: { parameters: ["pointer", "i32", "usize"], result: "pointer" },
  free: { parameters: ["pointer"], result: "void" },
}).symbols;

/** The resident memory of this process that no file backs. */
function anon_bytes(): number {
  return 1024 * Number(/^RssAnon:\s*(\d+) kB$/m.exec(Deno.readTextFileSync("/proc/self/status"))?.[1]);
}

/** Blocks of memory that are in use; 16 MiB in all. */
function takeBlocks(): Deno.PointerValue[] {
  return Array.from({ length: BLOCKS }, () => memset(malloc(BigInt(BLOCK_BYTES)), 1, BigInt(BLOCK_BYTES)));
}

Deno.test("what C has freed goes back", () => {
  open();
  free(malloc(BigInt(LARGE_BYTES))); // by default, libc would keep twice as much from now on
  const before = anon_bytes(), blocks = takeBlocks();
  assert.ok(anon_bytes() - before > BLOCKS * BLOCK_BYTES * 0.9);
  for (const block of blocks) free(block);
  const kept = anon_bytes() - before;
  assert.ok(kept < MOST_KEPT_BYTES, `${kept} bytes are still there`);
});

Deno.test("what C has freed between blocks that are in use goes back when it is asked to", () => {
  const kernel = open();
  const before = anon_bytes(), [last = null, ...others] = takeBlocks().reverse();
  for (const block of others) free(block);
  assert.ok(anon_bytes() - before > BLOCKS * BLOCK_BYTES / 2, "libc has given it back by itself");
  kernel.giveMemoryBack();
  const kept = anon_bytes() - before;
  free(last);
  assert.ok(kept < MOST_KEPT_BYTES, `${kept} bytes are still there`);
});
