import { SystemError } from "./error.ts";
import type { Libc } from "./libc.ts";
import type { MappedRing } from "./ring.ts";

const SC_PAGESIZE = 30, PROT_READ = 1, PROT_WRITE = 2, MAP_SHARED = 1;

/** A mapped ring and typed arrays over its data, which become invalid when it is disposed of. */
export interface RingMapping extends MappedRing, Disposable {
  u8: Uint8Array;
  u16: Uint16Array;
}

/** Bytes of kernel memory, which become invalid when it is disposed of. */
export interface Mapping extends Disposable {
  bytes: ArrayBuffer;
}

/** Maps `length` bytes of a map's memory from `offset`, a multiple of the page size. A write to read-only ones kills. */
export function mapMemory(libc: Libc, fd: number, length: number, offset = 0, writable = false): Mapping {
  const protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
  const at = libc.mmap(null, BigInt(length), protection, MAP_SHARED, fd, BigInt(offset));
  if (at === null || Deno.UnsafePointer.value(at) === 2n ** 64n - 1n) throw new SystemError("mmap", libc.errno());
  return {
    // unsafe: `length` bytes are mapped there until munmap; users drop the arrays made of it before.
    bytes: Deno.UnsafePointerView.getArrayBuffer(at, length),
    [Symbol.dispose]: () => void libc.munmap(at, BigInt(length)),
  };
}

/** Maps the ring of a map's descriptor: its consumer page, its producer page and its data twice over. */
export function mapRing(libc: Libc, fd: number, size: number): RingMapping {
  const page = pageSize(libc);
  using cleanup = new DisposableStack();
  const consumer = cleanup.use(mapMemory(libc, fd, page, 0, true)).bytes;
  const rest = cleanup.use(mapMemory(libc, fd, page + 2 * size, page)).bytes;
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

/** 4 KiB, or 16 or 64 on arm64. */
export function pageSize(libc: Libc): number {
  return Number(libc.sysconf(SC_PAGESIZE));
}
