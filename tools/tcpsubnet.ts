import layout from "../bpf/tcpsubnet.gen.ts";
import { BadInput } from "../src/failure.ts";
import { filters, pids, prefix } from "../src/filter.ts";
import { NO_LOOKUPS } from "../src/lookup.ts";
import { containerMaps, family, intervals, oneOf } from "../src/option.ts";
import type { Rows } from "../src/rows.ts";
import type { Report } from "../src/sample.ts";
import { parseSubnets, prefixesOf, type Subnet } from "../src/subnet.ts";
import { type KernelFacts, type Learned, sample } from "../src/tool.ts";
import { bytePlans } from "./bytes.ts";

const DEFAULT = "127.0.0.1/32,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,0.0.0.0/0";
const NO_SUBNET = 0xffffffff; // bpf/tcpsubnet.bpf.c

const UNITS = { b: 1 / 8, k: 1024 / 8, m: 1024 ** 2 / 8, B: 1, K: 1024, M: 1024 ** 2 } as const;
type Unit = keyof typeof UNITS;

const subnetsOf = (given: ReadonlyMap<string, unknown>) =>
  given.get("subnets") as Subnet[] | undefined ?? parseSubnets(DEFAULT);

function learn(_kernel: KernelFacts, _warn: (line: string) => void, given: ReadonlyMap<string, unknown>): Learned {
  const other = ["json", "csv"].find((name) => given.has(name));
  if (given.has("bcc-json") && other !== undefined) {
    throw new BadInput(`-J/--bcc-json and --${other} exclude each other: give one of them.`);
  }
  const subnets = subnetsOf(given);
  const entries = prefixesOf(subnets, given.has("longest") ? "longest" : "first").map(({ bits, bytes, subnet }) => ({
    key: prefix(bits, bytes),
    value: new Uint8Array(Uint32Array.of(subnet ?? NO_SUBNET).buffer),
  }));
  return {
    constants: { counting_tx: !given.has("rx"), counting_rx: given.has("rx") || given.has("both") },
    lookups: { ...NO_LOOKUPS, names: { subnet: (n) => subnets[n]?.text ?? "" } },
    fills: [{ map: "subnets", entries, alike: ["samples_0", "samples_1"] }],
  };
}

/** The counters that are asked for. */
function wanted(given: ReadonlyMap<string, unknown>): ("tx_bytes" | "rx_bytes")[] {
  return given.has("both") ? ["tx_bytes", "rx_bytes"] : given.has("rx") ? ["rx_bytes"] : ["tx_bytes"];
}

const sum = (rows: Rows, row: number, given: ReadonlyMap<string, unknown>) =>
  wanted(given).reduce((n, counter) => n + rows.number(row, counter), 0);

const two = (n: number) => String(n).padStart(2, "0");

/** Local date and time in bcc's form, as in 03/05/18 and 22:38:58. */
function dateAndTime(of: Date): [date: string, time: string] {
  const date = [of.getMonth() + 1, of.getDate(), of.getFullYear() % 100].map(two).join("/");
  return [date, of.toTimeString().slice(0, 8)];
}

function table({ rows, order, end, given, partial, name }: Report): string[] {
  const format = given.get("format") as Unit | undefined ?? "B", unit = UNITS[format];
  const counters = wanted(given);
  const label = (row: number) => name("subnet", rows.number(row, "subnet"));
  const [date, time] = dateAndTime(end);
  if (given.has("bcc-json")) {
    const value = (row: number) => {
      const isFloat = format !== "b" && format !== "B";
      const [first, second] = counters.map((counter) => python(rows.number(row, counter) / unit, isFloat));
      return second === undefined ? first : { tx: first, rx: second };
    };
    return [bccJson({
      date,
      time,
      ...partial && { partial },
      entries: Object.fromEntries(order.map((row) => [label(row), value(row)])),
    })];
  }
  const line = (name: string, cells: readonly string[]) =>
    `${name.padEnd(21)} ${cells.map((cell) => cell.padStart(6)).join(" ")}\n`;
  return [
    `[${date} ${time}]\n`,
    ...counters.length > 1 && order.length > 0 ? [line("SUBNET", ["TX", "RX"])] : [],
    ...order.map((row) =>
      line(label(row), counters.map((counter) => String(Math.floor(rows.number(row, counter) / unit))))
    ),
  ];
}

/** JSON as bcc's Python writes it: with blanks, and numbers as text where `value` gives them so. */
function bccJson(value: object): string {
  const written = (of: unknown): string =>
    of instanceof Verbatim
      ? of.text
      : typeof of === "object" && of !== null
      ? `{${Object.entries(of).map(([key, v]) => `${JSON.stringify(key)}: ${written(v)}`).join(", ")}}`
      : JSON.stringify(of);
  return written(value) + "\n";
}

