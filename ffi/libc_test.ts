import assert from "node:assert/strict";
import { openLibc } from "./libc.ts";

const BLOCKS = 256, BLOCK_BYTES = 64 * 1024, LARGE_BYTES = 16 * 2 ** 20, MOST_KEPT_BYTES = 4 * 2 ** 20;

/** The resident memory of this process that no file backs. */
function anon_bytes(): number {
  return 1024 * Number(/^RssAnon:\s*(\d+) kB$/m.exec(Deno.readTextFileSync("/proc/self/status"))?.[1]);
}

Deno.test("what C has freed goes back to the kernel", () => {
  openLibc();
  const { malloc, memset, free } = Deno.dlopen("libc.so.6", {
    malloc: { parameters: ["usize"], result: "pointer" },
    memset: { parameters: ["pointer", "i32", "usize"], result: "pointer" },
    free: { parameters: ["pointer"], result: "void" },
  }).symbols;
  free(malloc(BigInt(LARGE_BYTES))); // by default, libc would keep twice as much from now on
  const before = anon_bytes();
  const blocks = Array.from({ length: BLOCKS }, () => memset(malloc(BigInt(BLOCK_BYTES)), 1, BigInt(BLOCK_BYTES)));
  assert.ok(anon_bytes() - before > BLOCKS * BLOCK_BYTES * 0.9);
  for (const block of blocks) free(block);
  const kept = anon_bytes() - before;
  assert.ok(kept < MOST_KEPT_BYTES, `${kept} bytes are still there`);
});
