import layout from "../bpf/tcpstates.gen.ts";
import { type Cell, type Column, narrowOrWide, preciseTimeColumns, TCP_STATES } from "../src/column.ts";
import { filters, pids, ports } from "../src/filter.ts";
import { containerMaps, family } from "../src/option.ts";
import { acceptPlans, stream } from "../src/tool.ts";

type Field = keyof typeof layout.event.fields;

const skaddr = {
  key: "skaddr",
  heading: "SKADDR",
  width: 16,
  cell: { kind: "hex", field: "skaddr" },
  description: "Kernel address of the socket, in hexadecimal: what the changes of one socket have in common.",
} as const;
const pid = {
  key: "pid",
  heading: "C-PID",
  width: 5,
  known: "pid",
  cell: { kind: "uint", field: "pid" },
  description: "Id of the process that made the change, or of the socket's owner if a packet or a timer made it.",
} as const;
const comm = {
  key: "comm",
  heading: "C-COMM",
  width: 10,
  known: "pid",
  cell: { kind: "comm", field: "comm", most: 10 },
  description: "Name of that process's thread.",
} as const;
const ip = {
  key: "ip",
  heading: "IP",
  width: 2,
  cell: { kind: "ip_version", field: "family" },
  description: "IP version of the socket, 4 or 6.",
} as const;
const laddr = {
  key: "laddr",
  heading: "LADDR",
  width: 15,
  cell: { kind: "address", field: "laddr", family: "family" },
  description: "Local address.",
} as const;
const lport = {
  key: "lport",
  heading: "LPORT",
  width: 5,
  cell: { kind: "port", field: "lport" },
  description: "Local port; 0 before the kernel has chosen one.",
} as const;
const raddr = {
  key: "raddr",
  heading: "RADDR",
  width: 15,
  cell: { kind: "address", field: "raddr", family: "family" },
  description: "Remote address.",
} as const;
const rport = {
  key: "rport",
  heading: "RPORT",
  width: 5,
  cell: { kind: "port", field: "rport" },
  description: "Remote port.",
} as const;
const oldstate = {
  key: "oldstate",
  heading: "OLDSTATE",
  width: 11,
  cell: { kind: "enum", field: "oldstate", names: TCP_STATES },
  description: "State before the change.",
} as const;
const newstate = {
  key: "newstate",
  heading: "NEWSTATE",
  width: 11,
  cell: { kind: "enum", field: "newstate", names: TCP_STATES },
  description: "State after the change.",
} as const;
const ms = {
  key: "duration_ms",
  heading: "MS",
  width: 0,
  cell: { kind: "ms", field: "duration_ns", digits: 3 },
  description: "Time since the socket's change before this one, in milliseconds; 0 for the first that was seen.",
} as const;

const arrow = field("arrow", { kind: "text", text: "→" });

/** A field of the journal, whose name says all. */
function field(key: string, cell: Cell<Field>): Column<Field> {
  return { key, width: 0, cell, description: "" };
}

