// Network namespaces with interfaces of several queues, and frames that are sent over them one by one.
import { SystemError } from "../../ffi/error.ts";
import { inNamespace } from "../../ffi/interface.ts";
import { openLibc } from "../../ffi/libc.ts";

const AF_PACKET = 17, SOCK_RAW = 3, SOCK_CLOEXEC = 0x80000;
const HEADER = 14, EXPERIMENTAL = 0x88b5; // an EtherType that no protocol takes (IEEE 802)

const libc = openLibc();
const { symbols: sockets } = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  sched_getaffinity: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  sched_setaffinity: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "i64" },
});

/** A network namespace that ends with the test. */
export interface Network extends Disposable {
  readonly path: string;
  readonly inode: number;
  /** The words that make a command run in it, with its own interfaces in /sys. */
  readonly within: readonly string[];
  /** Runs a shell command in it. Throws what it complains of. */
  sh(script: string): string;
}

let made = 0;

/** Makes a network namespace in which nothing is sent but what is asked for. */
export function newNetwork(): Network {
  const name = `nettrace-${Deno.pid}-${made++}`;
  outputOf(["ip", "netns", "add", name]);
  const path = `/run/netns/${name}`;
  const within = ["ip", "netns", "exec", name];
  const sh = (script: string) => outputOf([...within, "sh", "-ec", script]);
  sh(
    "if [ -e /proc/net/if_inet6 ]; then for i in all default; do echo 1 >/proc/sys/net/ipv6/conf/$i/disable_ipv6; done; fi",
  );
  return {
    path,
    inode: Deno.statSync(path).ino ?? 0,
    within,
    sh,
    [Symbol.dispose]: () => void outputOf(["ip", "netns", "del", name]),
  };
}

/** Joins two networks by a pair of interfaces, each with so many queues in either direction, and frames of any size. */
export function join(here: Network, name: string, there: Network, other: string, queues: number): void {
  const end = `mtu 65535 numtxqueues ${queues} numrxqueues ${queues}`;
  here.sh(`ip link add ${name} ${end} type veth peer name ${other} ${end} netns ${there.within.at(-1)}
    ip link set ${name} up`);
  there.sh(`ip link set ${other} up`);
}

/** Has all CPUs send over this queue of an interface (XPS). */
export function chooseQueue(network: Network, name: string, queue: number): void {
  const all = ((1n << BigInt(navigator.hardwareConcurrency)) - 1n).toString(16);
  network.sh(`for q in /sys/class/net/${name}/queues/tx-*; do
      case $q in *-${queue}) echo ${all};; *) echo 0;; esac >$q/xps_cpus
    done`);
}

/** Sends so many frames of a size, Ethernet header included, from a new socket. */
export function sendFrames(network: Network, name: string, size: number, count: number): void {
  const [fd, index] = inNamespace(libc, network.path, () => [
    sockets.socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), // a new one, as a socket keeps its queue
    libc.if_nametoindex(new TextEncoder().encode(`${name}\0`)),
  ]);
  if (fd < 0 || index === 0) throw new SystemError(`a packet socket on ${name}`, libc.errno());
  const frame = new Uint8Array(size);
  frame.fill(255, 0, 6);
  new DataView(frame.buffer).setUint16(HEADER - 2, EXPERIMENTAL);
  const address = new DataView(new ArrayBuffer(20)); // struct sockaddr_ll
  address.setUint16(0, AF_PACKET, true);
  address.setUint16(2, EXPERIMENTAL);
  address.setInt32(4, index, true);
  try {
    for (let i = 0; i < count; i++) {
      const sent = sockets.sendto(fd, frame, BigInt(size), 0, new Uint8Array(address.buffer), 20);
      if (sent !== BigInt(size)) throw new SystemError(`sendto of ${size} bytes on ${name}`, libc.errno());
    }
  } finally {
    libc.close(fd);
  }
}

/** Does `what` with this thread on one CPU. */
export function onCpu<T>(cpu: number, what: () => T): T {
  const before = new Uint8Array(1024), one = new Uint8Array(1024);
  one[cpu >> 3] = 1 << (cpu & 7);
  const saved = sockets.sched_getaffinity(0, BigInt(before.length), before) >= 0;
  if (!saved || sockets.sched_setaffinity(0, BigInt(one.length), one) < 0) {
    throw new SystemError(`sched_setaffinity to CPU ${cpu}`, libc.errno());
  }
  try {
    return what();
  } finally {
    sockets.sched_setaffinity(0, BigInt(before.length), before);
  }
}

function outputOf([program = "", ...args]: readonly string[]): string {
  const { success, stdout, stderr } = new Deno.Command(program, { args, stdin: "null" }).outputSync();
  if (!success) throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
