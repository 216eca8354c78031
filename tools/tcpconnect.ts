import layout from "../bpf/tcpconnect.gen.ts";
import { timeColumns } from "../src/column.ts";
import { filters, pids, ports, uids } from "../src/filter.ts";
import { containerMaps, family, timestamps } from "../src/option.ts";
import { type Plan, stream } from "../src/tool.ts";
import { CONNECT_RESULTS } from "./connect_result.ts";

/** The plans of the tools that see connects. */
export const plans: readonly Plan[] = [
  {
    name: "tracepoint",
    programs: ["set_state"],
    sweep: { map: "attempts", size: "unanswered", often: "sweep", last: "last_sweep" },
  },
];

/** What a user should know of it. */
export const caveats = [
  "A connect is shown when it is answered, or after some 0.2 seconds without an answer, so rows can be out of order; " +
  "their times are those of the connects.",
  "Connects with MPTCP are shown once for each of their subflows; those that the kernel adds are of a kernel thread.",
];

export const overhead =
  "One or two microseconds for each connect, with waking nettrace up, and some tens of nanoseconds for each other change of " +
  "a TCP socket's state.";

/** The columns that both of them have. */
export const columns = {
  pid: {
    key: "pid",
    heading: "PID",
    width: 7,
    cell: { kind: "uint", field: "pid" },
    description: "Id of the process that connects.",
  },
  comm: {
    key: "comm",
    heading: "COMM",
    width: 12,
    cell: { kind: "comm", field: "comm", most: 12 },
    description: "Name of the thread that connects.",
  },
  ip: {
    key: "ip",
    heading: "IP",
    width: 2,
    cell: { kind: "ip_version", field: "family" },
    description: "IP version, 4 or 6; 4 for IPv4 through an IPv6 socket (::ffff:a.b.c.d), unless -6 is given.",
  },
  saddr: {
    key: "saddr",
    heading: "SADDR",
    width: 16,
    cell: { kind: "address", field: "laddr", family: "family" },
    description: "Local address.",
  },
  lport: {
    key: "lport",
    heading: "LPORT",
    width: 6,
    cell: { kind: "port", field: "lport" },
    description: "Local port.",
  },
  daddr: {
    key: "daddr",
    heading: "DADDR",
    width: 16,
    cell: { kind: "address", field: "raddr", family: "family" },
    description: "Remote address.",
  },
  dport: {
    key: "dport",
    heading: "DPORT",
    width: 7,
    cell: { kind: "port", field: "rport" },
    description: "Remote port.",
  },
} as const;

export default stream({
  name: "tcpconnect",
  summary: "Trace TCP active connections (connect())",
  description:
    "Shows each TCP connection that a process begins to make: who makes it, and both of its ends. It is shown once the " +
    "SYN was sent, whatever becomes of it then. Connects that fail on this machine already, as without a route or a free " +
    "port, are not shown.",
  layout,
  options: {
    timestamp: timestamps.timestamp,
    pid: pids("p"),
    port: {
      ...ports("rports", "comma-separated list of destination ports to trace, and ranges of them", "P"),
      excludes: "rport",
    },
    ...family,
    lport: { short: "L", help: "include LPORT on output" },
    "print-uid": { short: "U", help: "include UID on output" },
    uid: uids("u"),
    count: {
      short: "c",
      help: "count connects per source, destination and its port",
      excludes: "dns",
      constants: () => ({ counting: true }),
    },
    dns: {
      short: "d",
      help: "include the DNS name that led to each destination, from answers seen meanwhile",
      capabilities: [{ capability: "CAP_NET_RAW", what: "to listen to DNS answers" }],
      excludes: "count",
    },
    result: {
      help: "wait for the outcome of each connect, and include it and how long it took",
      constants: () => ({ await_result: true }),
    },
    ...containerMaps,
    comm: filters.comm,
    children: filters.children,
    localport: ports("lports", "trace these local ports only (a list; A-B for a range, !A to leave one out)"),
    rport: { ...filters.rport, excludes: "port" },
    laddr: filters.laddr,
    raddr: filters.raddr,
    netns: filters.netns,
    cgroup: filters.cgroup,
    container: filters.container,
  },
  plans,
  columns: [
    timeColumns[1],
    {
      key: "uid",
      heading: "UID",
      width: 6,
      glued: true,
      record: false,
      option: "print-uid",
      cell: { kind: "uint", field: "uid" },
      description: "User id of the process.",
    },
    columns.pid,
    columns.comm,
    columns.ip,
    columns.saddr,
    { ...columns.lport, option: "lport" },
    columns.daddr,
    { ...columns.dport, glued: true },
    {
      key: "result",
      heading: "RESULT",
      width: 12,
      option: "result",
      known: "awaited",
      cell: { kind: "enum", field: "result", names: CONNECT_RESULTS },
      description:
        "With --result: ok, the error, aborted if the socket was closed first, or pending when tracing ends.",
    },
    {
      key: "latency_ms",
      heading: "LAT(ms)",
      width: 0,
      option: "result",
      known: "awaited",
      cell: { kind: "ms", field: "latency_ns", digits: 3 },
      description: "With --result: time from connect to its result, in milliseconds.",
    },
    {
      key: "query",
      heading: "QUERY",
      width: 0,
      option: "dns",
      cell: { kind: "query", field: "raddr", time: "time_ns" },
      description: "With -d: the DNS name whose answer had this address last, and if that was long before, how long.",
    },
  ],
  count: {
    option: "count",
    order: "descending",
    columns: [
      { key: columns.ip.key, width: 0, cell: columns.ip.cell, description: columns.ip.description },
      { ...columns.saddr, key: "laddr", heading: "LADDR", width: 25 },
      { ...columns.daddr, key: "raddr", heading: "RADDR", width: 25 },
      { ...columns.dport, key: "rport", heading: "RPORT", width: 20 },
      {
        key: "connects",
        heading: "CONNECTS",
        width: 10,
        cell: { kind: "uint", field: "count" },
        description: "How many connects.",
      },
    ],
  },
  intro: "Tracing connect ... Hit Ctrl-C to end\n",
  connection: { begins: [{}] },
  examples: [
    { command: "tcpconnect", does: "trace all TCP connect()s" },
    { command: "tcpconnect -t", does: "include timestamps" },
    { command: "tcpconnect -p 181", does: "only trace PID 181" },
    { command: "tcpconnect -P 80,81", does: "only trace remote ports 80 and 81" },
    { command: "tcpconnect -4", does: "only trace IPv4" },
    { command: "tcpconnect -U", does: "include UID" },
    { command: "tcpconnect -u 1000", does: "only trace UID 1000" },
    { command: "tcpconnect -c", does: "count connects per source, destination and port" },
    { command: "tcpconnect -L", does: "include LPORT" },
    { command: "tcpconnect -d", does: "include the DNS names of destinations" },
    { command: "tcpconnect --result", does: "include what became of each connect" },
    { command: "tcpconnect --cgroupmap /sys/fs/bpf/web", does: "only trace cgroups in this BPF map" },
  ],
  overhead,
  caveats: [
    ...caveats,
    "A connect that fast open defers (TCP_FASTOPEN_CONNECT) is shown when its first data is sent.",
    "-d needs CAP_NET_RAW. It sees the answers that come over UDP into the network namespace that nettrace runs in: not " +
    "those over TCP, TLS or HTTPS, of /etc/hosts, of a cache, or between processes of a container.",
    "-d looks at the header of each packet that comes in.",
  ],
});
