import { SystemError } from "./error.ts";
import { bind, type Libc } from "./libc.ts";

const SOCKETS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "i64" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
} as const satisfies Record<string, Deno.ForeignFunction>;

const AF_PACKET = 17, SOCK_DGRAM = 2, SOCK_NONBLOCK = 0o4000, SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1, SO_ATTACH_FILTER = 26;
const SOL_PACKET = 263, PACKET_STATISTICS = 6;
const SIOCGSTAMPNS = 0x8907n;
const LARGEST = 4096; // of a resolver's answers over UDP (EDNS)

// Instructions of classic BPF (include/uapi/linux/bpf_common.h), as struct sock_filter: code, jt, jf, k.
type Instruction = readonly [code: number, jt: number, jf: number, k: number];
const LDB = 0x30, LDH = 0x28, LDH_X = 0x48, LDX_HEADER = 0xb1, JEQ = 0x15, JSET = 0x45, RET = 0x06;
const UDP = 17, DNS = 53, FRAGMENT = 0x1fff;

/** UDP from port 53, by the protocol number that a packet socket is bound to. */
const FILTERS: readonly (readonly [protocol: number, filter: readonly Instruction[]])[] = [
  [0x0800, [
    [LDB, 0, 0, 9],
    [JEQ, 0, 6, UDP],
    [LDH, 0, 0, 6],
    [JSET, 4, 0, FRAGMENT],
    [LDX_HEADER, 0, 0, 0],
    [LDH_X, 0, 0, 0],
    [JEQ, 0, 1, DNS],
    [RET, 0, 0, LARGEST],
    [RET, 0, 0, 0],
  ]],
  [0x86dd, [
    [LDB, 0, 0, 6],
    [JEQ, 0, 3, UDP],
    [LDH, 0, 0, 40],
    [JEQ, 0, 1, DNS],
    [RET, 0, 0, LARGEST],
    [RET, 0, 0, 0],
  ]],
];

/** Passes on IP packets with what may be an answer of a DNS server, and when they came, in ns since 1970. */
export interface Answers {
  /** Reads those that have come since; the bytes are valid during the call only. */
  read(take: (packet: Uint8Array, time_ns: bigint) => void): void;
  /** How many found no room to wait for being read, since the last time this was asked. */
  dropped(): number;
}

/** Listens to what comes to this network namespace from DNS servers, over UDP. Throws SystemError. */
export function openAnswers(libc: Libc): Answers {
  const calls = bind(SOCKETS, libc.symbolOf(null));
  const sockets = FILTERS.map(([protocol, filter]) => listen(libc, calls, protocol, filter));
  const packet = new Uint8Array(LARGEST);
  const stamp = new BigInt64Array(2); // struct timespec
  return {
    read(take) {
      for (const fd of sockets) {
        for (;;) {
          const length = Number(calls.recv(fd, packet, BigInt(packet.length), 0));
          if (length <= 0) break;
          calls.ioctl(fd, SIOCGSTAMPNS, stamp);
          take(packet.subarray(0, length), (stamp[0] as bigint) * 1_000_000_000n + (stamp[1] as bigint));
        }
      }
    },
    dropped() {
      return sockets.reduce((sum, fd) => {
        const statistics = new Uint32Array(2); // struct tpacket_stats: packets, drops; reading starts them anew
        const size = Uint32Array.of(statistics.byteLength);
        calls.getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, statistics, size);
        return sum + (statistics[1] as number);
      }, 0);
    },
  };
}

type Calls = ReturnType<typeof bind<typeof SOCKETS>>;

function listen(libc: Libc, calls: Calls, protocol: number, filter: readonly Instruction[]): number {
  // No protocol yet: nothing comes before the filter is there.
  const fd = calls.socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const check = (call: string, result: number) => {
    if (result < 0) throw new SystemError(call, libc.errno());
  };
  check("socket for packets", fd);
  const code = new DataView(new ArrayBuffer(8 * filter.length + 16));
  for (const [i, [op, jt, jf, k]] of filter.entries()) {
    code.setUint16(8 * i, op, true);
    code.setUint8(8 * i + 2, jt);
    code.setUint8(8 * i + 3, jf);
    code.setUint32(8 * i + 4, k, true);
  }
  // struct sock_fprog, behind the instructions in the same buffer, so that they live as long as it does.
  const at = 8 * filter.length;
  const program = new Uint8Array(code.buffer, at);
  code.setUint16(at, filter.length, true);
  code.setBigUint64(at + 8, BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(code.buffer))), true);
  check("filter for packets", calls.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, program, program.length));
  calls.ioctl(fd, SIOCGSTAMPNS, new BigInt64Array(2)); // fails, but has packets be stamped from now on
  const address = new DataView(new ArrayBuffer(20)); // struct sockaddr_ll: family, protocol, and all interfaces
  address.setUint16(0, AF_PACKET, true);
  address.setUint16(2, protocol);
  check("bind for packets", calls.bind(fd, address.buffer, address.byteLength));
  return fd;
}
