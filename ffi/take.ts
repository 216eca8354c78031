import { SystemError } from "./error.ts";
import type { Libbpf } from "./libbpf.ts";

// enum bpf_map_type (include/uapi/linux/bpf.h).
const PERCPU_HASH = 5, PERCPU_ARRAY = 6;
const ENOENT = 2, ENOSPC = 28;
const BATCH = 1024;

const inWords = (size: number) => Math.ceil(size / 8) * 8;

/**
 * Empties a hash map or a per-CPU array and gives what was in it, entry by entry: the key, then the value, each in whole
 * words of 8 bytes. Of a per-CPU map there is an entry for each possible CPU; behind a key of 4 bytes stands the CPU's
 * number. No program may use the map meanwhile. Throws SystemError.
 */
export function takeAll(libbpf: Libbpf, map: Deno.PointerObject): Uint8Array {
  const type = libbpf.bpf_map__type(map);
  const perCpu = type === PERCPU_HASH || type === PERCPU_ARRAY;
  const cpus = perCpu ? libbpf.number("libbpf_num_possible_cpus", libbpf.libbpf_num_possible_cpus()) : 1;
  const keySize = libbpf.bpf_map__key_size(map), valueBytes = libbpf.bpf_map__value_size(map);
  const entrySize = inWords(keySize) + inWords(valueBytes);
  const valueSize = perCpu ? inWords(valueBytes) : valueBytes; // as the kernel has them
  const { keys, values, count } = type === PERCPU_ARRAY
    ? takeArray(libbpf, map, cpus * valueSize)
    : takeHash(libbpf, map, keySize, cpus * valueSize);
  const taken = new Uint8Array(count * cpus * entrySize);
  const words = new DataView(taken.buffer);
  for (let i = 0, at = 0; i < count; i++) {
    for (let cpu = 0; cpu < cpus; cpu++, at += entrySize) {
      taken.set(keys.subarray(i * keySize, (i + 1) * keySize), at);
      if (perCpu && keySize === 4) words.setUint32(at + 4, cpu, true);
      const value = (i * cpus + cpu) * valueSize;
      taken.set(values.subarray(value, value + valueSize), at + inWords(keySize));
    }
  }
  return taken;
}

interface Taken {
  keys: Uint8Array;
  values: Uint8Array;
  count: number;
}

/** By batches, each of which the kernel copies and deletes in one call. */
function takeHash(libbpf: Libbpf, map: Deno.PointerObject, keySize: number, valueSize: number): Taken {
  const fd = libbpf.bpf_map__fd(map);
  let room = BATCH, count = 0;
  let keys = new Uint8Array(room * keySize), values = new Uint8Array(room * valueSize);
  let from: Uint8Array<ArrayBuffer> | null = null;
  for (;;) {
    const next = new Uint8Array(Math.max(4, keySize)), most = new Uint32Array([room - count]);
    const result = libbpf.bpf_map_lookup_and_delete_batch(
      fd,
      from,
      next,
      keys.subarray(count * keySize),
      values.subarray(count * valueSize),
      most,
      null,
    );
    const ended = result === -ENOENT, full = result === -ENOSPC;
    if (result < 0 && !ended && !full) throw new SystemError("bpf_map_lookup_and_delete_batch", -result);
    if (!full) {
      count += most[0] as number;
      from = next;
    }
    if (ended) return { keys, values, count };
    if (full || room - count < BATCH) {
      room *= 2;
      keys = grown(keys, room * keySize);
      values = grown(values, room * valueSize);
    }
  }
}

function grown(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(size);
  larger.set(bytes);
  return larger;
}

/** An array's entries cannot be deleted, so zeros take their place. */
function takeArray(libbpf: Libbpf, map: Deno.PointerObject, valueSize: number): Taken {
  const count = libbpf.bpf_map__max_entries(map), fd = libbpf.bpf_map__fd(map);
  const keys = new Uint32Array(count).map((_, i) => i);
  const values = new Uint8Array(count * valueSize), zeros = new Uint8Array(valueSize);
  for (let i = 0; i < count; i++) {
    const key = keys.subarray(i, i + 1);
    libbpf.number(
      "bpf_map_lookup_elem",
      libbpf.bpf_map_lookup_elem(fd, key, values.subarray(i * valueSize, (i + 1) * valueSize)),
    );
    libbpf.number("bpf_map_update_elem", libbpf.bpf_map_update_elem(fd, key, zeros, 0n));
  }
  return { keys: new Uint8Array(keys.buffer), values, count };
}
