import { SystemError } from "./error.ts";
import type { Libbpf } from "./libbpf.ts";
import { cString, type Libc } from "./libc.ts";
import { mapMemory, mapRing, pageSize, type RingMapping } from "./mapping.ts";
import { drain } from "./ring.ts";
import { takeAll } from "./take.ts";

// Of struct bpf_object_open_opts: the size that leads it, and its member object_name; newer libbpf takes a shorter one.
const OPEN_OPTS_SIZE = 80, OPEN_OPTS_OBJECT_NAME = 8;
const ITER_ATTACH_OPTS_SIZE = 24; // struct bpf_iter_attach_opts: size, link_info, link_info_len
// Of struct bpf_prog_info and struct bpf_map_info (include/uapi/linux/bpf.h).
const PROG_INFO_SIZE = 232, PROG_INFO_RECURSION_MISSES = 208;
const MAP_INFO_SIZE = 88, MAP_INFO_TYPE = 0, MAP_INFO_KEY_SIZE = 8;

/** An object file in libbpf's hands; disposing of it detaches its programs and frees all that it holds. */
export interface BpfObject extends Disposable {
  /** The initial values of the constants; what is written here before load() is what programs read. */
  rodata(size: number): DataView;
  /** The programs' variables after load(), live: what is written here is what programs read next. */
  bss(size: number): DataView;
  /** Says whether load() is to load this program. */
  select(program: string, wanted: boolean): void;
  /** Says which function of the kernel the program traces. Throws SystemError, with ESRCH if the kernel has none of this name. */
  aim(program: string, target: string): void;
  /** Sets the size of a map, in entries, or in bytes for a ring. */
  resize(map: string, entries: number): void;
  /** Has all entries of a map be allocated by load(). */
  preallocate(map: string): void;
  /** Makes `map` be the map pinned at `path`; `keySize` in bytes. Throws SystemError, errno 0 if it is of another kind. */
  usePinned(map: string, path: string, keySize: number): void;
  load(): void;
  put(map: string, key: Uint8Array, value: Uint8Array): void;
  /** What is under a key; undefined if nothing is. */
  get(map: string, key: Uint8Array): Uint8Array | undefined;
  /** Removes what is under a key, if anything is. */
  remove(map: string, key: Uint8Array): void;
  attach(program: string): void;
  /** The entries of a hash map, one after the other: of each the bytes of its key, then those of its value. */
  entries(map: string): Uint8Array;
  /** Makes `inner` the map in the map of maps `outer`, and returns when no program uses the former one any more. */
  exchange(outer: string, inner: string): void;
  /** Empties a map that no program uses, and gives what was in it (takeAll in take.ts). */
  take(map: string): Uint8Array;
  /** Runs an iterator program over all that it iterates over, or over a map's entries; what it prints is dropped. */
  iterate(program: string, map?: string): void;
  detach(): void;
  /** The ring named `events`. */
  ring(size: number): RingMapping & { readonly fd: number; drain(record: (offset: number) => boolean): number };
  /** How often the kernel left out an attached program because it was already running on that CPU. */
  missed(): number;
}

