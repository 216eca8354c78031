import layout from "../bpf/tcpconnect.gen.ts";
import { timeColumns } from "../src/column.ts";
import { filters, pids, ports } from "../src/filter.ts";
import { containerMaps, timestamps } from "../src/option.ts";
import { stream } from "../src/tool.ts";
import { caveats, columns, overhead, plans } from "./tcpconnect.ts";

const AF_INET = 2;

export default stream({
  name: "tcpv4connect",
  summary: "Trace TCP IPv4 active connections, in the layout of 2015",
  description:
    "Shows what tcpconnect -4 shows, with the options and columns that bcc's first tool for connects had. For scripts that " +
    "were written for it; tcpconnect can do all that it can, and more.",
  layout,
  object: "tcpconnect",
  options: {
    timestamp: timestamps.timestamp,
    pid: pids("p"),
    ...containerMaps,
    ...filters,
    lport: ports("lports", "trace these local ports only (a list; A-B for a range, !A to leave one out)"),
  },
  constants: { filter_family: AF_INET },
  plans,
  columns: [
    timeColumns[1],
    { ...columns.pid, width: 6 },
    columns.comm,
    columns.saddr,
    columns.daddr,
    { ...columns.dport, width: 4 },
  ],
  connection: { begins: [{}] },
  examples: [
    { command: "tcpv4connect", does: "trace all TCP IPv4 connect()s" },
    { command: "tcpv4connect -t", does: "include timestamps" },
    { command: "tcpv4connect -p 181", does: "only trace PID 181" },
  ],
  overhead,
  caveats,
});
