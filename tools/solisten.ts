import layout from "../bpf/solisten.gen.ts";
import { timeColumns } from "../src/column.ts";
import { filters, pids } from "../src/filter.ts";
import { containerMaps, family, timestamps } from "../src/option.ts";
import { stream } from "../src/tool.ts";

const PROTOCOLS: string[] = []; // by the family of the socket
PROTOCOLS[2] = "TCPv4";
PROTOCOLS[10] = "TCPv6";

const ERRORS: string[] = []; // that listen(2) may return for a TCP socket
ERRORS[1] = "EPERM";
ERRORS[12] = "ENOMEM";
ERRORS[13] = "EACCES";
ERRORS[22] = "EINVAL";
ERRORS[95] = "EOPNOTSUPP";
ERRORS[98] = "EADDRINUSE";
ERRORS[105] = "ENOBUFS";

// A listener has no remote end.
const { raddr: _raddr, rport: _rport, ...localFilters } = filters;

export default stream({
  name: "solisten",
  summary: "Trace TCP listen()",
  description:
    "Shows each listen(2) on a TCP socket as it returns, also those that fail and those that only change the backlog of a " +
    "listener; and the listeners that io_uring and the kernel itself make. The backlog is the one that the kernel takes: " +
    "at most net.core.somaxconn.",
  layout,
  options: {
    ...timestamps,
    "show-netns": { help: "show network namespace" },
    "show-ret": { help: "show what listen returned: 0, or the error as a negative number" },
    pid: pids("p"),
    ...family,
    ...containerMaps,
    ...localFilters,
    netns: { ...filters.netns, short: "n" },
  },
  plans: [
    { name: "tracepoint", programs: ["set_state", "enter_listen", "exit_listen"] },
    { name: "raw_tracepoint", programs: ["set_state", "enter_any", "exit_any"] },
  ],
  columns: [
    ...timeColumns,
    {
      key: "pid",
      heading: "PID",
      width: 7,
      cell: { kind: "uint", field: "pid" },
      description: "Id of the process that listens.",
    },
    {
      key: "comm",
      heading: "COMM",
      width: 12,
      cell: { kind: "comm", field: "comm", most: 12 },
      description: "Name of the thread that listens.",
    },
    {
      key: "netns",
      heading: "NETNS",
      width: 12,
      record: false,
      option: "show-netns",
      cell: { kind: "uint", field: "netns" },
      description: "Inode number of the socket's network namespace.",
    },
    {
      key: "proto",
      heading: "PROTO",
      width: 6,
      cell: { kind: "enum", field: "family", names: PROTOCOLS },
      description: "TCPv4 or TCPv6, by the family of the socket.",
    },
    {
      key: "ret",
      heading: "RET",
      width: 4,
      option: "show-ret",
      cell: { kind: "int", field: "ret" },
      description: "What listen returned: 0, or the error as a negative number.",
    },
    {
      key: "error",
      width: 0,
      known: "error",
      cell: { kind: "enum", field: "error", names: ERRORS },
      description: "The error that listen returned, as in EADDRINUSE; null if it succeeded.",
    },
    {
      key: "backlog",
      heading: "BACKLOG",
      width: 8,
      cell: { kind: "int", field: "backlog" },
      description: "Connections that may wait to be accepted, as the kernel takes it.",
    },
    {
      key: "backlog_asked",
      width: 0,
      cell: { kind: "int", field: "asked" },
      description: "The backlog that was asked for.",
    },
    {
      key: "port",
      heading: "PORT",
      width: 5,
      cell: { kind: "port", field: "lport" },
      description: "Local port.",
    },
    {
      key: "addr",
      heading: "ADDR",
      width: 39,
      cell: { kind: "address", field: "laddr", family: "family" },
      description: "Local address.",
    },
  ],
  examples: [
    { command: "solisten", does: "trace all TCP listens" },
    { command: "solisten -p 181", does: "only trace PID 181" },
    { command: "solisten -n 4026531957", does: "only trace this network namespace" },
    { command: "solisten --show-netns", does: "show the network namespace, as with containers" },
    { command: "solisten --show-ret", does: "show which listens failed, and why" },
    { command: "solisten --json --lport 1-1023", does: "print listens on low ports as JSON Lines" },
  ],
  overhead:
    "About 2 microseconds for each listen, with waking nettrace up, and about 30 nanoseconds for each change of a TCP " +
    "socket's state. The raw_tracepoint plan, which is used where tracefs is not mounted, also adds about 40 ns to every " +
    "system call of the machine.",
  caveats: [
    "The listen calls of 32-bit programs on a 64-bit kernel are shown only if they make a listener, as of io_uring.",
    "A listen of io_uring's or of the kernel's that fails is shown as if it succeeded if the port was taken, and else not.",
  ],
});
