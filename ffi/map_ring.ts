import { SystemError } from "./error.ts";
import type { Libc } from "./libc.ts";
import type { MappedRing } from "./ring.ts";

const SC_PAGESIZE = 30, PROT_READ = 1, PROT_WRITE = 2, MAP_SHARED = 1;

/** A mapped ring and typed arrays over its data, which become invalid when it is disposed of. */
export interface RingMapping extends MappedRing, Disposable {
  u8: Uint8Array;
  u16: Uint16Array;
}

/** Maps the ring of a map's descriptor. A write to the data kills the process: it is mapped read-only. */
export function mapRing(libc: Libc, fd: number, size: number): RingMapping {
  const page = Number(libc.sysconf(SC_PAGESIZE)); // 4, 16 or 64 KiB on arm64
  const map = (length: number, protection: number, offset: number): Deno.PointerObject => {
    const at = libc.mmap(null, BigInt(length), protection, MAP_SHARED, fd, BigInt(offset));
    if (at === null || Deno.UnsafePointer.value(at) === 2n ** 64n - 1n) throw new SystemError("mmap", libc.errno());
    return at;
  };
  using cleanup = new DisposableStack();
  const owned = (length: number, protection: number, offset: number): ArrayBuffer => {
    const pointer = map(length, protection, offset);
    cleanup.defer(() => libc.munmap(pointer, BigInt(length)));
    // unsafe: `length` bytes are mapped there until munmap; the arrays made of it are dropped with the mapping.
    return Deno.UnsafePointerView.getArrayBuffer(pointer, length);
  };
  const consumer = owned(page, PROT_READ | PROT_WRITE, 0);
  const rest = owned(page + 2 * size, PROT_READ, page);
  const owner = cleanup.move();
  return {
    consumer: new Uint32Array(consumer, 0, 2),
    consumer64: new BigInt64Array(consumer, 0, 1),
    producer: new Uint32Array(rest, 0, 2),
    u8: new Uint8Array(rest, page),
    u16: new Uint16Array(rest, page),
    u32: new Uint32Array(rest, page),
    size,
    [Symbol.dispose]: () => owner.dispose(),
  };
}
