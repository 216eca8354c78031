import { SystemError } from "./error.ts";
import { bind, type Libc } from "./libc.ts";

const SOCKETS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "i64" },
} as const satisfies Record<string, Deno.ForeignFunction>;

const AF_UNIX = 1, SOCK_DGRAM = 2, SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000;
const EINVAL = 22, MOST_PATH_BYTES = 108; // of struct sockaddr_un

/** Whoever started this process and wants to know how it is. */
export interface Notifier {
  /** Sends a state, as sd_notify(3) has it; false if it was not taken. Never waits. */
  send(state: string): boolean;
}

/** The receiver at a path, or at an abstract address, which begins with @. Throws SystemError. */
export function openNotifier(libc: Libc, receiver: string): Notifier {
  const name = new TextEncoder().encode(receiver);
  if (!/^[/@]./.test(receiver) || name.length > MOST_PATH_BYTES) throw new SystemError(receiver, EINVAL);
  if (receiver.startsWith("@")) name[0] = 0;
  const address = Uint8Array.of(AF_UNIX, 0, ...name); // its length ends it
  const { socket, sendto } = bind(SOCKETS, libc.symbolOf(null));
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new SystemError("socket", libc.errno());
  return {
    send(state) {
      const bytes = new TextEncoder().encode(state);
      // With the address each time, so that it finds a manager that was started anew.
      return sendto(fd, bytes, BigInt(bytes.length), MSG_NOSIGNAL | MSG_DONTWAIT, address, address.length) >= 0n;
    },
  };
}
