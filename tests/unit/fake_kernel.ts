// A kernel for tests: one ring that holds the events it is given, and a terminal that keeps what is written to it.
import { drain, type MappedRing } from "../../ffi/ring.ts";
import type { Kernel, KernelObject } from "../../src/kernel.ts";
import type { Fields } from "../../src/output/row.ts";
import type { Terminal } from "../../src/terminal.ts";

/** A field's value: a number, or its bytes (comm, addresses). */
export type Event = Readonly<Record<string, number | bigint | Uint8Array>>;

/** The bytes of an event in the layout that the object declares. */
export function encodeEvent(event: Event, layout: { size: number; fields: Fields }): Uint8Array {
  const bytes = new Uint8Array(layout.size);
  const view = new DataView(bytes.buffer);
  for (const [name, value] of Object.entries(event)) {
    const field = layout.fields[name];
    if (!field) throw new Error(`no field ${name}`);
    if (value instanceof Uint8Array) bytes.set(value.subarray(0, field.size), field.offset);
    else if (field.size === 8) view.setBigUint64(field.offset, BigInt(value), true);
    else if (field.size === 4) view.setUint32(field.offset, Number(value), true);
    else view.setUint16(field.offset, Number(value), true);
  }
  return bytes;
}

/** A ring buffer in plain memory, with the doubled data pages of a mapped one. */
export function newRing(
  size: number,
): MappedRing & { u8: Uint8Array; u16: Uint16Array; push(record: Uint8Array, flags?: number): void } {
  const data = new ArrayBuffer(2 * size);
  const consumer = new ArrayBuffer(8);
  const producer = new Uint32Array(2);
  const u8 = new Uint8Array(data);
  const u32 = new Uint32Array(data);
  return {
    consumer: new Uint32Array(consumer),
    consumer64: new BigInt64Array(consumer),
    producer,
    u8,
    u16: new Uint16Array(data),
    u32,
    size,
    /** Adds a record as the kernel would; flags are those of its header. */
    push(record, flags = 0) {
      const at = producer[0] as number;
      const copy = (offset: number, bytes: Uint8Array) => {
        for (const [i, byte] of bytes.entries()) {
          const place = (at + offset + i) & (size - 1);
          u8[place] = u8[place + size] = byte;
        }
      };
      copy(0, new Uint8Array(new Uint32Array([(record.length | flags) >>> 0, 0]).buffer));
      copy(8, record);
      const next = at + ((8 + record.length + 7) & ~7);
      if (next >= 2 ** 32) producer[1] = (producer[1] as number) + 1;
      producer[0] = next >>> 0;
    },
  };
}

/** A kernel in which every plan works; overrides make it refuse things. */
export function newKernel(
  ring: ReturnType<typeof newRing>,
  overrides: Partial<Kernel> & { object?: Partial<KernelObject> } = {},
): Kernel & { constants: DataView; attached: string[] } {
  const constants = new DataView(new ArrayBuffer(65536));
  const attached: string[] = [];
  const bss = new DataView(new ArrayBuffer(4096));
  const object: KernelObject = {
    rodata: () => constants,
    bss: () => bss,
    select: () => {},
    aim: () => {},
    resize: () => {},
    preallocate: () => {},
    usePinned: () => {},
    load: () => {},
    put: () => {},
    get: () => undefined,
    remove: () => {},
    entries: () => new Uint8Array(0),
    exchange: () => {},
    take: () => new Uint8Array(0),
    iterate: () => {},
    attach: (program) => void attached.push(program),
    detach: () => {},
    ring: () => ({ fd: 3, u8: ring.u8, u16: ring.u16, u32: ring.u32, drain: (record) => drain(ring, record) }),
    missed: () => 0,
    [Symbol.dispose]: () => {},
    ...overrides.object,
  };
  return {
    constants,
    attached,
    open: () => object,
    wait: () => ring.producer[0] !== ring.consumer[0],
    pause: () => {},
    turn: () => Promise.resolve(),
    fexitErrno: () => 22,
    programsAllocate: () => true,
    libbpf: () => ({ version: "1.5", origin: "embedded" }),
    openJournal: () => ({ send: () => true }),
    openNotifier: () => undefined,
    openAnswers: () => ({ read: () => {}, dropped: () => 0 }),
    clockOffset: () => ({ seconds: 1_600_000_000, nanoseconds: 0 }),
    monotonic_ns: () => 0n,
    now_ms: () => 0,
    interfaceIndex: () => 1,
    interfaceName: () => "lo",
    netnsCookie: () => 7n,
    inode: () => 4026531840,
    readText: (path) => path === "/proc/self/status" ? "CapEff:\t000001ffffffffff\nSeccomp:\t0\n" : undefined,
    readBytes: () => undefined,
    openBytes: (path) => () => overrides.readBytes?.(path),
    allowsBpf: () => true,
    allowsWriting: () => true,
    beginToRelinquish: () => {},
    relinquish: () => {},
    exists: () => true,
    ...overrides,
  };
}

/** A terminal whose reader takes `room` bytes at most, and that wants an end after some rounds. */
export function newTerminal(rounds = 3, room = Infinity): Terminal & { text(): string; lines: string[] } {
  let text = "";
  const lines: string[] = [];
  return {
    lines,
    text: () => text,
    write(bytes) {
      const taken = bytes.subarray(0, Math.min(bytes.length, room - text.length));
      text += new TextDecoder().decode(taken);
      return taken.length;
    },
    waitWritable: () => text.length < room,
    warn: (line) => void lines.push(line),
    stopping: () => rounds-- <= 0,
    pause: () => Promise.resolve(),
    openScreen: () => undefined,
  };
}
