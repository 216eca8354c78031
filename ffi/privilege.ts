import { SystemError } from "./error.ts";
import { bind, cString, type Libc } from "./libc.ts";
import { loadFromMemory } from "./memory_library.ts";

// ffi/relinquish.c
const FUNCTIONS = {
  nettrace_ask_others: { parameters: [], result: "i64" },
  nettrace_relinquish: { parameters: ["u64", "i64"], result: "i64" },
  nettrace_call_with: { parameters: ["u64", "i64", "i64", "buffer", "i64", "i64"], result: "i64" },
} as const satisfies Record<string, Deno.ForeignFunction>;

const EPERM = 1;
const SYS_faccessat2 = 439n, AT_FDCWD = -100n, RWX = 7n, AT_EACCESS = 0x200n;
const BPF_LINK_CREATE = 28n;
// A thread answers in microseconds, unless it waits for a disk or for its turn on a busy machine.
const PATIENCE_US = 5_000_000n;

/** The rights of this process. */
export interface Privileges {
  /** True if bpf(2) serves who has programs and maps open, with only these capabilities in effect. */
  allowsBpf(effective: bigint): boolean;
  /** True if files can certainly be listed and made in the directory with only these capabilities in effect. */
  allowsWriting(directory: string, effective: bigint): boolean;
  /** Gives up all capabilities but the kept ones, and what a new program could gain, for all threads. */
  relinquish(kept: bigint): void;
}

/**
 * The rights of this process, by a library of ours, whichever libbpf is used. Threads but this one need none, and begin to
 * give them up. Throws SystemError, as its methods do.
 */
export function openPrivileges(libc: Libc, library: Uint8Array<ArrayBuffer>, sysBpf: bigint): Privileges {
  const { nettrace_ask_others, nettrace_relinquish, nettrace_call_with } = bind(
    FUNCTIONS,
    libc.symbolOf(loadFromMemory(libc, "relinquish.so", library)),
  );
  const checked = (call: string, result: bigint): void => {
    if (result < 0n) throw new SystemError(call, Number(-result));
  };
  checked("relinquish", nettrace_ask_others());
  return {
    allowsBpf(effective) {
      const attributes = new Int32Array(32); // union bpf_attr
      attributes[0] = -1; // link_create.prog_fd: there is none, so that nothing comes of it
      const size = BigInt(attributes.byteLength);
      return nettrace_call_with(effective, sysBpf, BPF_LINK_CREATE, attributes, size, 0n) !== BigInt(-EPERM);
    },
    allowsWriting(directory, effective) {
      const path = cString(directory);
      return nettrace_call_with(effective, SYS_faccessat2, AT_FDCWD, path, RWX, AT_EACCESS) === 0n;
    },
    relinquish: (kept) => checked("relinquish", nettrace_relinquish(kept, PATIENCE_US)),
  };
}
