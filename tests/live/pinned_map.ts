import { bpf, libc, setElement } from "./bpf.ts";

const BPF_MAP_CREATE = 0, BPF_OBJ_PIN = 6;
const BPF_MAP_TYPE_HASH = 1;

/** A hash map pinned in a BPF file system of its own, as a user would have made it. */
export interface PinnedMap extends Disposable {
  readonly path: string;
  /** Adds a key, with a value of zeros. */
  add(key: bigint): void;
}

/** Makes and pins a map; sizes in bytes. */
export function pinMap({ keySize = 8, valueSize = 8 }): PinnedMap {
  const directory = Deno.makeTempDirSync();
  mount(["-t", "bpf", "bpf", directory]);
  const sizes = [BPF_MAP_TYPE_HASH, keySize, valueSize, 128];
  const fd = bpf(BPF_MAP_CREATE, sizes.map((value, i) => [4 * i, value]));
  const path = `${directory}/map`;
  bpf(BPF_OBJ_PIN, [[0, new TextEncoder().encode(path + "\0")], [8, fd]]);
  return {
    path,
    add(key) {
      setElement(fd, new Uint8Array(BigUint64Array.of(key).buffer), new Uint8Array(valueSize));
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