/** Opens an object file. Throws SystemError. */
export function openObject(libc: Libc, libbpf: Libbpf, name: string, bytes: Uint8Array<ArrayBuffer>): BpfObject {
  const objectName = cString(name);
  const options = new BigUint64Array(OPEN_OPTS_SIZE / 8);
  options[0] = BigInt(OPEN_OPTS_SIZE);
  options[OPEN_OPTS_OBJECT_NAME / 8] = BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(objectName)));
  const object = libbpf.pointer(
    "bpf_object__open_mem",
    libbpf.bpf_object__open_mem(bytes, BigInt(bytes.length), options),
  );
  const owned = new DisposableStack();
  owned.defer(() => libbpf.bpf_object__close(object));
  owned.defer(() => void objectName); // its address is all that libbpf got, so it must not be collected
  const links: Deno.PointerObject[] = [];
  owned.defer(detach);
  const attached: Deno.PointerObject[] = [];

  // The last attached first: so there are never others at work than while they were attached, and none sees what one
  // before it was to tell it of and no longer does. A busy machine lets much happen between two of them.
  function detach(): void {
    for (const link of links.splice(0).reverse()) libbpf.bpf_link__destroy(link);
  }
  const program = (name: string) =>
    libbpf.pointer(`find program ${name}`, libbpf.bpf_object__find_program_by_name(object, cString(name)));
  const map = (name: string) =>
    libbpf.pointer(`find map ${name}`, libbpf.bpf_object__find_map_by_name(object, cString(name)));
  const info = (fd: number, size: number): DataView => {
    const bytes = new Uint8Array(size);
    const length = new Uint32Array([size]);
    libbpf.number("bpf_obj_get_info_by_fd", libbpf.bpf_obj_get_info_by_fd(fd, bytes, length));
    return new DataView(bytes.buffer);
  };

  return {
    rodata(size) {
      const length = new BigUint64Array(1);
      const start = libbpf.pointer(".rodata", libbpf.bpf_map__initial_value(map(".rodata"), length));
      if (Number(length[0]) < size) throw new SystemError(".rodata", 0, "smaller than its layout");
      // unsafe: libbpf keeps the section until the object is closed, and says how long it is.
      return new DataView(Deno.UnsafePointerView.getArrayBuffer(start, Number(length[0])));
    },
    bss(size) {
      // Only a skeleton's load makes libbpf's own view of a section live, so this maps it.
      const page = pageSize(libc);
      const length = Math.ceil(size / page) * page;
      return new DataView(owned.use(mapMemory(libc, libbpf.bpf_map__fd(map(".bss")), length, 0, true)).bytes);
    },
    select(name, wanted) {
      libbpf.number(`select ${name}`, libbpf.bpf_program__set_autoload(program(name), wanted));
    },
    aim(name, target) {
      libbpf.number(`aim ${name}`, libbpf.bpf_program__set_attach_target(program(name), 0, cString(target)));
    },
    resize(name, entries) {
      libbpf.number(`resize ${name}`, libbpf.bpf_map__set_max_entries(map(name), entries));
    },
    preallocate(name) {
      libbpf.number(`set flags of ${name}`, libbpf.bpf_map__set_map_flags(map(name), 0));
    },
    usePinned(name, path, keySize) {
      const fd = libbpf.number(`bpf_obj_get ${path}`, libbpf.bpf_obj_get(cString(path)));
      try {
        const found = info(fd, MAP_INFO_SIZE);
        if (found.getUint32(MAP_INFO_TYPE, true) !== 1 || found.getUint32(MAP_INFO_KEY_SIZE, true) !== keySize) {
          throw new SystemError(`map ${path}`, 0, `not a hash map with keys of ${keySize} bytes`);
        }
        libbpf.number(`reuse ${path}`, libbpf.bpf_map__reuse_fd(map(name), fd));
      } finally {
        libc.close(fd);
      }
    },
    load() {
      libbpf.number("bpf_object__load", libbpf.bpf_object__load(object));
    },
    put(name, key, value) {
      const [keySize, valueSize] = [BigInt(key.length), BigInt(value.length)];
      libbpf.number(
        `put into ${name}`,
        libbpf.bpf_map__update_elem(map(name), key.slice(), keySize, value.slice(), valueSize, 0n),
      );
    },
    get(name, key) {
      const found = map(name), value = new Uint8Array(libbpf.bpf_map__value_size(found));
      const [keySize, valueSize] = [BigInt(key.length), BigInt(value.length)];
      return libbpf.bpf_map__lookup_elem(found, key.slice(), keySize, value, valueSize, 0n) === 0 ? value : undefined;
    },
    remove(name, key) {
      libbpf.bpf_map__delete_elem(map(name), key.slice(), BigInt(key.length), 0n);
    },
    attach(name) {
      const found = program(name);
      links.push(libbpf.pointer(`attach ${name}`, libbpf.bpf_program__attach(found)));
      attached.push(found);
    },
    entries(name) {
      const found = map(name);
      const [keySize, valueSize] = [libbpf.bpf_map__key_size(found), libbpf.bpf_map__value_size(found)];
      const entries: Uint8Array[] = [];
      let previous: Uint8Array<ArrayBuffer> | null = null;
      for (;;) {
        const key = new Uint8Array(keySize), value = new Uint8Array(valueSize);
        if (libbpf.bpf_map__get_next_key(found, previous, key, BigInt(keySize)) < 0) break; // ENOENT: no more
        if (libbpf.bpf_map__lookup_elem(found, key, BigInt(keySize), value, BigInt(valueSize), 0n) === 0) {
          entries.push(key, value);
        }
        previous = key;
      }
      const bytes = new Uint8Array(entries.length / 2 * (keySize + valueSize));
      let at = 0;
      for (const part of entries) {
        bytes.set(part, at);
        at += part.length;
      }
      return bytes;
    },
    exchange(outer, inner) {
      const first = new Uint32Array(1), fd = new Uint32Array([libbpf.bpf_map__fd(map(inner))]);
      libbpf.number(
        `exchange ${outer}`,
        libbpf.bpf_map_update_elem(libbpf.bpf_map__fd(map(outer)), first, fd, 0n),
      );
    },
    take: (name) => takeAll(libbpf, map(name)),
    iterate(name, over) {
      // The options, and behind them the union bpf_iter_link_info that they point to, whose first member is map_fd.
      const options = new BigUint64Array(ITER_ATTACH_OPTS_SIZE / 8 + 2);
      const start = BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(options)));
      options.set([BigInt(ITER_ATTACH_OPTS_SIZE), start + BigInt(ITER_ATTACH_OPTS_SIZE), 16n]);
      if (over !== undefined) options[ITER_ATTACH_OPTS_SIZE / 8] = BigInt(libbpf.bpf_map__fd(map(over)));
      const link = libbpf.pointer(
        `attach ${name}`,
        libbpf.bpf_program__attach_iter(program(name), over === undefined ? null : options),
      );
      try {
        const fd = libbpf.number(`bpf_iter_create ${name}`, libbpf.bpf_iter_create(libbpf.bpf_link__fd(link)));
        const dropped = new Uint8Array(4096);
        while (libc.read(fd, dropped, BigInt(dropped.length)) > 0n);
        libc.close(fd);
      } finally {
        libbpf.bpf_link__destroy(link);
      }
    },
    detach,
    ring(size) {
      const fd = libbpf.bpf_map__fd(map("events"));
      const mapping = owned.use(mapRing(libc, fd, size));
      return Object.assign(mapping, { fd, drain: (record: (offset: number) => boolean) => drain(mapping, record) });
    },
    missed() {
      return attached.reduce((sum, found) => {
        const misses = info(libbpf.bpf_program__fd(found), PROG_INFO_SIZE).getBigUint64(
          PROG_INFO_RECURSION_MISSES,
          true,
        );
        return sum + Number(misses);
      }, 0);
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}
