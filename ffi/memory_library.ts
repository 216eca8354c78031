import { SystemError } from "./error.ts";
import { cString, type Libc } from "./libc.ts";

const MFD_CLOEXEC = 1, MFD_NOEXEC_SEAL = 8;

/**
 * Loads a shared library that is in memory, without a file: /tmp may be full, noexec or somebody else's. The name is for
 * people who look at the process. Throws SystemError.
 */
export function loadFromMemory(libc: Libc, shown: string, bytes: Uint8Array<ArrayBuffer>): Deno.PointerObject {
  const name = cString(shown);
  let fd = libc.memfd_create(name, MFD_CLOEXEC | MFD_NOEXEC_SEAL);
  if (fd < 0) fd = libc.memfd_create(name, MFD_CLOEXEC); // before 6.3 the kernel does not know the seal
  if (fd < 0) throw new SystemError("memfd_create", libc.errno());
  for (let at = 0; at < bytes.length;) {
    const rest = bytes.subarray(at);
    const written = Number(libc.write(fd, rest, BigInt(rest.length)));
    if (written <= 0) throw new SystemError("write to memfd", libc.errno());
    at += written;
  }
  // The descriptor stays open: the loader takes libraries of the same path for one, and the next would have its number.
  return libc.load(`/proc/self/fd/${fd}`);
}
