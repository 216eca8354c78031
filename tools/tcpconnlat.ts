import layout from "../bpf/tcpconnlat.gen.ts";
import { BadInput } from "../src/failure.ts";
import { filters, pids, ports } from "../src/filter.ts";
import { timeColumns } from "../src/column.ts";
import { containerMaps, family, timestamps } from "../src/option.ts";
import { stream } from "../src/tool.ts";
import { CONNECT_RESULTS } from "./connect_result.ts";

const latency = {
  key: "latency_ms",
  width: 0,
  cell: { kind: "ms", field: "latency_ns", digits: 2 },
  description: "Time from the SYN to its answer, in milliseconds.",
} as const;

export default stream({
  name: "tcpconnlat",
  summary: "Trace TCP connects and show connection latency",
  description:
    "Shows each TCP connect that is answered, by acceptance or by a refusal, with the time that the answer took: the " +
    "network's round trip and the work of the kernels at both ends, but no work of the processes. Shown with --result are also those " +
    "that were never answered: timed out, unreachable, given up, or failed on this machine.",
  layout,
  options: {
    timestamp: timestamps.timestamp,
    pid: pids("p"),
    ...family,
    verbose: { short: "v", help: "print all that libbpf and the verifier say to stderr", implies: "debug" },
    result: {
      help: "show connects that were not answered, too, and what became of each",
      constants: () => ({ all_results: true }),
    },
    ...containerMaps,
    ...filters,
    lport: { short: "L", help: "include LPORT on output" },
    localport: ports("lports", "trace these local ports only (a list; A-B for a range, !A to leave one out)"),
  },
  positionals: [{
    name: "duration_ms",
    help: "show connects only whose latency is at least this many milliseconds (fractions allowed; default 0)",
    parse: parseMilliseconds,
    constants: (ms) => ({ least_ns: Math.trunc(ms as number * 1000) * 1000 }),
  }],
  plans: [{ name: "tracepoint", programs: ["set_state"] }],
  columns: [
    timeColumns[1],
    {
      key: "pid",
      heading: "PID",
      width: 7,
      cell: { kind: "uint", field: "pid" },
      description: "Id of the process that connects.",
    },
    {
      key: "comm",
      heading: "COMM",
      width: 12,
      cell: { kind: "comm", field: "comm", most: 12 },
      description: "Name of the thread that connects.",
    },
    {
      key: "ip",
      heading: "IP",
      width: 2,
      cell: { kind: "ip_version", field: "family" },
      description: "IP version of the socket, 4 or 6; 6 for IPv4 on an IPv6 socket (::ffff:a.b.c.d).",
    },
    {
      key: "saddr",
      heading: "SADDR",
      width: 16,
      cell: { kind: "address", field: "laddr", family: "family" },
      description: "Local address.",
    },
    {
      key: "lport",
      heading: "LPORT",
      width: 6,
      option: "lport",
      cell: { kind: "port", field: "lport" },
      description: "Local port.",
    },
    {
      key: "daddr",
      heading: "DADDR",
      width: 16,
      cell: { kind: "address", field: "raddr", family: "family" },
      description: "Remote address.",
    },
    {
      key: "dport",
      heading: "DPORT",
      width: 5,
      cell: { kind: "port", field: "rport" },
      description: "Remote port.",
    },
    {
      key: "result",
      heading: "RESULT",
      width: 12,
      option: "result",
      cell: { kind: "enum", field: "result", names: CONNECT_RESULTS },
      description:
        "With --result: ok, the error, aborted if the socket was closed first, or unsent if no SYN could be sent.",
    },
    { ...latency, heading: "LAT(ms)", record: false },
    { ...latency, cell: { kind: "ms", field: "latency_ns", digits: 3 } },
  ],
  connection: { begins: [{}] },
  examples: [
    { command: "tcpconnlat", does: "trace all TCP connect()s" },
    { command: "tcpconnlat 1", does: "trace connection latency slower than 1 ms" },
    { command: "tcpconnlat 0.1", does: "trace connection latency slower than 100 us" },
    { command: "tcpconnlat -t", does: "include timestamps" },
    { command: "tcpconnlat -p 181", does: "only trace PID 181" },
    { command: "tcpconnlat -L", does: "include LPORT while printing outputs" },
    { command: "tcpconnlat -4", does: "trace IPv4 family only" },
    { command: "tcpconnlat -6", does: "trace IPv6 family only" },
    {
      command: "tcpconnlat --result 1000",
      does: "also trace connects that failed, of those that took a second or more",
    },
  ],
  overhead:
    "Up to half a microsecond for each change of a TCP socket's state, of which a connection has about ten on both ends together.",
  caveats: [
    "The time begins when the kernel has found a route and is about to choose a port and send the SYN: some microseconds " +
    "later than bcc's.",
    "The SYN of a connect that fast open defers (TCP_FASTOPEN_CONNECT) is sent with its first data, and the time until then " +
    "is counted.",
    "Connects that had begun before tracing are not shown, as their latency is not known.",
  ],
});

/** Milliseconds, with or without a fraction. Throws BadInput. */
function parseMilliseconds(text: string): number {
  const ms = /^(\d{1,9}(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : NaN;
  if (Number.isNaN(ms)) {
    throw new BadInput(`The least latency is a number of milliseconds such as 1 or 0.25, not '${text}'.`);
  }
  return ms;
}
