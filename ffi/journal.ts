import { SystemError } from "./error.ts";
import { bind, cString, type Libc } from "./libc.ts";

const SOCKETS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "i64" },
} as const satisfies Record<string, Deno.ForeignFunction>;

const AF_UNIX = 1, SOCK_DGRAM = 2, SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1, SO_SNDTIMEO = 21;
const MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000;
const PATH = "/run/systemd/journal/socket";
const PATIENCE_US = 100_000n;

/** A connection to systemd-journald. */
export interface Journal {
  /** Sends an entry; false if the journal does not take it. Waits for a busy one a tenth of a second, and then no more. */
  send(entry: Uint8Array<ArrayBuffer>): boolean;
}

/** Opens the socket of systemd-journald's native protocol. Throws SystemError where nobody listens there. */
export function openJournal(libc: Libc): Journal {
  const { socket, connect, setsockopt, sendto } = bind(SOCKETS, libc.symbolOf(null));
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new SystemError("socket", libc.errno());
  const address = Uint8Array.of(AF_UNIX, 0, ...cString(PATH)); // struct sockaddr_un
  if (connect(fd, address, address.length) < 0) {
    const errno = libc.errno();
    libc.close(fd);
    throw new SystemError(PATH, errno);
  }
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, new BigInt64Array([0n, PATIENCE_US]), 16); // struct timeval
  let busy = false;
  return {
    send(entry) {
      const flags = MSG_NOSIGNAL | (busy ? MSG_DONTWAIT : 0);
      // With the address each time, so that it finds a journal that was started anew.
      busy = sendto(fd, entry, BigInt(entry.length), flags, address, address.length) < 0n;
      return !busy;
    },
  };
}
