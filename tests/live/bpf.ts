// The system call bpf(2), for tests that look at what a tracer has in the kernel, or make what it is given.
import { SystemError } from "../../ffi/error.ts";
import { openLibc } from "../../ffi/libc.ts";

const SYS_bpf = Deno.build.arch === "aarch64" ? 280n : 321n;
const BPF_MAP_GET_FD_BY_ID = 14, BPF_OBJ_GET_INFO_BY_FD = 15;
const BPF_MAP_LOOKUP_ELEM = 1, BPF_MAP_UPDATE_ELEM = 2, BPF_MAP_GET_NEXT_KEY = 4;
const ENOENT = 2; // the key is gone meanwhile

export const libc = openLibc();

/** A field of union bpf_attr: where it is, in bytes, and a number of 32 bits, or memory, by its address. */
export type Field = readonly [offset: number, value: number | Uint8Array<ArrayBuffer>];

/** What bpf(2) returns for a command with these fields, all others zero: a negative errno if it fails. */
export function tryBpf(command: number, fields: readonly Field[]): number {
  const attributes = new DataView(new ArrayBuffer(128));
  for (const [offset, value] of fields) {
    if (typeof value === "number") attributes.setUint32(offset, value, true);
    else attributes.setBigUint64(offset, BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(value))), true);
  }
  const result = libc.syscall(SYS_bpf, BigInt(command), attributes.buffer, BigInt(attributes.byteLength), 0n);
  return result < 0n ? -libc.errno() : Number(result);
}

/** The same; throws if it fails. */
export function bpf(command: number, fields: readonly Field[]): number {
  const result = tryBpf(command, fields);
  if (result < 0) throw new SystemError(`bpf command ${command}`, -result);
  return result;
}

/** Sets what a map has under a key. */
export function setElement(fd: number, key: Uint8Array<ArrayBuffer>, value: Uint8Array<ArrayBuffer>): void {
  bpf(BPF_MAP_UPDATE_ELEM, [[0, fd], [8, key], [16, value]]);
}

/** A hash map of a process, of which `entries` are what it has now, in hexadecimal, by key. */
export interface HeldMap extends Disposable {
  entries(): Map<string, string>;
  set(key: string, value: string): void;
}

/** The one of these maps, by their ids, that has this name. Throws if none has. */
export function holdMap(ids: readonly number[], name: string): HeldMap {
  for (const id of ids) {
    const fd = bpf(BPF_MAP_GET_FD_BY_ID, [[0, id]]), info = new Uint8Array(64); // struct bpf_map_info, as far as its name
    bpf(BPF_OBJ_GET_INFO_BY_FD, [[0, fd], [4, info.length], [8, info]]);
    const view = new DataView(info.buffer), keySize = view.getUint32(8, true), valueSize = view.getUint32(12, true);
    const [called] = new TextDecoder().decode(info.subarray(24, 40)).split("\0");
    if (called !== name) {
      libc.close(fd);
      continue;
    }
    return {
      entries() {
        const found = new Map<string, string>(), value = new Uint8Array(valueSize);
        let key: Uint8Array<ArrayBuffer> | undefined, next = new Uint8Array(keySize);
        while (tryBpf(BPF_MAP_GET_NEXT_KEY, [[0, fd], ...key ? [[8, key] as const] : [], [16, next]]) === 0) {
          const error = tryBpf(BPF_MAP_LOOKUP_ELEM, [[0, fd], [8, next], [16, value]]);
          if (error === 0) found.set(next.toHex(), value.toHex());
          else if (error !== -ENOENT) throw new SystemError("bpf", -error);
          [key, next] = [next, new Uint8Array(keySize)];
        }
        return found;
      },
      set: (key, value) => setElement(fd, Uint8Array.fromHex(key), Uint8Array.fromHex(value)),
      [Symbol.dispose]: () => libc.close(fd),
    };
  }
  throw new Error(`no map is called ${name}`);
}