class Verbatim {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A number as Python's repr has it: of floats, the shortest text with a point or, below 1e-4, an exponent of two digits. */
function python(n: number, isFloat: boolean): Verbatim {
  if (!isFloat) return new Verbatim(String(n));
  if (n !== 0 && n < 1e-4) return new Verbatim(n.toExponential().replace(/e-(\d)$/, "e-0$1"));
  return new Verbatim(Number.isInteger(n) ? `${n}.0` : String(n));
}

const [interval, count] = intervals;

const COLUMNS = [
  {
    key: "subnet",
    width: 0,
    cell: { kind: "named", field: "subnet", by: "subnet" },
    description: "The subnet as it was typed.",
  },
  {
    key: "tx_bytes",
    width: 0,
    unless: "rx",
    cell: { kind: "uint", field: "tx_bytes" },
    description: "Bytes sent; not with --rx.",
  },
  {
    key: "rx_bytes",
    width: 0,
    option: "rx",
    cell: { kind: "uint", field: "rx_bytes" },
    description: "Bytes received; with --rx or --both.",
  },
] as const;

const tool = sample({
  name: "tcpsubnet",
  summary: "Summarize TCP bytes sent to different subnets",
  description:
    "Shows, interval by interval, how many bytes were sent over TCP to each of some subnets, or received from them, the " +
    "most first; subnets without traffic are left out. Subnets may overlap: what goes to several counts for the first of " +
    "them in the list, or with --longest for the smallest. IPv4 addresses are in IPv4 subnets only, also those of IPv6 " +
    "sockets (::ffff:a.b.c.d). What is in no subnet is not counted; the default list has all of IPv4, and nothing of IPv6.",
  layout,
  options: {
    "bcc-json": { short: "J", help: "format output in JSON, as bcc does" },
    format: {
      short: "f",
      argument: "UNIT",
      help: "unit: b, k or m for bits and multiples of 1024, B (default), K or M for bytes",
      parse: oneOf("--format takes", ["b", "k", "m", "B", "K", "M"]),
      complete: ["b", "k", "m", "B", "K", "M"],
    },
    interval: {
      short: "i",
      argument: "SECONDS",
      help: "output interval, in seconds (default 1)",
      parse: interval.parse,
    },
    count: { argument: "N", help: "number of reports", parse: count.parse },
    rx: { help: "count bytes received instead of sent", excludes: "both" },
    both: { help: "count bytes sent and received", excludes: "rx" },
    longest: { help: "of overlapping subnets, count for the smallest and not for the first" },
    pid: pids("p"),
    ...family,
    ...containerMaps,
    ...filters,
  },
  positionals: [{
    name: "subnets",
    help: `subnets to count for, in this order (default ${DEFAULT})`,
    parse: parseSubnets,
  }],
  plans: bytePlans,
  learn,
  columns: COLUMNS,
  sample: {
    interval_s: 1,
    counters: ["tx_bytes", "rx_bytes"],
    group: () => ["subnet"],
    columns: (given) => COLUMNS.filter(({ key }) => key === "subnet" || wanted(given).includes(key)),
    order: (rows, given) => (a, b) => sum(rows, b, given) - sum(rows, a, given),
    intro: (given) =>
      given.has("bcc-json") ? "" : `Tracing... Output every ${given.get("interval") ?? 1} secs. Hit Ctrl-C to end\n`,
    bare: (given) => given.has("bcc-json"),
    table,
  },
  examples: [
    { command: "tcpsubnet", does: "bytes sent to private networks and to all else, every second" },
    {
      command: "tcpsubnet -f K -i 5 10.80.0.0/24,0.0.0.0/0",
      does: "in KB, every 5 seconds, to one subnet and the rest",
    },
    {
      command: "tcpsubnet --both --longest ::/0,2001:db8::/32,0.0.0.0/0",
      does: "both ways, the smallest subnet counts",
    },
    { command: "tcpsubnet --rx --json 192.168.0.0/16", does: "bytes received, as JSON Lines" },
    { command: "tcpsubnet -J", does: "JSON as bcc prints it" },
  ],
  overhead:
    "About 100 nanoseconds for each call that sends or receives, whatever the number of subnets and connections.",
  caveats: [
    "Bytes are those of processes, not of packets: headers, retransmits and what waits in queues do not count.",
    "Of kTLS and MPTCP sockets, bytes are counted as tasks send and receive them, and only from Linux 6.5 on; what is spliced " +
    "out of them is not.",
    "A socket that no process has open when tracing begins (io_uring's fixed files, sockets on their way through other " +
    "sockets) is counted from its second read on; the first is counted as lost.",
    "With the plan kprobe, a send of which the kernel leaves out the return is not counted, and is counted as lost when its " +
    "thread sends again.",
    "With the plan iterator, bytes sent are found at the end of each interval; sockets in io_uring's fixed files are not " +
    "seen, and what a socket sends in the moment in which it is looked at may be counted twice, as `nettrace man tcptop` says.",
  ],
});

export default tool;
