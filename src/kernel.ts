import type { ClockOffset } from "./output/clock.ts";
import type { Views } from "./output/row.ts";

/** The ring of an object whose programs run. */
export interface Ring extends Views {
  readonly fd: number;
  /** Passes finished records on as offsets into the views until `record` is false; returns how many. */
  drain(record: (offset: number) => boolean): number;
}

/** An object file that is being loaded; disposing of it ends all that it does in the kernel. */
export interface KernelObject extends Disposable {
  rodata(size: number): DataView;
  bss(size: number): DataView;
  select(program: string, wanted: boolean): void;
  /** Says which function of the kernel a program traces; fails with ESRCH where there is none of this name. */
  aim(program: string, target: string): void;
  resize(map: string, entries: number): void;
  /** Has all entries of a map that would be allocated as they come be allocated by load(). */
  preallocate(map: string): void;
  usePinned(map: string, path: string, keySize: number): void;
  load(): void;
  /** Puts an entry into a map of the loaded object. */
  put(map: string, key: Uint8Array, value: Uint8Array): void;
  /** What is under a key of a map; undefined if nothing is. */
  get(map: string, key: Uint8Array): Uint8Array | undefined;
  /** Removes what is under a key of a map, if anything is. */
  remove(map: string, key: Uint8Array): void;
  attach(program: string): void;
  /** The entries of a hash map: of each the bytes of its key, then those of its value. */
  entries(map: string): Uint8Array;
  /** Makes `inner` the map in the map of maps `outer`, and returns when no program uses the former one any more. */
  exchange(outer: string, inner: string): void;
  /** Empties a map that no program uses: of each entry the key and the value, each in whole words of 8 bytes. */
  take(map: string): Uint8Array;
  /** Runs an iterator program over all that it iterates over, or over the entries of a map. */
  iterate(program: string, map?: string): void;
  detach(): void;
  ring(size: number): Ring;
  missed(): number;
}

/** The journal of systemd. */
export interface Journal {
  /** Sends an entry in the native protocol; false if the journal does not take it. */
  send(entry: Uint8Array): boolean;
}

/** Whoever started this process and wants to know how it is, as systemd does. */
export interface Notifier {
  /** Sends a state, as sd_notify(3) has it; false if it was not taken. Never waits. */
  send(state: string): boolean;
}

/** What comes from DNS servers. */
export interface Answers {
  /** Passes on the IP packets that have come since, with their times in ns since 1970. */
  read(take: (packet: Uint8Array, time_ns: bigint) => void): void;
  /** How many were lost, since the last time this was asked. */
  dropped(): number;
}

/** Why a call failed; errno is 0 where the callee gave a reason in `log` only. */
export interface CallError {
  readonly call: string;
  readonly errno: number;
  readonly log: string;
}

/** All that running a tool needs from outside; tests stand in for it. */
export interface Kernel {
  /** Opens a tool's object. Errors thrown here and by the object's methods are CallErrors. */
  open(tool: string): KernelObject;
  /** Waits until one of the rings has something or the time is over; false also when a signal came. */
  wait(rings: readonly Ring[], timeout_ms: number): boolean;
  /** Sleeps. */
  pause(duration_ms: number): void;
  /** Lets signal handlers run. */
  turn(): Promise<void>;
  /** True if programs of all kinds may allocate what an entry of a map takes. */
  programsAllocate(): boolean;
  /** errno of a trial load of an fexit program that cannot succeed: EINVAL where such programs are allowed. */
  fexitErrno(): number;
  /** The libbpf that is used; throws a CallError where none can be loaded. */
  libbpf(): { readonly version: string; readonly origin: string };
  /** Throws a CallError where no journal listens. */
  openJournal(): Journal;
  /**
   * The receiver at a path, or at an abstract address, which begins with @; undefined where a user with fewer rights than
   * this process may have named it. Throws a CallError for what is no address.
   */
  openNotifier(receiver: string): Notifier | undefined;
  /** Throws a CallError where packets cannot be listened to. */
  openAnswers(): Answers;
  clockOffset(): ClockOffset;
  /** The clock that the programs read, CLOCK_MONOTONIC. */
  monotonic_ns(): bigint;
  now_ms(): number;
  /** The index of an interface in the network namespace at a path, or in our own; 0 if there is none. Throws CallErrors. */
  interfaceIndex(name: string, netns?: string): number;
  /** The name of an interface there; empty if there is none. Throws CallErrors. */
  interfaceName(index: number, netns?: string): string;
  /** The number that a network namespace has and never another; 0 where the kernel does not tell. Throws CallErrors. */
  netnsCookie(netns?: string): bigint;
  /** True if bpf(2) serves who has programs and maps open, with only these capabilities (as bits) in effect. Throws CallErrors. */
  allowsBpf(effective: bigint): boolean;
  /** True if files can certainly be made in the directory with only these capabilities in effect. Throws CallErrors. */
  allowsWriting(directory: string, effective: bigint): boolean;
  /** Has the other threads give up their rights, which they need for nothing, while this one goes on. */
  beginToRelinquish(): void;
  /** Gives up all capabilities but the kept ones, and what a new program could gain, for all threads. Throws CallErrors. */
  relinquish(kept: bigint): void;
  /** The inode number of a file, or undefined where there is none. */
  inode(path: string): number | undefined;
  /** The file's text, or undefined where it cannot be read. */
  readText(path: string): string | undefined;
  /** The file's bytes, or undefined where it cannot be read. */
  readBytes(path: string): Uint8Array | undefined;
  exists(path: string): boolean;
  /** Opens a file with the rights of now; what is returned reads it. Undefined where it cannot be read. */
  openBytes(path: string): () => Uint8Array | undefined;
}

/** True for an error that a call into the kernel or libbpf gave. */
export function isCallError(error: unknown): error is Error & CallError {
  return error instanceof Error && "errno" in error && "call" in error && "log" in error;
}
