/** A system or libbpf call that failed: what was called, errno (0 if there is none) and what the callee said of it. */
export class SystemError extends Error {
  readonly call: string;
  readonly errno: number;
  readonly log: string;

  constructor(call: string, errno: number, log = "") {
    super(`${call}: ${errnoName(errno) || log || "failed"}`);
    this.call = call;
    this.errno = errno;
    this.log = log;
  }
}

// Of include/uapi/asm-generic/errno-base.h and errno.h, those that the calls here return.
const ERRNO: Record<number, string> = {
  1: "EPERM",
  2: "ENOENT",
  3: "ESRCH",
  4: "EINTR",
  7: "E2BIG",
  9: "EBADF",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  16: "EBUSY",
  17: "EEXIST",
  19: "ENODEV",
  22: "EINVAL",
  24: "EMFILE",
  28: "ENOSPC",
  38: "ENOSYS",
  95: "EOPNOTSUPP",
  111: "ECONNREFUSED",
  524: "ENOTSUPP",
};

/** The name of an errno, "" for 0, its number where the name is not known. */
export function errnoName(errno: number): string {
  return errno === 0 ? "" : ERRNO[errno] ?? `errno ${errno}`;
}
