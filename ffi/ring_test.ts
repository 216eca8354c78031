import assert from "node:assert/strict";
import { newRing } from "../tests/unit/fake_kernel.ts";
import { drain } from "./ring.ts";

const BUSY = 0x80000000, DISCARDED = 0x40000000;

/** The first bytes of the records that drain passes on. */
function firstBytes(ring: ReturnType<typeof newRing>): number[] {
  const seen: number[] = [];
  drain(ring, (offset) => {
    seen.push(ring.u8[offset] as number);
    return true;
  });
  return seen;
}

Deno.test("drain passes records on in order and gives their room back", () => {
  const ring = newRing(4096);
  for (const i of [1, 2, 3]) ring.push(Uint8Array.of(i));
  assert.deepEqual(firstBytes(ring), [1, 2, 3]);
  assert.equal(ring.consumer[0], ring.producer[0]);
  assert.deepEqual(firstBytes(ring), []);
});

Deno.test("drain stops before a record that is still being written, and finds it once it is", () => {
  const ring = newRing(4096);
  ring.push(Uint8Array.of(1));
  const busyAt = ring.producer[0] as number;
  ring.push(Uint8Array.of(2), BUSY);
  ring.push(Uint8Array.of(3));
  assert.deepEqual(firstBytes(ring), [1]);
  assert.equal(ring.consumer[0], busyAt);
  ring.u32[busyAt >> 2] = 1;
  assert.deepEqual(firstBytes(ring), [2, 3]);
});

Deno.test("drain leaves out discarded records but gives their room back", () => {
  const ring = newRing(4096);
  ring.push(Uint8Array.of(1));
  ring.push(Uint8Array.of(2), DISCARDED);
  ring.push(Uint8Array.of(3));
  assert.deepEqual(firstBytes(ring), [1, 3]);
  assert.equal(ring.consumer[0], ring.producer[0]);
});

Deno.test("drain stops after the record for which it is told to, and goes on from there", () => {
  const ring = newRing(4096);
  for (const i of [1, 2, 3]) ring.push(Uint8Array.of(i));
  assert.equal(drain(ring, () => false), 1);
  assert.deepEqual(firstBytes(ring), [2, 3]);
});

Deno.test("drain carries the position across 2^32", () => {
  const ring = newRing(4096);
  const start = 2 ** 32 - 40;
  ring.consumer[0] = ring.producer[0] = start;
  for (const i of [1, 2, 3, 4, 5]) ring.push(Uint8Array.of(i));
  assert.deepEqual(firstBytes(ring), [1, 2, 3, 4, 5]);
  assert.equal(ring.consumer64[0], BigInt(start) + 80n);
  assert.deepEqual(Array.from(ring.consumer), Array.from(ring.producer));
});

Deno.test("drain returns within a ring's worth of bytes while records keep coming", () => {
  const ring = newRing(4096);
  ring.push(new Uint8Array(120));
  let seen = 0;
  drain(ring, () => {
    ring.push(new Uint8Array(120));
    return ++seen < 1000;
  });
  assert.equal(seen, 32);
});

Deno.test("drain loses nothing and invents nothing with records of random sizes in random batches", () => {
  let state = 20261121;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  const ring = newRing(8192);
  ring.consumer[0] = ring.producer[0] = 2 ** 32 - 8192 * 20;
  let pushed = 0, seen = 0;
  for (let round = 0; round < 5000; round++) {
    for (let n = random(6); n > 0; n--) {
      const used = ((ring.producer[0] as number) - (ring.consumer[0] as number)) >>> 0;
      const size = 4 + random(300);
      if (used + size + 16 > ring.size) break;
      const record = new Uint8Array(size);
      const discard = random(10) === 0;
      new DataView(record.buffer).setUint32(0, discard ? 0xffffffff : pushed++, true);
      ring.push(record, discard ? DISCARDED : 0);
    }
    const most = 1 + random(8);
    let batch = 0;
    drain(ring, (offset) => {
      assert.equal(ring.u32[offset >> 2], seen++);
      return ++batch < most;
    });
  }
  drain(ring, (offset) => {
    assert.equal(ring.u32[offset >> 2], seen++);
    return true;
  });
  assert.equal(seen, pushed);
  assert.ok((ring.producer[1] as number) > 0, "the positions passed 2^32");
});
