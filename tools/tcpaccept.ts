import layout from "../bpf/tcpaccept.gen.ts";
import { timeColumns } from "../src/column.ts";
import { filters, pids, ports } from "../src/filter.ts";
import { containerMaps, family, timestamps } from "../src/option.ts";
import { acceptPlans, stream } from "../src/tool.ts";

export default stream({
  name: "tcpaccept",
  summary: "Trace TCP accepts",
  description:
    "Shows each TCP connection that a process takes from a listening socket with accept(2), accept4(2) or io_uring: " +
    "who took it, and both of its ends. Connections that are refused, or wait in the queue and are never accepted, " +
    "are not shown; nor are accepts that fail. The accepts of threads that were waiting before tracing began are seen.",
  layout,
  options: {
    ...timestamps,
    pid: pids("p"),
    port: {
      ...ports("lports", "comma-separated list of local ports to trace, and ranges of them", "P"),
      excludes: "lport",
    },
    ...family,
    ...containerMaps,
    ...filters,
    lport: { ...filters.lport, excludes: "port" },
  },
  plans: acceptPlans(),
  columns: [
    ...timeColumns,
    {
      key: "pid",
      heading: "PID",
      width: 7,
      cell: { kind: "uint", field: "pid" },
      description: "Id of the process that accepted the connection.",
    },
    {
      key: "comm",
      heading: "COMM",
      width: 12,
      cell: { kind: "comm", field: "comm", most: 12 },
      description: "Name of the thread that accepted the connection.",
    },
    {
      key: "ip",
      heading: "IP",
      width: 2,
      cell: { kind: "ip_version", field: "family" },
      description: "IP version of the socket, 4 or 6; 6 for IPv4 on an IPv6 socket (::ffff:a.b.c.d).",
    },
    {
      key: "raddr",
      heading: "RADDR",
      width: 16,
      cell: { kind: "address", field: "raddr", family: "family" },
      description: "Remote address.",
    },
    {
      key: "rport",
      heading: "RPORT",
      width: 5,
      cell: { kind: "port", field: "rport" },
      description: "Remote port.",
    },
    {
      key: "laddr",
      heading: "LADDR",
      width: 16,
      cell: { kind: "address", field: "laddr", family: "family" },
      description: "Local address.",
    },
    {
      key: "lport",
      heading: "LPORT",
      width: 5,
      cell: { kind: "port", field: "lport" },
      description: "Local port.",
    },
  ],
  connection: { begins: [{}] },
  examples: [
    { command: "tcpaccept", does: "trace all TCP accepts" },
    { command: "tcpaccept -t", does: "include timestamps" },
    { command: "tcpaccept -P 80,81", does: "only trace local ports 80 and 81" },
    { command: "tcpaccept -P 8000-8099", does: "only trace local ports from 8000 to 8099" },
    { command: "tcpaccept -p 181", does: "only trace PID 181" },
    { command: "tcpaccept --cgroupmap /sys/fs/bpf/web", does: "only trace cgroups in this BPF map" },
    { command: "tcpaccept --mntnsmap /sys/fs/bpf/web", does: "only trace mount namespaces in this BPF map" },
    { command: "tcpaccept -4", does: "trace IPv4 family only" },
    { command: "tcpaccept -6", does: "trace IPv6 family only" },
    { command: "tcpaccept --json -P 443", does: "print accepts on port 443 as JSON Lines" },
  ],
  overhead:
    "One or two microseconds for each accepted connection, with waking nettrace up. The raw_tracepoint plan, which is used " +
    "where neither fexit nor kprobes nor tracefs are there, also adds some 20 ns to every system call of the machine.",
  caveats: [
    "The tracepoint and raw_tracepoint plans do not see accepts by 32-bit programs on a 64-bit kernel, nor by the kernel itself.",
    "They look up the new descriptor when the system call returns: one that another thread closes before that is counted " +
    "as lost, and one that another thread replaces before that shows the socket that took its place.",
    "They cannot look up io_uring accepts into fixed files, and cannot tell for sure the completions of a multishot accept " +
    "that was submitted before tracing began; both are counted as lost.",
  ],
});
