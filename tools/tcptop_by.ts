// What tcptop can sum up by: the fields that tell rows apart, and the columns that show them.
import layout from "../bpf/tcptop.gen.ts";
import type { Cgroups } from "../src/cgroup.ts";
import type { Column } from "../src/column.ts";
import type { Fields } from "../src/output/row.ts";

type Field = Extract<keyof typeof layout.sample.fields, string>;

/** How rows are made, and what they show. */
export interface Grouping {
  group: readonly Field[];
  others: readonly Field[];
  /** The columns of the table; of two, where IPv6 has another than IPv4. */
  tables: readonly (readonly Column<Field>[])[];
  record: readonly Column<Field>[];
}

const pid = {
  key: "pid",
  heading: "PID",
  width: 7,
  unless: "by",
  known: "pid",
  cell: { kind: "uint", field: "pid" },
  description: "Id of the process that sent or received.",
} as const;
const comm = {
  key: "comm",
  heading: "COMM",
  width: 12,
  unless: "by",
  known: "pid",
  cell: { kind: "comm", field: "comm", most: 12 },
  description: "Name of its thread.",
} as const;

const end = (which: "l" | "r", heading: string, width: number) => ({
  key: `${which}addr`,
  heading,
  width,
  unless: "by",
  record: false,
  cell: { kind: "endpoint", address: `${which}addr`, port: `${which}port`, family: "family" },
  description: `${which === "l" ? "Local" : "Remote"} address and port.`,
} as const);
const [local, remote] = [end("l", "LADDR", 21), end("r", "RADDR", 21)];
const [local6, remote6] = [end("l", "LADDR6", 32), end("r", "RADDR6", 32)];

const kb = (key: "rx" | "tx", what: string) => ({
  key: `${key}_kb`,
  heading: `${key.toUpperCase()}_KB`,
  width: 6,
  align: "right",
  record: false,
  cell: { kind: "quotient", field: `${key}_bytes`, divisor: 1024 },
  description: `Bytes ${what} in the interval, in whole KB.`,
} as const);
const [rx, tx] = [kb("rx", "received"), kb("tx", "sent")];

const inRecord = { width: 0, unless: "by" } as const;
const counts = [
  { key: "rx_bytes", width: 0, cell: { kind: "uint", field: "rx_bytes" }, description: "Bytes received." },
  { key: "tx_bytes", width: 0, cell: { kind: "uint", field: "tx_bytes" }, description: "Bytes sent." },
] as const;
const ip = {
  ...inRecord,
  key: "ip",
  cell: { kind: "ip_version", field: "family" },
  description: "IP version of the socket, 4 or 6.",
} as const;
const address = (which: "l" | "r") => ({
  ...inRecord,
  key: `${which}addr`,
  cell: { kind: "address", field: `${which}addr`, family: "family" },
  description: `${which === "l" ? "Local" : "Remote"} address.`,
} as const);
const port = (which: "l" | "r") => ({
  ...inRecord,
  key: `${which}port`,
  cell: { kind: "port", field: `${which}port` },
  description: `${which === "l" ? "Local" : "Remote"} port.`,
} as const);
const ends = [ip, address("l"), port("l"), address("r"), port("r")];
const uid = {
  ...inRecord,
  key: "uid",
  known: "pid",
  cell: { kind: "uint", field: "uid" },
  description: "User id of the process.",
} as const;
const netns = {
  ...inRecord,
  key: "netns",
  cell: { kind: "uint", field: "netns" },
  description: "Inode number of the socket's network namespace.",
} as const;
const cgroupId = {
  ...inRecord,
  key: "cgroup_id",
  known: "pid",
  cell: { kind: "uint", field: "cgroup_id" },
  description: "Id of the process's cgroup (v2): the inode number of its directory.",
} as const;
const container = {
  key: "container",
  heading: "CONTAINER",
  width: 12,
  option: "by",
  cell: { kind: "cgroup", field: "cgroup_id", part: "container", most: 12 },
  description: "Id of the container, with --by container; null for what is in none. The table has 12 digits.",
} as const;
const peer = {
  key: "raddr",
  heading: "RADDR",
  width: 39,
  cell: { kind: "address", field: "raddr", family: "family" },
  description: "Remote address.",
} as const;

/** All columns, those of bcc's table first. */
export const COLUMNS: readonly Column<Field>[] = [
  pid,
  comm,
  local,
  remote,
  rx,
  tx,
  ...ends,
  ...counts,
  uid,
  netns,
  cgroupId,
  container,
];

const CONNECTION = ["laddr", "raddr", "lport", "rport", "family", "netns"] as const;

/** By the value of --by; without it, by process and connection as bcc has it. */
export const GROUPINGS = {
  default: {
    group: ["pid", "comm", ...CONNECTION],
    others: ["uid", "cgroup_id"],
    tables: [[pid, comm, local, remote, rx, tx], [pid, comm, local6, remote6, rx, tx]],
    record: [pid, comm, ...ends, ...counts, uid, netns, cgroupId],
  },
  conn: {
    group: CONNECTION,
    others: [],
    tables: [[local, remote, rx, tx], [local6, remote6, rx, tx]],
    record: [...ends, ...counts, netns],
  },
  pid: {
    group: ["pid"],
    others: ["comm", "uid", "cgroup_id"],
    tables: [[pid, comm, rx, tx]],
    record: [pid, comm, ...counts, uid, cgroupId],
  },
  comm: { group: ["comm"], others: ["pid"], tables: [[comm, rx, tx]], record: [comm, ...counts] },
  raddr: { group: ["raddr", "family"], others: [], tables: [[peer, rx, tx]], record: [ip, address("r"), ...counts] },
  container: {
    group: ["cgroup_id"],
    others: [],
    tables: [[container, rx, tx]],
    record: [container, ...counts],
  },
} as const satisfies Record<string, Grouping>;

/** Gives all cgroups of a container the id of one of them, and those of no container 0. */
export function uniteContainers(
  entries: Uint8Array,
  layout: { readonly size: number; readonly fields: Fields },
  cgroups: Cgroups,
): void {
  const view = new DataView(entries.buffer, entries.byteOffset, entries.byteLength);
  const offset = layout.fields["cgroup_id"]?.offset ?? NaN;
  const ids = new Map<string, bigint>();
  for (let at = offset; at < entries.byteLength; at += layout.size) {
    const id = view.getBigUint64(at, true), container = cgroups.text(id, "container");
    if (container !== undefined && !ids.has(container)) ids.set(container, id);
    view.setBigUint64(at, container === undefined ? 0n : ids.get(container) ?? id, true);
  }
}
