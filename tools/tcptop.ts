import layout from "../bpf/tcptop.gen.ts";
import { filters, pids } from "../src/filter.ts";
import { containerMaps, family, intervals, oneOf } from "../src/option.ts";
import { harmless } from "../src/output/text.ts";
import type { Part, Report } from "../src/sample.ts";
import { sample } from "../src/tool.ts";
import { bytePlans } from "./bytes.ts";
import { COLUMNS, type Grouping, GROUPINGS, uniteContainers } from "./tcptop_by.ts";

const AF_INET = 2;

const SORTS = ["rx", "tx", "both"] as const;

function groupingOf(given: ReadonlyMap<string, unknown>): Grouping {
  return GROUPINGS[given.get("by") as keyof typeof GROUPINGS ?? "default"];
}

/** The summary line with the load as bcc prints it. */
function summary({ end, readText }: Report): string {
  return `${end.toTimeString().slice(0, 8)} loadavg: ${harmless(readText("/proc/loadavg")?.trimEnd() ?? "")}\n\n`;
}

/** Rows in tables: where addresses are shown, those of IPv4 and then those of IPv6, each under its heading. */
function table(report: Report): Part[] {
  const { rows, order, given, window } = report;
  const { tables } = groupingOf(given);
  const head = (window ? "" : "\n") + (given.has("nosummary") ? "" : summary(report));
  const isFirst = (row: number) => tables.length === 1 || rows.number(row, "family") === AF_INET;
  const width = (n: number) => (tables[n] ?? []).reduce((sum, c) => sum + c.width + 1, -1);
  const lines = (n: number) => window ? Math.ceil(width(n) / window.columns) : 0;
  let left = window ? window.rows - head.split("\n").length : Infinity; // with a line for what does not fit
  const parts: number[][] = tables.map(() => []);
  let hidden = 0;
  for (const row of order) {
    const n = isFirst(row) ? 0 : 1, part = parts[n] as number[];
    const needed = lines(n) * (part.length === 0 ? 2 : 1) + (n === 1 && part.length === 0 ? 1 : 0);
    if (hidden > 0 || needed > left) hidden++;
    else {
      left -= needed;
      part.push(row);
    }
  }
  const more = hidden > 0 ? `${hidden} more, for which the window is too small\n` : "";
  return [
    head,
    ...parts.flatMap((part, n): Part[] =>
      part.length === 0 ? [] : [...n > 0 ? ["\n"] : [], { columns: tables[n] ?? [], rows: part }]
    ),
    more,
  ];
}

const tool = sample({
  name: "tcptop",
  summary: "Summarize TCP send/receive throughput by host",
  description:
    "Shows, interval by interval, how many bytes each process sent and received over which TCP connection, the busiest " +
    "first. Bytes are counted where a process hands them over or takes them: sent, if they were put into the socket's " +
    "queue, by whatever call; received, if they were taken out of it, which looking at them (MSG_PEEK) is not. Processes " +
    "that share a socket have a row each. On a terminal the report fits the window and takes the place of the one before; " +
    "r, t and b sort it by bytes received, sent, or both, the space bar holds it, and q quits.",
  layout,
  options: {
    noclear: { short: "C", help: "don't clear the screen" },
    nosummary: { short: "S", help: "skip system summary line" },
    pid: pids("p"),
    ...family,
    by: {
      argument: "WHAT",
      help: "sum up by conn, pid, comm, raddr or container",
      parse: oneOf("--by takes", ["conn", "pid", "comm", "raddr", "container"]),
      constants: (by: unknown) => by === "container" ? { noting_cgroups: true } : {},
      complete: ["conn", "pid", "comm", "raddr", "container"],
    },
    sort: {
      argument: "BY",
      help: "sort by bytes received, sent or both: rx, tx or both (default)",
      parse: oneOf("--sort takes", SORTS),
      complete: SORTS,
    },
    ...containerMaps,
    ...filters,
  },
  positionals: intervals,
  plans: bytePlans,
  columns: COLUMNS,
  sample: {
    interval_s: 1,
    counters: ["rx_bytes", "tx_bytes"],
    group: (given) => groupingOf(given).group,
    others: (given) => groupingOf(given).others,
    unite: (entries, given, cgroups) => {
      if (given.get("by") === "container") uniteContainers(entries, layout.sample, cgroups);
    },
    columns: (given) => groupingOf(given).record,
    order: (rows, given) => {
      const sort = given.get("sort") as typeof SORTS[number] | undefined;
      const rx = (row: number) => rows.number(row, "rx_bytes"), tx = (row: number) => rows.number(row, "tx_bytes");
      const of = sort === "rx" ? rx : sort === "tx" ? tx : (row: number) => rx(row) + tx(row);
      return (a, b) => of(b) - of(a);
    },
    intro: (given) => `Tracing... Output every ${given.get("interval") ?? 1} secs. Hit Ctrl-C to end\n`,
    table,
    live: {
      wanted: (given) => !given.has("noclear"),
      keys: { r: ["sort", "rx"], t: ["sort", "tx"], b: ["sort", "both"] },
    },
  },
  examples: [
    { command: "tcptop", does: "trace TCP send/recv by host, every second" },
    { command: "tcptop -C 1 10", does: "don't clear the screen, 10 reports of a second" },
    { command: "tcptop -p 181", does: "only trace PID 181" },
    { command: "tcptop --by raddr --sort tx 5", does: "who got most, every 5 seconds" },
    { command: "tcptop --by container --json", does: "print a JSON line for each container and second" },
    { command: "tcptop --comm nginx --lport 443 -4", does: "what nginx sends and receives on port 443 over IPv4" },
  ],
  overhead: "About 100 nanoseconds for each call that sends or receives, whatever the number of open connections.",
  caveats: [
    "Bytes are those of processes, not of packets: headers, retransmits and what waits in queues do not show.",
    "What kernel threads send (NFS, io_uring before 5.12) is theirs; what the kernel takes without any task stands under PID 0.",
    "Of kTLS and MPTCP sockets, bytes are counted as tasks send and receive them, and only from Linux 6.5 on; what is spliced " +
    "out of them is not.",
    "A socket that no process has open when tracing begins (io_uring's fixed files, sockets on their way through other " +
    "sockets) is counted from its second read on; the first is counted as lost.",
    "With the plan kprobe, a send of which the kernel leaves out the return is not counted, and is counted as lost when its " +
    "thread sends again.",
    "With the plan iterator, bytes sent are found at the end of each interval, under the first process that has the " +
    "socket open: processes that share one are not told apart, and sockets in io_uring's fixed files are not seen. What a " +
    "socket sends in the moment in which it is looked at may be counted twice, and then is missing in the next interval, if " +
    "it lives that long; of a socket that is closed in this moment, what it sent since the last look may be, too.",
  ],
});

export default tool;
