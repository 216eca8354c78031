import layout from "../bpf/tcplife.gen.ts";
import { narrowOrWide, preciseTimeColumns } from "../src/column.ts";
import { filters, pids, ports } from "../src/filter.ts";
import { containerMaps, family } from "../src/option.ts";
import { acceptPlans, stream } from "../src/tool.ts";

const pid = {
  key: "pid",
  heading: "PID",
  width: 5,
  known: "pid",
  cell: { kind: "uint", field: "pid" },
  description: "Id of the process that owns the socket.",
} as const;
const comm = {
  key: "comm",
  heading: "COMM",
  width: 10,
  known: "pid",
  cell: { kind: "comm", field: "comm", most: 10 },
  description: "Name of the thread that made or accepted the connection.",
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
  description: "Local port.",
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
const txKb = {
  key: "tx_kb",
  heading: "TX_KB",
  width: 5,
  align: "right",
  record: false,
  cell: { kind: "quotient", field: "tx_bytes", divisor: 1024 },
  description: "Bytes sent and acknowledged, in whole KB.",
} as const;
const rxKb = {
  key: "rx_kb",
  heading: "RX_KB",
  width: 5,
  align: "right",
  record: false,
  cell: { kind: "quotient", field: "rx_bytes", divisor: 1024 },
  description: "Bytes received, in whole KB.",
} as const;
const ms = {
  key: "duration_ms",
  heading: "MS",
  width: 0,
  cell: { kind: "ms", field: "duration_ns", digits: 2 },
  description: "How long the session lasted, from established to closed, in milliseconds.",
} as const;

export default stream({
  name: "tcplife",
  summary: "Trace the lifespan of TCP sessions",
  description:
    "Shows each TCP session when it ends: who owned it, both of its ends, the bytes it sent and received, and how long it " +
    "lasted. Sessions that were established before tracing began are not shown, as their duration is not known; those " +
    "still open when it ends are shown with --open.",
  layout,
  options: {
    time: { short: "T", help: "include time column on output (HH:MM:SS)" },
    timestamp: { short: "t", help: "include timestamp on output (seconds)" },
    wide: { short: "w", help: "wide column output (fits IPv6 addresses)" },
    csv: { short: "s", help: "comma separated values output, with bcc's columns", excludes: "json" },
    pid: pids("p"),
    localport: {
      ...ports("lports", "comma-separated list of local ports to trace", "L"),
      excludes: "lport",
    },
    remoteport: {
      ...ports("rports", "comma-separated list of remote ports to trace", "D"),
      excludes: "rport",
    },
    open: {
      help: "at the end, show the sessions that are still open, too",
      last: { program: "report_open", map: "births" },
    },
    ...family,
    ...containerMaps,
    ...filters,
    lport: { ...filters.lport, excludes: "localport" },
    rport: { ...filters.rport, excludes: "remoteport" },
  },
  plans: acceptPlans(["set_state", "forget_owner"], "seed_owners"),
  columns: [
    ...preciseTimeColumns,
    pid,
    ...narrowOrWide(comm, { width: 16, cell: { kind: "comm", field: "comm", most: 16 } }),
    { ...ip, option: "wide" },
    ...narrowOrWide(laddr, { width: 39 }),
    lport,
    ...narrowOrWide(raddr, { width: 39 }),
    rport,
    ...narrowOrWide(txKb, { width: 6 }),
    ...narrowOrWide(rxKb, { width: 6 }),
    {
      key: "tx_bytes",
      width: 0,
      cell: { kind: "uint", field: "tx_bytes" },
      description: "Bytes sent and acknowledged, SYN and FIN counting as one each.",
    },
    {
      key: "rx_bytes",
      width: 0,
      cell: { kind: "uint", field: "rx_bytes" },
      description: "Bytes received, the FIN counting as one.",
    },
    ms,
    {
      key: "open",
      width: 0,
      cell: { kind: "uint", field: "open" },
      description: "Whether the session had not ended when tracing did (1), as --open shows, or had (0).",
    },
  ],
  csvColumns: [
    ...preciseTimeColumns,
    pid,
    { ...comm, cell: { kind: "comm", field: "comm" } },
    ip,
    laddr,
    lport,
    raddr,
    rport,
    txKb,
    rxKb,
    ms,
  ],
  connection: { ends: [{}] },
  examples: [
    { command: "tcplife", does: "trace all TCP sessions" },
    { command: "tcplife -t", does: "include time since the first event" },
    { command: "tcplife -w", does: "wider columns (fit IPv6)" },
    { command: "tcplife -stT", does: "comma separated values, with both time columns" },
    { command: "tcplife -p 181", does: "only trace PID 181" },
    { command: "tcplife -L 80,81", does: "only trace local ports 80 and 81" },
    { command: "tcplife -D 80", does: "only trace remote port 80" },
    { command: "tcplife --open", does: "at the end, show the sessions that are still open, too" },
    { command: "tcplife -6", does: "only trace IPv6 family" },
  ],
  overhead:
    "About half a microsecond for each change of a TCP socket's state, of which a connection has about seven on both ends, " +
    "with waking nettrace up, and about one for each accept.",
  caveats: [
    "A socket that several processes share is shown as of the one that made or accepted the connection.",
    "PID 0 and - stand for an owner that cannot be known, such as that of a connection that nobody ever accepted.",
  ],
});
