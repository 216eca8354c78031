/** A BPF ring buffer as it is mapped: positions count bytes since the ring was made (kernel/bpf/ringbuf.c). */
export interface MappedRing {
  /** The consumer page: where the reader stands, as two words and as one. Only the reader writes it. */
  consumer: Uint32Array;
  consumer64: BigInt64Array;
  /** The producer page: up to where records were reserved. */
  producer: Uint32Array;
  /** The data pages, twice in a row, so that a record never wraps. */
  u32: Uint32Array;
  /** Bytes of data, a power of two. */
  size: number;
}

const BUSY = 0x80000000, DISCARDED = 0x40000000, HEADER = 8;

/**
 * Passes each finished record to `record` as the byte offset of its data, gives the room back to the kernel, and
 * returns how many records there were. Stops after the record for which `record` returned false, at a record that is
 * still being written, and after a ring's worth of bytes, so that a flood cannot keep the caller from its other work.
 *
 * Low words are enough to walk by: a ring is at most 2^31 bytes, so distances fit in 32 bits whatever the carry. The
 * loads and the store are atomic because the kernel runs beside us: the producer position and the busy bit are
 * published with release semantics, and the consumer position must not be seen before the records were read.
 */
export function drain(ring: MappedRing, record: (offset: number) => boolean): number {
  const { consumer, producer, u32, size } = ring;
  const mask = size - 1;
  const start = (consumer[0] as number) >>> 0;
  let at = start, count = 0;
  walk: while (((at - start) >>> 0) < size) {
    const end = Atomics.load(producer, 0);
    if (at === end) break;
    do {
      const offset = at & mask;
      const header = Atomics.load(u32, offset >>> 2);
      if (header >= BUSY) break walk;
      at = (at + (((header & ~DISCARDED) + HEADER + 7) & ~7)) >>> 0;
      if (header < DISCARDED) {
        count++;
        if (!record(offset + HEADER)) break walk;
      }
    } while (at !== end);
  }
  if (at !== start) {
    const high = (consumer[1] as number) + (at < start ? 1 : 0);
    Atomics.store(ring.consumer64, 0, (BigInt(high) << 32n) | BigInt(at));
  }
  return count;
}