export default stream({
  name: "tcpstates",
  summary: "Trace TCP session state changes with durations",
  description:
    "Shows each change of a TCP socket's state, with the time that it spent in the state before. Changes that a process " +
    "makes, by connecting, listening or closing, are shown as its own; those that packets and timers make, as the " +
    "socket's owner's. TIME_WAIT and NEW_SYN_RECV are never shown: the kernel keeps them in smaller structures.",
  layout,
  options: {
    time: { short: "T", help: "include time column on output (HH:MM:SS)" },
    timestamp: { short: "t", help: "include timestamp on output (seconds)" },
    wide: { short: "w", help: "wide column output (fits IPv6 addresses)" },
    csv: { short: "s", help: "comma separated values output, with bcc's columns", excludes: "json" },
    localport: { ...ports("lports", "comma-separated list of local ports to trace", "L"), excludes: "lport" },
    journal: { short: "Y", help: "log each change to the systemd journal, too" },
    remoteport: { ...ports("rports", "comma-separated list of remote ports to trace", "D"), excludes: "rport" },
    pid: pids("p"),
    ...family,
    ...containerMaps,
    ...filters,
    lport: { ...filters.lport, excludes: "localport" },
    rport: { ...filters.rport, excludes: "remoteport" },
  },
  plans: acceptPlans(["set_state", "forget_owner"], "seed_owners"),
  columns: [
    ...preciseTimeColumns,
    skaddr,
    pid,
    ...narrowOrWide(comm, { width: 16, cell: { kind: "comm", field: "comm", most: 16 } }),
    { ...ip, option: "wide" },
    ...narrowOrWide(laddr, { width: 39 }),
    lport,
    ...narrowOrWide(raddr, { width: 39 }),
    rport,
    oldstate,
    {
      key: "arrow",
      heading: "->",
      width: 2,
      record: false,
      cell: { kind: "text", text: "->" },
      description: "Stands between the two states.",
    },
    newstate,
    ms,
  ],
  csvColumns: [
    ...preciseTimeColumns,
    skaddr,
    pid,
    { ...comm, cell: { kind: "comm", field: "comm" } },
    ip,
    laddr,
    lport,
    raddr,
    rport,
    oldstate,
    newstate,
    ms,
  ],
  journal: {
    fields: [
      field("SYSLOG_IDENTIFIER", { kind: "text", text: "tcpstates" }),
      field("PRIORITY", { kind: "text", text: "5" }),
      field("_SOURCE_REALTIME_TIMESTAMP", { kind: "realtime_us", field: "time_ns" }),
      { ...field("OBJECT_PID", pid.cell), known: "pid" },
      { ...field("OBJECT_COMM", { kind: "comm", field: "comm" }), known: "pid" },
      field("OBJECT_IPV*_SOURCE_ADDRESS", laddr.cell),
      field("OBJECT_TCP_SOURCE_PORT", lport.cell),
      field("OBJECT_IPV*_DESTINATION_ADDRESS", raddr.cell),
      field("OBJECT_TCP_DESTINATION_PORT", rport.cell),
      field("OBJECT_TCP_OLD_STATE", oldstate.cell),
      field("OBJECT_TCP_NEW_STATE", newstate.cell),
      field("OBJECT_TCP_SPAN_TIME", { kind: "quotient", field: "duration_ns", divisor: 1000 }),
    ],
    message: [
      { ...comm, width: 0, cell: { kind: "comm", field: "comm" } },
      { ...laddr, width: 0 },
      { ...lport, width: 0 },
      arrow,
      { ...raddr, width: 0 },
      { ...rport, width: 0 },
      { ...oldstate, width: 0 },
      arrow,
      { ...newstate, width: 0 },
    ],
  },
  connection: {
    begins: [
      { field: "newstate", is: [TCP_STATES.indexOf("SYN_SENT")] },
      { field: "oldstate", is: [TCP_STATES.indexOf("SYN_RECV")] },
    ],
    ends: [{ field: "newstate", is: [TCP_STATES.indexOf("CLOSE")] }],
  },
  examples: [
    { command: "tcpstates", does: "trace all TCP state changes" },
    { command: "tcpstates -t", does: "include timestamp column" },
    { command: "tcpstates -T", does: "include time column (HH:MM:SS)" },
    { command: "tcpstates -w", does: "wider columns (fit IPv6)" },
    { command: "tcpstates -stT", does: "comma separated values, with both time columns" },
    { command: "tcpstates -L 80", does: "only trace local port 80" },
    { command: "tcpstates -L 80,81", does: "only trace local ports 80 and 81" },
    { command: "tcpstates -D 80", does: "only trace remote port 80" },
    { command: "tcpstates -Y", does: "log to the systemd journal, too" },
    { command: "tcpstates -6", does: "only trace IPv6 family" },
  ],
  overhead:
    "Up to a microsecond for each change of a TCP socket's state, of which a connection has about ten on both ends " +
    "together, and for each accept. With --journal, a system call for each change besides, in nettrace.",
  caveats: [
    "PID 0 and - stand for an owner that cannot be known, such as that of a connection that is not yet accepted. Filters of " +
    "processes, users, cgroups and containers leave those changes out.",
    "A socket that several processes share is shown as of the one that made or accepted the connection, where packets or " +
    "timers make the change.",
    "The local port of CLOSE -> SYN_SENT is 0, unless the socket was bound; so -L and --lport do not show it.",
    "Before Linux 6.18, LISTEN -> SYN_RECV has no remote address and port yet.",
  ],
});
