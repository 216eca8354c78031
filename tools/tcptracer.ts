import layout from "../bpf/tcptracer.gen.ts";
import { TCP_STATES, timeColumns } from "../src/column.ts";
import { filters, pids } from "../src/filter.ts";
import { containerMaps, family } from "../src/option.ts";
import { acceptPlans, stream } from "../src/tool.ts";

// By enum type in bpf/tcptracer.bpf.c.
const TYPES = ["unknown", "connect", "accept", "close"] as const;
const LETTERS = ["U", "C", "A", "X"] as const;

const dport = {
  key: "dport",
  heading: "DPORT",
  width: 6,
  cell: { kind: "port", field: "rport" },
  description: "Remote port.",
} as const;

export default stream({
  name: "tcptracer",
  summary: "Trace TCP established connections",
  description:
    "Shows each TCP connection when it is made (C), when a process accepts it (A), and when a process closes it (X), with " +
    "both of its ends and the process that did it. Connects that fail are not shown, nor connections that nobody ever " +
    "accepts. Closes of connections that were there before tracing began are shown.",
  layout,
  options: {
    timestamp: { short: "t", help: "include timestamp on output" },
    pid: pids("p"),
    ...family,
    verbose: { short: "v", help: "include long names of types, nanoseconds and network namespaces in the output" },
    ...containerMaps,
    ...filters,
    netns: { ...filters.netns, short: "N" },
  },
  plans: acceptPlans(["set_state", "destroy"], "seed_owners"),
  intro: "Tracing TCP established connections. Ctrl-C to end.\n",
  columns: [
    { ...timeColumns[1], unless: "verbose" },
    {
      key: "elapsed_ns",
      heading: "TIME(ns)",
      width: 14,
      glued: true,
      record: false,
      option: ["timestamp", "verbose"],
      cell: { kind: "elapsed_ns", field: "time_ns" },
      description: "Time of the event, in nanoseconds since the first one shown.",
    },
    {
      key: "letter",
      heading: "T",
      width: 2,
      record: false,
      unless: "verbose",
      cell: { kind: "enum", field: "type", names: LETTERS },
      description: "C for connect, A for accept, X for close.",
    },
    {
      key: "type",
      heading: "TYPE",
      width: 12,
      option: "verbose",
      cell: { kind: "enum", field: "type", names: TYPES },
      description: "What happened: connect, accept or close.",
    },
    {
      key: "pid",
      heading: "PID",
      width: 6,
      known: "pid",
      cell: { kind: "uint", field: "pid" },
      description: "Id of the process that did it.",
    },
    {
      key: "comm",
      heading: "COMM",
      width: 16,
      known: "pid",
      cell: { kind: "comm", field: "comm" },
      description: "Name of the thread that did it.",
    },
    {
      key: "ip",
      heading: "IP",
      width: 2,
      cell: { kind: "ip_version", field: "family" },
      description: "IP version of the socket, 4 or 6; 6 for IPv4 on an IPv6 socket (::ffff:a.b.c.d).",
    },
    {
      key: "saddr_shown",
      heading: "SADDR",
      width: 16,
      record: false,
      cell: { kind: "address", field: "laddr", family: "family", brackets: true },
      description: "Local address.",
    },
    {
      key: "saddr",
      width: 0,
      cell: { kind: "address", field: "laddr", family: "family" },
      description: "Local address.",
    },
    {
      key: "daddr_shown",
      heading: "DADDR",
      width: 16,
      record: false,
      cell: { kind: "address", field: "raddr", family: "family", brackets: true },
      description: "Remote address.",
    },
    {
      key: "daddr",
      width: 0,
      cell: { kind: "address", field: "raddr", family: "family" },
      description: "Remote address.",
    },
    {
      key: "sport",
      heading: "SPORT",
      width: 6,
      cell: { kind: "port", field: "lport" },
      description: "Local port.",
    },
    // bcc's heading is wider than the values under it if there are long names, and the namespace follows it at once.
    { ...dport, unless: "verbose" },
    { ...dport, heading: "DPORT  ", glued: true, record: false, option: "verbose", unless: "netns" },
    { ...dport, heading: "DPORT  ", record: false, option: ["verbose", "netns"] },
    {
      key: "netns_shown",
      heading: "NETNS",
      width: 8,
      record: false,
      option: "verbose",
      unless: "netns",
      cell: { kind: "joined", parts: [" ", { kind: "uint", field: "netns" }] },
      description: "Inode number of the socket's network namespace.",
    },
    {
      key: "state",
      width: 0,
      cell: { kind: "enum", field: "state", names: TCP_STATES },
      description:
        "State of the connection before: of a close, ESTABLISHED if this end was the first, CLOSE_WAIT if the " +
        "other had closed before, and CLOSE if it was over.",
    },
  ],
  connection: {
    begins: [{ field: "type", is: [TYPES.indexOf("connect")] }, { field: "type", is: [TYPES.indexOf("accept")] }],
    ends: [{ field: "type", is: [TYPES.indexOf("close")] }],
  },
  examples: [
    { command: "tcptracer", does: "trace all TCP connections" },
    { command: "tcptracer -t", does: "include timestamps" },
    { command: "tcptracer -v", does: "include long names of types and network namespaces" },
    { command: "tcptracer -p 181", does: "only trace PID 181" },
    { command: "tcptracer -N 4026531969", does: "only trace this network namespace" },
    { command: "tcptracer --cgroupmap /sys/fs/bpf/web", does: "only trace cgroups in this BPF map" },
    { command: "tcptracer -4", does: "trace IPv4 family only" },
    { command: "tcptracer --json --rport 443", does: "print connections to port 443 as JSON Lines" },
  ],
  overhead:
    "About 0.6 microseconds for each change of a TCP socket's state, of which a connection has about ten on both ends together, with " +
    "waking nettrace up, about 2 for each accept and about half of one for each socket that ends.",
  caveats: [
    "shutdown(2) of both directions is shown as the close.",
    "A socket that several processes share is closed by the last of them.",
    "The kernel closes the subflows of MPTCP connections for their processes: PID 0 stands where it is not known for which.",
  ],
});
