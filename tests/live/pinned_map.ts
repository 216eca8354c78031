import { SystemError } from "../../ffi/error.ts";
import { openLibc } from "../../ffi/libc.ts";

const BPF_MAP_CREATE = 0n, BPF_MAP_UPDATE_ELEM = 2n, BPF_OBJ_PIN = 6n;
const BPF_MAP_TYPE_HASH = 1;
const SYS_bpf = Deno.build.arch === "aarch64" ? 280n : 321n;

/** A hash map pinned in a BPF file system of its own, as a user would have made it. */
export interface PinnedMap extends Disposable {
  readonly path: string;
  /** Adds a key, with a value of zeros. */
  add(key: bigint): void;
}

/** Makes and pins a map; sizes in bytes. */
export function pinMap({ keySize = 8, valueSize = 8 }): PinnedMap {
  const libc = openLibc();
  const bpf = (command: bigint, attributes: DataView<ArrayBuffer>): number => {
    const result = Number(libc.syscall(SYS_bpf, command, attributes.buffer, BigInt(attributes.byteLength), 0n));
    if (result < 0) throw new SystemError(`bpf command ${command}`, libc.errno());
    return result;
  };
  const address = (bytes: Uint8Array<ArrayBuffer>) => BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)));
  const attributes = () => new DataView(new ArrayBuffer(72)); // union bpf_attr as far as these commands read it

  const directory = Deno.makeTempDirSync();
  mount(["-t", "bpf", "bpf", directory]);
  const create = attributes();
  [BPF_MAP_TYPE_HASH, keySize, valueSize, 128].forEach((value, i) => create.setUint32(4 * i, value, true));
  const fd = bpf(BPF_MAP_CREATE, create);
  const path = `${directory}/map`;
  const name = new TextEncoder().encode(path + "\0");
  const pin = attributes();
  pin.setBigUint64(0, address(name), true);
  pin.setUint32(8, fd, true);
  bpf(BPF_OBJ_PIN, pin);
  return {
    path,
    add(key) {
      const keyBytes = new Uint8Array(BigUint64Array.of(key).buffer), value = new Uint8Array(valueSize);
      const update = attributes();
      update.setUint32(0, fd, true);
      update.setBigUint64(8, address(keyBytes), true);
      update.setBigUint64(16, address(value), true);
      bpf(BPF_MAP_UPDATE_ELEM, update);
    },
    [Symbol.dispose]() {
      libc.close(fd);
      unmount(directory);
      Deno.removeSync(directory);
    },
  };
}

function mount(args: string[]): void {
  const { success, stderr } = new Deno.Command("mount", { args }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

function unmount(directory: string): void {
  const { success, stderr } = new Deno.Command("umount", { args: [directory] }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
