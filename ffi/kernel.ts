import { type BpfObject, openObject } from "./object.ts";
import { openAnswers } from "./dns.ts";
import { SystemError } from "./error.ts";
import { interfaceIndex, interfaceName, netnsCookie } from "./interface.ts";
import { openJournal } from "./journal.ts";
import { openLibbpf } from "./libbpf.ts";
import { openLibc } from "./libc.ts";
import { openNotifier } from "./notify.ts";
import { openPrivileges, type Privileges } from "./privilege.ts";

const POLLIN = 1, POLLOUT = 4, MOST_WAITED = 64;
const FIONREAD = 0x541bn, F_GETPIPE_SZ = 1032, PAGE_BYTES = 4096;
const TURN_MS = 1;
const CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1;
const SYS_bpf = Deno.build.arch === "aarch64" ? 280n : 321n;
const BPF_PROG_LOAD = 5, BPF_PROG_TYPE_SOCKET_FILTER = 1, BPF_PROG_TYPE_TRACING = 26, BPF_TRACE_FEXIT = 25;
const BPF_CALL = 0x85n, BPF_EXIT = 0x95n, BPF_FUNC_ktime_get_tai_ns = 208n; // include/uapi/linux/bpf.h
const NO_LICENSE = new Uint8Array(1);
const AT_SECURE = 23n;

/**
 * The running kernel behind libc and libbpf. libbpf is opened with the first object. Throws SystemError where there is
 * no C library, and from the methods that its callers see.
 */
