import type { Need } from "./capability.ts";
import { BadInput } from "./failure.ts";
import type { Fill } from "./filter.ts";

/** The value of a constant in a program's .rodata. */
export type Constant = number | boolean | Uint8Array;

/** A command line option; its long name is its key in the record that declares it. */
export interface Option<Value = unknown> {
  /** bcc's letter for that tool, or none. */
  short?: string;
  /** What the argument stands for, in capitals; a flag has none. */
  argument?: string;
  /** One line for help and man page. */
  help: string;
  /** Turns the argument into a value; throws BadInput with a sentence. */
  parse?: (text: string) => Value;
  /** True if the tool cannot do without it. */
  required?: true;
  /** Long names of options that cannot be given with this one. */
  excludes?: string | readonly string[];
  /** Long name of a flag that is given with this one. */
  implies?: string;
  /** The constants that the value sets in the program; of flags, when given. */
  constants?: (value: Value) => Record<string, Constant>;
  /** Programs that the option takes besides those of the plan. */
  programs?: readonly string[];
  /** An iterator to run over a map's entries at the end, for a last look at what is there. */
  last?: { program: string; map: string };
  /** What goes into a map of the program. */
  fill?: (value: Value) => Fill;
  /** The value is the path of a pinned map that takes the place of this one. */
  pinned?: { map: string; keySize: number };
  /** What it needs besides what the tool does. */
  capabilities?: readonly Need[];
  /** What completes the argument in a shell. */
  complete?: "file" | readonly string[];
}

/** An argument by its place on the command line; all of them may be left out. */
export interface Positional<Value = unknown> {
  /** Stands for it in usage lines and in errors; no option has this name. */
  name: string;
  help: string;
  /** Turns the argument into a value; throws BadInput with a sentence. */
  parse: (text: string) => Value;
  /** The constants that the value sets in the program. */
  constants?: (value: Value) => Record<string, Constant>;
}

/** Parses one of some words. Throws BadInput that begins with `what`. */
export function oneOf<const Word extends string>(what: string, words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((w) => w === text);
    if (word === undefined) throw new BadInput(`${what} one of ${words.join(", ")}, not '${text}'.`);
    return word;
  };
}

export type Options = Readonly<Record<string, Option>>;

/** Keeps the type of an option's value between its parser and its constants. */
function option<Value>(declared: Option<Value>): Option {
  return declared as Option;
}

/** A whole number in decimal within bounds; throws BadInput that begins with `what`. */
export function parseWhole(text: string, what: string, least: number, most: number): number {
  const n = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (!(n >= least && n <= most)) {
    throw new BadInput(`${what} must be a whole number from ${least} to ${most}, not '${text}'.`);
  }
  return n;
}

/** Seconds, as in 1 or 0.5, from `least` on; throws BadInput. */
export function parseSeconds(text: string, least: number): number {
  const seconds = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : NaN;
  if (!(seconds >= least && seconds <= MOST_SECONDS)) {
    throw new BadInput(`The interval must be ${least} to ${MOST_SECONDS} seconds, as in 1 or 0.5, not '${text}'.`);
  }
  return seconds;
}

const MOST_SECONDS = 99999999;

const UNITS: Record<string, number> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** A ring's size in bytes, rounded up to the next power of two, as the kernel wants it. */
export function parseBufferSize(text: string): number {
  const [, digits = "", unit = ""] = /^(\d{1,9})([KMG]?)B?$/i.exec(text) ?? [];
  const bytes = Number(digits) * (UNITS[unit.toUpperCase()] ?? NaN);
  if (digits === "" || !(bytes >= 4096 && bytes <= 1024 ** 3)) {
    throw new BadInput(`A buffer's size is from 4K to 1G, as in 512K or 16M, not '${text}'.`);
  }
  return 2 ** Math.ceil(Math.log2(bytes));
}

/** How many sockets there is to be room for. */
export function parseSockets(text: string): number {
  const sockets = /^\d{1,8}$/.test(text) ? Number(text) : NaN;
  if (!(sockets >= 1 && sockets <= 1 << 24)) {
    throw new BadInput(`Room is for 1 to 16777216 sockets, as in 500000, not '${text}'.`);
  }
  return sockets;
}

const AF_INET = 2, AF_INET6 = 10;

/** `-4` and `-6`, by the family of the socket. */
export const family = {
  ipv4: option({
    short: "4",
    help: "trace IPv4 family only",
    excludes: "ipv6",
    constants: () => ({ filter_family: AF_INET }),
  }),
  ipv6: option({
    short: "6",
    help: "trace IPv6 family only",
    excludes: "ipv4",
    constants: () => ({ filter_family: AF_INET6 }),
  }),
};

/** bcc's `-T` and `-t`, for timeColumns. */
export const timestamps = {
  time: option({ short: "T", help: "include time column on output (HH:MM:SS)" }),
  timestamp: option({ short: "t", help: "include timestamp on output" }),
};

const PINNED_NEED: Need = {
  capability: "CAP_DAC_OVERRIDE",
  what: "to open a map that is pinned for others",
  unless: "the user may read and write it",
};

/** The two filters by a pinned map of container ids (bcc's docs/special_filtering.md). */
export const containerMaps = {
  cgroupmap: option({
    argument: "PATH",
    help: "trace cgroups in this BPF map only",
    parse: (text) => text,
    constants: () => ({ filter_cgroupmap: true }),
    pinned: { map: "cgroupmap", keySize: 8 },
    capabilities: [PINNED_NEED],
    complete: "file",
  }),
  mntnsmap: option({
    argument: "PATH",
    help: "trace mount namespaces in this BPF map only",
    parse: (text) => text,
    constants: () => ({ filter_mntnsmap: true }),
    pinned: { map: "mntnsmap", keySize: 8 },
    capabilities: [PINNED_NEED],
    complete: "file",
  }),
};

/** The interval of tools that sample, and how many of them. */
export const intervals: readonly [interval: Positional, count: Positional] = [
  {
    name: "interval",
    help: "seconds between reports",
    parse: (text) => parseWhole(text, "The interval in seconds", 1, MOST_SECONDS),
  },
  {
    name: "count",
    help: "number of reports",
    parse: (text) => parseWhole(text, "The number of reports", 1, 99999999),
  },
];

/** What every tool takes besides its own options. */
export const common = {
  json: option({ help: "print JSON Lines: an object an event, and a summary at the end", excludes: "csv" }),
  csv: option({ help: "print CSV with a header (RFC 4180)", excludes: "json" }),
  plan: option({
    argument: "PLAN",
    help: "use this plan of hooks, or stop if it cannot be used",
    parse: (text) => text,
  }),
  buffer: option({
    argument: "SIZE",
    help: "size of the ring between kernel and nettrace, as in 512K (default 2M)",
    parse: parseBufferSize,
  }),
  sockets: option({
    argument: "N",
    help: "room for so many open sockets at once (default 262144, and 16384 before Linux 6.1)",
    parse: parseSockets,
  }),
  libbpf: option({
    argument: "PATH",
    help: "use this libbpf.so instead of the system's or the embedded one",
    parse: (text) => text,
    capabilities: [{
      capability: "CAP_SYS_ADMIN",
      what: "to list the BTF of modules, as libbpf before 1.5 does",
      unless: "it is newer",
    }],
    complete: "file",
  }),
  debug: option({ help: "print all that libbpf and the verifier say to stderr" }),
} as const;
