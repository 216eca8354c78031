import { SystemError } from "./error.ts";
import { cString, type Libc } from "./libc.ts";

const O_CLOEXEC = 0x80000, CLONE_NEWNET = 0x40000000;
const AF_UNIX = 1, SOCK_DGRAM = 2, SOL_SOCKET = 1, SO_NETNS_COOKIE = 71;
const IF_NAMESIZE = 16;
const OWN_NETNS = "/proc/thread-self/ns/net";

/** The index of the interface of this name in the network namespace at `path`, or in our own; 0 if there is none. */
export function interfaceIndex(libc: Libc, name: string, path?: string): number {
  return inNamespace(libc, path, () => libc.if_nametoindex(cString(name)));
}

/** The name of the interface with this index in the network namespace at `path`, or in our own; "" if there is none. */
export function interfaceName(libc: Libc, index: number, path?: string): string {
  const name = new Uint8Array(IF_NAMESIZE);
  const found = inNamespace(libc, path, () => libc.if_indextoname(index, name)) !== null;
  return found ? new TextDecoder().decode(name.subarray(0, name.indexOf(0))) : "";
}

/** The number that the network namespace at `path`, or our own, has and never another; 0 before 5.14. Throws SystemError. */
export function netnsCookie(libc: Libc, path?: string): bigint {
  const fd = inNamespace(libc, path, () => libc.socket(AF_UNIX, SOCK_DGRAM | O_CLOEXEC, 0));
  if (fd < 0) throw new SystemError("socket", libc.errno());
  const cookie = new BigUint64Array(1), size = new Uint32Array([8]);
  const known = libc.getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie, size) === 0;
  libc.close(fd);
  return known ? cookie[0] as bigint : 0n;
}

/**
 * Does `what` while this thread is in another network namespace. Nothing of it is kept, as an open socket would keep the
 * namespace alive that it was made in. Throws SystemError.
 */
export function inNamespace<T>(libc: Libc, path: string | undefined, what: () => T): T {
  if (path === undefined) return what();
  using cleanup = new DisposableStack();
  const open = (path: string) => {
    const fd = libc.open(cString(path), O_CLOEXEC, 0);
    if (fd < 0) throw new SystemError(`open ${path}`, libc.errno());
    cleanup.defer(() => void libc.close(fd));
    return fd;
  };
  const enter = (fd: number, path: string) => {
    if (libc.setns(fd, CLONE_NEWNET) < 0) throw new SystemError(`setns ${path}`, libc.errno());
  };
  const own = open(OWN_NETNS);
  enter(open(path), path);
  cleanup.defer(() => enter(own, OWN_NETNS));
  return what();
}
