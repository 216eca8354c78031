import layout from "../bpf/netqtop.gen.ts";
import { PROCESS_NEED } from "../src/capability.ts";
import { BadInput } from "../src/failure.ts";
import { tableColumns } from "../src/column.ts";
import { followInterface, MOST_QUEUES } from "../src/interface.ts";
import { NO_LOOKUPS } from "../src/lookup.ts";
import { type Netns, parseNetns } from "../src/netns.ts";
import { intervals, parseSeconds } from "../src/option.ts";
import { asctime } from "../src/output/asctime.ts";
import { scaled } from "../src/output/scaled.ts";
import type { Report } from "../src/sample.ts";
import { type KernelFacts, type Learned, sample } from "../src/tool.ts";

// By enum direction in bpf/netqtop.bpf.c.
const DIRECTIONS = ["tx", "rx"] as const;

// bcc has no column for the largest.
const SIZES = ["below_64", "below_512", "below_2k", "below_16k", "below_64k"] as const;
const COUNTERS = ["packets", "bytes", ...SIZES, "from_64k"] as const;
type Counters = Record<typeof COUNTERS[number], number>;

const WIDTH = 11;

function learn(kernel: KernelFacts, warn: (line: string) => void, given: ReadonlyMap<string, unknown>): Learned {
  const name = given.get("name") as string, netns = given.get("netns") as Netns | undefined;
  const followed = followInterface(name, netns, kernel, warn);
  return {
    constants: { netns: followed.netns, netns_cookie: new Uint8Array(BigUint64Array.of(followed.cookie).buffer) },
    lookups: NO_LOOKUPS,
    watch: followed.look,
  };
}

function table({ rows, order, spent_s, end, given, variable }: Report): string[] {
  const rates = given.has("throughput");
  const headings = tableColumns(tool.columns, given).map((column) => column.heading ?? "");
  const line = (...cells: readonly string[]) => ` ${cells.map((cell) => cell.padEnd(WIDTH)).join("")}\n`;
  const direction = (n: number) => {
    const queues = new Map<number, Counters>();
    for (const row of order) {
      if (rows.number(row, "direction") !== n) continue;
      const values = COUNTERS.map((counter) => [counter, rows.number(row, counter)]);
      queues.set(rows.number(row, "queue"), Object.fromEntries(values) as Counters);
    }
    const told = variable(`${DIRECTIONS[n]}_queues`);
    const known = Math.min(told || Math.max(-1, ...queues.keys()) + 1, MOST_QUEUES);
    const beyond = told === 0 ? [...queues.keys()].filter((queue) => queue >= known).sort((a, b) => a - b) : [];
    const shown = [...Array.from({ length: known }, (_, queue) => queue), ...beyond];
    const cells = (of: Counters) => cellsOf(of, rates ? spent_s : undefined);
    const lines = shown.map((queue) => line(String(queue), ...cells(queues.get(queue) ?? NOTHING)));
    return line(...headings) + lines.join("") + line("Total", ...cells(sum([...queues.values()])));
  };
  const rule = "-".repeat(WIDTH * headings.length - (rates ? 4 : 0));
  return [`${asctime(end)}\nTX\n`, direction(0), "\nRX\n", direction(1), `${rule}\n`];
}

/** A queue's cells; with how long the interval was, its rates too. */
function cellsOf(of: Counters, spent_s?: number): string[] {
  const average = of.packets === 0 ? "0" : scaled(of.bytes / of.packets, true);
  const rates = spent_s === undefined ? [] : [of.bytes, of.packets].map((n) => scaled(n / spent_s, true));
  return [average, ...SIZES.map((size) => scaled(of[size], false)), ...rates];
}

function sum(all: readonly Counters[]): Counters {
  const total = { ...NOTHING };
  for (const one of all) for (const counter of COUNTERS) total[counter] += one[counter];
  return total;
}

const NOTHING = Object.fromEntries(COUNTERS.map((counter) => [counter, 0])) as Counters;

const size = (field: typeof COUNTERS[number], key: string, what: string, heading?: string) => ({
  key,
  ...heading !== undefined && { heading },
  width: WIDTH,
  glued: true,
  cell: { kind: "uint", field },
  description: `Packets of ${what} bytes.`,
} as const);

const rate = { width: WIDTH, glued: true, option: "throughput", record: false } as const;

function parseName(text: string): string {
  const length = new TextEncoder().encode(text).length;
  if (length < 1 || length > 15) throw new BadInput(`An interface's name has 1 to 15 bytes, not '${text}'.`);
  return text;
}

const { parse: parseCount } = intervals[1];

