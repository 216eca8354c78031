import { PROCESS_NEED } from "./capability.ts";
import { AROUND_ID, cgroupRoot, NO_CGROUP2 } from "./cgroup.ts";
import { BadInput, CannotRun } from "./failure.ts";
import { parseNetns } from "./netns.ts";
import { type Constant, type Option, parseWhole } from "./option.ts";

/** What a filter lists: keys of its map, each to be kept or left out. */
export interface Listed {
  key: Uint8Array;
  keep: boolean;
}

/** A map of the programs and what goes into it. */
export interface Fill {
  map: string;
  entries: readonly { key: Uint8Array; value: Uint8Array }[];
  /** Maps that need room for as many entries. */
  alike?: readonly string[];
}

// enum filter in bpf/filter.bpf.h: what becomes of what a filter does not list.
const LEAVE_OUT_OTHERS = 1, KEEP_OTHERS = 2;

/** The items of a list such as a,b,!c; an item that begins with `!` is to be left out. */
function items(text: string): { item: string; keep: boolean }[] {
  return text.split(",").map((item) =>
    item.startsWith("!") ? { item: item.slice(1), keep: false } : { item, keep: true }
  );
}

/** An option whose list fills the map and sets the filter of the same name. */
function listOption(
  map: string,
  declared: { short?: string; argument: string; help: string },
  keys: (item: string) => Uint8Array[],
): Option {
  return {
    ...declared,
    parse: (text) => items(text).flatMap(({ item, keep }) => keys(item).map((key) => ({ key, keep }))),
    constants: (listed) => ({
      [`filter_${map}`]: (listed as Listed[]).some(({ keep }) => keep) ? LEAVE_OUT_OTHERS : KEEP_OTHERS,
    }),
    fill: (listed) => ({
      map,
      entries: (listed as Listed[]).map(({ key, keep }) => ({ key, value: Uint8Array.of(keep ? 1 : 0) })),
    }),
  };
}

function u64(n: number): Uint8Array {
  const key = new Uint8Array(8);
  new DataView(key.buffer).setBigUint64(0, BigInt(n), true);
  return key;
}

/** A key of a prefix trie (struct prefix in bpf/filter.bpf.h). */
export function prefix(bits: number, bytes: Uint8Array): Uint8Array {
  const key = new Uint8Array(20);
  new DataView(key.buffer).setUint32(0, bits, true);
  key.set(bytes, 4);
  return key;
}

/** Numbers of processes; PID_MAX_LIMIT is in include/linux/threads.h. */
export function pids(short?: string, help = "trace these PIDs only (a list; !PID leaves one out)"): Option {
  return listOption("pids", { ...short !== undefined && { short }, argument: "PID", help }, (item) => [
    u64(parseWhole(item, "A PID", 1, 4194304)),
  ]);
}

/** User ids. */
export function uids(short?: string): Option {
  return listOption("uids", {
    ...short !== undefined && { short },
    argument: "UID",
    help: "trace these user ids only (a list)",
  }, (item) => [
    u64(parseWhole(item, "A user id", 0, 4294967294)),
  ]);
}

function commKey(item: string): Uint8Array {
  const open = item.endsWith("*");
  const bytes = new TextEncoder().encode(open ? item.slice(0, -1) : item);
  if (bytes.length > 15 || (bytes.length === 0 && !open)) {
    throw new BadInput(`A thread's name has 1 to 15 bytes, and a * at its end stands for any others, not '${item}'.`);
  }
  return prefix(open ? 8 * bytes.length : 128, bytes);
}

/** The sixteen bytes of an IP address, IPv4 as ::ffff:a.b.c.d; undefined if the text is none. */
export function parseAddress(text: string): Uint8Array | undefined {
  const octets = text.split(".");
  if (octets.length === 4 && octets.every((o) => /^(0|[1-9]\d{0,2})$/.test(o) && Number(o) < 256)) {
    return Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...octets.map(Number)]);
  }
  if (!/^[0-9a-fA-F:.]+$/.test(text) || !text.includes(":")) return undefined;
  const url = URL.parse(`http://[${text}]/`); // normalises to at most one ::, and to hexadecimal groups
  if (url === null) return undefined;
  const [left = [], right = []] = url.hostname.slice(1, -1).split("::")
    .map((part) => part === "" ? [] : part.split(":").map((group) => parseInt(group, 16)));
  const groups = [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));
}

function addressKey(item: string): Uint8Array {
  const [text = "", length, ...rest] = item.split("/");
  const bytes = parseAddress(text);
  const four = !text.includes(":");
  if (bytes === undefined || rest.length > 0) {
    throw new BadInput(`An address is like 10.0.0.0/8, 192.0.2.1 or 2001:db8::/32, not '${item}'.`);
  }
  const bits = length === undefined
    ? 128
    : parseWhole(length, `The prefix of ${text}`, 0, four ? 32 : 128) + (four ? 96 : 0);
  return prefix(bits, bytes);
}

/**
 * A cgroup directory and all below it, as their inode numbers, which are their ids. Throws an Error for others: in another
 * file system than the root's such a number is no cgroup's, or another's.
 */