export function openKernel(from: {
  libbpf: string | undefined;
  oldestLibbpfMinor: number;
  asset: (name: string) => Uint8Array<ArrayBuffer>;
  debug?: (message: string) => void;
}) {
  const libc = openLibc();
  let library: ReturnType<typeof openLibbpf> | undefined;
  const libbpf = () =>
    library ??= openLibbpf(libc, {
      path: from.libbpf,
      oldestMinor: from.oldestLibbpfMinor,
      embedded: () => from.asset("libbpf.so"),
      ...from.debug && { debug: from.debug },
    });
  let rights: Privileges | undefined;
  const privileges = () => rights ??= openPrivileges(libc, from.asset("relinquish.so"), SYS_bpf);
  const waited = new Int32Array(2 * MOST_WAITED); // struct pollfd
  const poll = (on: readonly { fd: number }[], events: number, timeout_ms: number): boolean => {
    for (let i = 0; i < on.length; i++) {
      waited[2 * i] = (on[i] as { fd: number }).fd;
      waited[2 * i + 1] = events;
    }
    return libc.poll(waited, BigInt(on.length), timeout_ms) > 0;
  };
  const held = new Int32Array(1);
  const read_ns = (clock: number): bigint => {
    const time = new BigInt64Array(2); // struct timespec
    libc.clock_gettime(clock, time);
    return (time[0] as bigint) * 1_000_000_000n + (time[1] as bigint);
  };
  const shift_ns = namespaceShift_ns();
  const monotonic_ns = () => read_ns(CLOCK_MONOTONIC) - shift_ns;

  /** True if the kernel gave this process more rights than its caller has (file capabilities, set-user-id). */
  const isSecure = () => libc.getauxval(AT_SECURE) !== 0n;

  return {
    open: (tool: string): BpfObject => openObject(libc, libbpf(), tool, from.asset(`${tool}.bpf.o`)),
    wait: (rings: readonly { fd: number }[], timeout_ms: number) => poll(rings, POLLIN, timeout_ms),
    /** Waits until a descriptor can be written to; false after the timeout or by a signal. */
    waitWritable: (fd: number, timeout_ms: number) => poll([{ fd }], POLLOUT, timeout_ms),
    /**
     * How many of so many bytes can be written without waiting. A pipe that polls as writable takes a page (fs/pipe.c:
     * pipe_poll, pipe_write), and one that holds nothing takes as much as it has room for.
     */
    room(fd: number, wanted: number): number {
      if (!poll([{ fd }], POLLOUT, 0)) return 0;
      if (wanted <= PAGE_BYTES) return wanted;
      const size = libc.fcntl(fd, F_GETPIPE_SZ); // of what is no pipe, -1
      const isEmpty = size > 0 && libc.ioctl(fd, FIONREAD, held) === 0 && held[0] === 0;
      return Math.min(isEmpty ? size : PAGE_BYTES, wanted);
    },
    pause(duration_ms: number): void {
      libc.poll(null, 0n, duration_ms);
    },
    /** Gives back what C code has freed between blocks that are in use; at heaps' ends libc does it (libc.ts). 0.2 ms. */
    giveMemoryBack(): void {
      libc.malloc_trim(0n);
    },
    /**
     * A timer, and no call that another thread does: when that is over before this thread has begun to wait, the runtime
     * goes on without looking at what came in, signals among it, up to 60 times (event_interval of tokio's scheduler).
     */
    turn: () => new Promise<void>((next) => setTimeout(next, TURN_MS)),
    /**
     * Since 6.1 maps have an allocator that is safe in all programs (commits fba1a1c6c912, 34dd3bad1a6f in Linux); earlier
     * kernels warn of kprobe and raw tracepoint programs that allocate, with a trace of their own. What tells them apart here
     * is a function for programs that came with it, in a program that calls it and nothing more.
     */
    programsAllocate(): boolean {
      const program = BigUint64Array.of(BPF_CALL | BPF_FUNC_ktime_get_tai_ns << 32n, BPF_EXIT);
      const attributes = new DataView(new ArrayBuffer(128)); // union bpf_attr
      attributes.setUint32(0, BPF_PROG_TYPE_SOCKET_FILTER, true);
      attributes.setUint32(4, program.length, true);
      attributes.setBigUint64(8, BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(program))), true);
      attributes.setBigUint64(16, BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(NO_LICENSE))), true);
      const fd = libc.syscall(SYS_bpf, BigInt(BPF_PROG_LOAD), attributes.buffer, 128n, 0n);
      if (fd >= 0n) libc.close(Number(fd));
      return fd >= 0n;
    },
    /** errno of loading an fexit program without instructions or target: a kernel that allows such says EINVAL. */
    fexitErrno(): number {
      const attributes = new DataView(new ArrayBuffer(128)); // union bpf_attr
      attributes.setUint32(0, BPF_PROG_TYPE_TRACING, true);
      attributes.setUint32(68, BPF_TRACE_FEXIT, true);
      const result = libc.syscall(SYS_bpf, BigInt(BPF_PROG_LOAD), attributes.buffer, 128n, 0n);
      return result < 0n ? libc.errno() : 0;
    },
    /** Realtime minus monotonic, of three readings the one that took least. */
    clockOffset() {
      let best = { took: 1n << 62n, offset: 0n };
      for (let i = 0; i < 3; i++) {
        const before = monotonic_ns();
        const real = read_ns(CLOCK_REALTIME);
        const took = monotonic_ns() - before;
        if (took < best.took) best = { took, offset: real - before - took / 2n };
      }
      return { seconds: Number(best.offset / 1_000_000_000n), nanoseconds: Number(best.offset % 1_000_000_000n) };
    },
    monotonic_ns,
    isSecure,
    allowsBpf: (effective: bigint) => privileges().allowsBpf(effective),
    allowsWriting: (directory: string, effective: bigint) => privileges().allowsWriting(directory, effective),
    beginToRelinquish(): void {
      try {
        privileges();
      } catch (error) {
        if (!(error instanceof SystemError)) throw error; // relinquish() meets it again, and tells
      }
    },
    relinquish: (kept: bigint) => privileges().relinquish(kept),
    libbpf,
    openJournal: () => openJournal(libc),
    openNotifier: (receiver: string) => isSecure() ? undefined : openNotifier(libc, receiver),
    openAnswers: () => openAnswers(libc),
    interfaceIndex: (name: string, netns?: string) => interfaceIndex(libc, name, netns),
    interfaceName: (index: number, netns?: string) => interfaceName(libc, index, netns),
    netnsCookie: (netns?: string) => netnsCookie(libc, netns),
    now_ms: () => performance.now(),
    exists(path: string): boolean {
      try {
        Deno.statSync(path);
        return true;
      } catch {
        return false;
      }
    },
    inode(path: string): number | undefined {
      try {
        return Deno.statSync(path).ino ?? undefined;
      } catch {
        return undefined;
      }
    },
    readBytes(path: string): Uint8Array | undefined {
      try {
        return Deno.readFileSync(path);
      } catch {
        return undefined;
      }
    },
    openBytes(path: string): () => Uint8Array | undefined {
      try {
        const file = Deno.openSync(path);
        return () => readAll(file);
      } catch {
        return () => undefined;
      }
    },
    readText(path: string): string | undefined {
      try {
        return Deno.readTextFileSync(path);
      } catch {
        return undefined;
      }
    },
  };
}

/**
 * By how much the monotonic clock of this process's time namespace is before that of the programs (time_namespaces(7)). The
 * file is of the namespace of children, which is our own, as a process that is in another one cannot have threads.
 */
function namespaceShift_ns(): bigint {
  try {
    const offsets = Deno.readTextFileSync("/proc/self/timens_offsets");
    const [, seconds = "0", nanoseconds = "0"] = /^monotonic +(-?\d+) +(\d+)$/m.exec(offsets) ?? [];
    return BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
  } catch {
    return 0n; // a kernel without time namespaces
  }
}

/** What is left of a file that does not tell its size, as those of /proc; undefined where it cannot be read. */
function readAll(file: Deno.FsFile): Uint8Array | undefined {
  let bytes = new Uint8Array(1 << 20), length = 0;
  try {
    for (let n; (n = file.readSync(bytes.subarray(length))) !== null; length += n) {
      if (length + n < bytes.length) continue;
      const larger = new Uint8Array(2 * bytes.length);
      larger.set(bytes);
      bytes = larger;
    }
  } catch {
    return undefined;
  }
  return bytes.subarray(0, length);
}