const tool = sample({
  name: "netqtop",
  summary: "Show packets and bytes of an interface by queue",
  description:
    "Shows how many packets each queue of an interface sent and received in an interval, how large they were on average " +
    "and in classes, and on request the rates. A queue that has much more than the others has its CPU work for all. The " +
    "sizes are those of the kernel's packets: sent ones before they are cut into frames (GSO) and with their Ethernet " +
    "header, received ones after they were put together (GRO) and without it. The interface is known by its network " +
    "namespace and its index there. If it is renamed it is counted on; if it vanishes, what comes next under its name is " +
    "counted; either is said on standard error.",
  layout,
  options: {
    name: { short: "n", argument: "NIC", help: "the interface, as in eth0", parse: parseName, required: true },
    interval: {
      short: "i",
      argument: "SECONDS",
      help: "seconds between reports, as in 0.5 (default 1)",
      parse: (text: string) => parseSeconds(text, 0.01),
    },
    throughput: { short: "t", help: "show bytes and packets per second (BPS, PPS)" },
    count: { argument: "N", help: "number of reports", parse: parseCount },
    netns: {
      argument: "NETNS",
      help: "the interface is in this network namespace: inode, path or pid:N",
      parse: parseNetns,
      capabilities: [
        { capability: "CAP_SYS_ADMIN", what: "to look into another network namespace", later: true },
        { ...PROCESS_NEED, later: true },
      ],
    },
  },
  plans: [{ name: "tp_btf", programs: ["sent", "received"] }],
  learn,
  columns: [
    {
      key: "direction",
      width: 0,
      cell: { kind: "enum", field: "direction", names: DIRECTIONS },
      description: "Direction: tx for packets sent, rx for packets received.",
    },
    {
      key: "queue",
      heading: "QueueID",
      width: WIDTH,
      glued: true,
      cell: { kind: "uint", field: "queue" },
      description: "The queue, from 0.",
    },
    { key: "packets", width: 0, cell: { kind: "uint", field: "packets" }, description: "Packets." },
    { key: "bytes", width: 0, cell: { kind: "uint", field: "bytes" }, description: "Bytes of these packets." },
    {
      key: "avg_size_bytes",
      heading: "avg_size",
      width: WIDTH,
      glued: true,
      cell: { kind: "mean", field: "bytes", by: "packets", digits: 2 },
      description: "Mean size of a packet, in bytes.",
    },
    size("below_64", "packets_0_63", "0 to 63", "[0, 64)"),
    size("below_512", "packets_64_511", "64 to 511", "[64, 512)"),
    size("below_2k", "packets_512_2047", "512 to 2047", "[512, 2K)"),
    size("below_16k", "packets_2048_16383", "2048 to 16383", "[2K, 16K)"),
    size("below_64k", "packets_16384_65535", "16384 to 65535", "[16K, 64K)"),
    size("from_64k", "packets_65536", "65536 and more"),
    {
      ...rate,
      key: "bps",
      heading: "BPS",
      cell: { kind: "per_s", field: "bytes", digits: 2 },
      description: "Bytes per second (-t).",
    },
    {
      ...rate,
      key: "pps",
      heading: "PPS",
      cell: { kind: "per_s", field: "packets", digits: 2 },
      description: "Packets per second (-t).",
    },
    {
      key: "bytes_per_s",
      width: 0,
      cell: { kind: "per_s", field: "bytes", digits: 2 },
      description: "Bytes per second of the interval as long as it really was.",
    },
    {
      key: "packets_per_s",
      width: 0,
      cell: { kind: "per_s", field: "packets", digits: 2 },
      description: "Packets per second of it.",
    },
  ],
  sample: {
    interval_s: 1,
    counters: COUNTERS,
    group: () => ["queue", "direction"],
    order: (rows) => (a, b) =>
      rows.number(a, "direction") - rows.number(b, "direction") || rows.number(a, "queue") - rows.number(b, "queue"),
    intro: () => "",
    table,
  },
  examples: [
    { command: "netqtop -n eth0", does: "show the queues of eth0, every second" },
    { command: "netqtop -n eth0 -i 0.5 -t", does: "twice a second, with bytes and packets per second" },
    { command: "netqtop -n eth0 -i 10 --count 6", does: "six reports, one every 10 seconds" },
    { command: "netqtop -n eth0 --json", does: "print a JSON line for each queue with traffic, every second" },
    { command: "netqtop -n eth0 --netns 4026532621", does: "an interface of another network namespace" },
  ],
  overhead: "About 10 nanoseconds for each packet of other interfaces, and 100 for each of this one.",
  caveats: [
    "Packets that the driver's own receive path hands to XDP programs, or that are sent by AF_XDP, are not seen.",
    "Where the driver records no queue for received packets, they stand under queue 0.",
    "When an interface vanishes and another of its name comes, what that has sent and received within a quarter of a second " +
    "of its beginning may not be counted.",
    "With --netns, counting ends when what the namespace was named by (a path, a process) does not lead there any more, as " +
    "its number may then be another's. Before 5.14, packets of such another namespace may be counted for a quarter of a second.",
    "Queues are as many as the interface has in use; before its first packet, as many as /sys/class/net shows. Packets of " +
    "queues beyond stand in Total and in records.",
    "The table has no column for packets of 64K and more (BIG TCP); they are in Total, avg_size and records.",
  ],
});

export default tool;