function cgroupsBelow(path: string, root: string): number[] {
  const { ino, isDirectory, dev } = Deno.statSync(path);
  if (!isDirectory || ino === null) throw new Error("not a directory");
  if (dev !== Deno.statSync(root).dev) throw new Error("not a cgroup of version 2");
  const children = Array.from(Deno.readDirSync(path)).filter((entry) => entry.isDirectory);
  return [ino, ...children.flatMap(({ name }) => cgroupsBelow(`${path}/${name}`, root))];
}

/** Where cgroups are mounted. Throws CannotRun where none are that the programs could tell. */
function mountedCgroups(): string {
  const root = cgroupRoot();
  if (root === undefined) throw new CannotRun(`${NO_CGROUP2}: leave out --cgroup and --container.`);
  return root;
}

function cgroupKeys(item: string): Uint8Array[] {
  const root = mountedCgroups();
  try {
    return cgroupsBelow(item, root).map(u64);
  } catch {
    throw new BadInput(`There is no cgroup of version 2 at ${item}: type its directory, as in ${root}/system.slice.`);
  }
}

/** Directories of cgroups named after a container whose id begins so: docker-ID.scope, cri-containerd-ID.scope, ID, ... */
function containerKeys(item: string): Uint8Array[] {
  if (!/^[0-9a-f]{6,64}$/.test(item)) {
    throw new BadInput(`A container's id is at least the first 6 of its hexadecimal digits, not '${item}'.`);
  }
  const root = mountedCgroups();
  const named = new RegExp(AROUND_ID.join(`${item}[0-9a-f]*`));
  const search = (path: string): number[] =>
    Array.from(Deno.readDirSync(path)).filter((entry) => entry.isDirectory).flatMap(({ name }) =>
      named.test(name) ? cgroupsBelow(`${path}/${name}`, root) : search(`${path}/${name}`)
    );
  const found = search(root);
  if (found.length === 0) {
    throw new BadInput(`No cgroup of a container whose id begins with ${item} is under ${root}.`);
  }
  return found.map(u64);
}

/** A bit for each port of a list such as 80,443,8000-8010; items that begin with ! take bits away. */
export function parsePorts(text: string): Uint8Array {
  const list = items(text);
  const bits = new Uint8Array(65536 / 8).fill(list.some(({ keep }) => keep) ? 0 : 255);
  for (const { item, keep } of list) {
    const [from = "", to = from, ...rest] = item.split("-");
    if (rest.length > 0) throw new BadInput(`A range of ports has one dash, as in 8000-8010, not '${item}'.`);
    const first = parseWhole(from, "A port", 0, 65535);
    const last = parseWhole(to, "A port", 0, 65535);
    if (first > last) throw new BadInput(`A range of ports goes upwards: type ${last}-${first}, not '${item}'.`);
    for (let port = first; port <= last; port++) {
      const byte = bits[port >> 3] as number, bit = 1 << (port & 7);
      bits[port >> 3] = keep ? byte | bit : byte & ~bit;
    }
  }
  return bits;
}

/** Ports of one end, in a tool's own words. */
export function ports(end: "lports" | "rports", help: string, short?: string): Option {
  return {
    ...short !== undefined && { short },
    argument: "PORTS",
    help,
    parse: parsePorts,
    constants: (bits): Record<string, Constant> => ({ [`filter_${end}`]: true, [end]: bits as Uint8Array }),
  };
}

/** The filters that tasks and sockets of every tool can be judged by. A tool leaves out what it names in its own way. */
export const filters = {
  comm: listOption("comms", {
    argument: "NAME",
    help: "trace threads of these names only (a list; NAME* for a beginning)",
  }, (item) => [commKey(item)]),
  uid: uids(),
  children: {
    help: "trace, or leave out, what PIDs fork from now on as themselves",
    constants: () => ({ filter_children: true }),
    programs: ["follow_fork", "forget_process"],
  } as Option,
  lport: ports("lports", "trace these local ports only (a list; A-B for a range, !A to leave one out)"),
  rport: ports("rports", "trace these remote ports only"),
  laddr: listOption(
    "laddrs",
    { argument: "ADDRESS", help: "trace these local addresses or CIDRs only (a list)" },
    (item) => [addressKey(item)],
  ),
  raddr: listOption(
    "raddrs",
    { argument: "ADDRESS", help: "trace these remote addresses or CIDRs only (a list)" },
    (item) => [addressKey(item)],
  ),
  netns: {
    ...listOption("netnses", {
      argument: "NETNS",
      help: "trace this network namespace only: inode, path or pid:N (a list)",
    }, (item) => [u64(parseNetns(item).inode)]),
    capabilities: [PROCESS_NEED],
  } as Option,
  cgroup: {
    ...listOption("cgroups", { argument: "DIR", help: "trace this cgroup and all below it only (a list)" }, cgroupKeys),
    complete: "file",
    excludes: "container",
  } as Option,
  container: {
    ...listOption(
      "cgroups",
      { argument: "ID", help: "trace this container only: the beginning of its id (a list)" },
      containerKeys,
    ),
    excludes: "cgroup",
  } as Option,
} as const;
