import layout from "../bpf/softirqs.gen.ts";
import { tableColumns } from "../src/column.ts";
import { BadInput } from "../src/failure.ts";
import { NO_LOOKUPS } from "../src/lookup.ts";
import { intervals, parseWhole } from "../src/option.ts";
import { histogram } from "../src/output/histogram.ts";
import type { Part, Report } from "../src/sample.ts";
import { type KernelFacts, type Learned, sample } from "../src/tool.ts";

/** By number (include/linux/interrupt.h), in the words of /proc/softirqs in lower case. */
const VECTORS = ["hi", "timer", "net_tx", "net_rx", "block", "irq_poll", "tasklet", "sched", "hrtimer", "rcu"];

/** Refuses a CPU that is not in the machine's list, such as 0-3,5. */
function learn(kernel: KernelFacts, _warn: (line: string) => void, given: ReadonlyMap<string, unknown>): Learned {
  const cpu = given.get("cpu") as number | undefined;
  const present = kernel.readText("/sys/devices/system/cpu/present")?.trim();
  const has = (range: string) => {
    const [first = NaN, last = first] = range.split("-").map(Number);
    return cpu !== undefined && cpu >= first && cpu <= last;
  };
  if (cpu !== undefined && present !== undefined && !present.split(",").some(has)) {
    throw new BadInput(`This machine has no CPU ${cpu}: its CPUs are ${present}.`);
  }
  return { constants: {}, lookups: NO_LOOKUPS };
}

const total = { width: 11, align: "right", record: false } as const;

function table({ rows, order, end, given }: Report): Part[] {
  const head = given.has("timestamp") ? `\n${end.toTimeString().slice(0, 8)}\n` : "\n";
  if (!given.has("dist")) return [head, { columns: tableColumns(tool.columns, given), rows: order }];
  const unit = given.has("nanoseconds") ? "nsecs" : "usecs";
  const vectors = order.toSorted((a, b) => rows.number(a, "vector") - rows.number(b, "vector"));
  return [
    head,
    ...vectors.map((row) =>
      `\nsoftirq = ${VECTORS[rows.number(row, "vector")]}\n${histogram(rows.numbers(row, "slots"), unit)}`
    ),
  ];
}

const tool = sample({
  name: "softirqs",
  summary: "Sum up the time spent in soft interrupts",
  description:
    "Shows how long each kind of soft interrupt ran, or how often, in all and on request as a histogram. Soft interrupts " +
    "do most of the network's work: a machine that is busy with net_rx is busy with packets. One that is under way when " +
    "an interval ends counts in the interval in which it ends.",
  layout,
  options: {
    timestamp: { short: "T", help: "include the time of each report" },
    nanoseconds: {
      short: "N",
      help: "output in nanoseconds",
      constants: () => ({ slot_unit_ns: 1 }),
      excludes: "events",
    },
    events: {
      short: "C",
      help: "count soft interrupts, and do not time them",
      constants: () => ({ counting: true }),
      excludes: ["nanoseconds", "dist"],
    },
    dist: { short: "d", help: "show distributions as histograms", excludes: "events" },
    cpu: {
      short: "c",
      argument: "CPU",
      help: "trace this CPU only",
      parse: (text: string) => parseWhole(text, "A CPU", 0, 8191),
      constants: (cpu: unknown) => ({ only_cpu: cpu as number }),
    },
  },
  positionals: intervals,
  learn,
  plans: [{ name: "tp_btf", programs: ["entered", "left"] }],
  columns: [
    {
      key: "softirq",
      heading: "SOFTIRQ",
      width: 16,
      cell: { kind: "enum", field: "vector", names: VECTORS },
      description: "The kind of soft interrupt.",
    },
    {
      ...total,
      key: "total_usecs",
      heading: "TOTAL_usecs",
      unless: ["nanoseconds", "events"],
      cell: { kind: "quotient", field: "total_ns", divisor: 1000 },
      description: "Time spent in it, in microseconds.",
    },
    {
      ...total,
      key: "total_nsecs",
      heading: "TOTAL_nsecs",
      option: "nanoseconds",
      cell: { kind: "uint", field: "total_ns" },
      description: "Time spent in it, in nanoseconds (-N).",
    },
    {
      ...total,
      key: "total_count",
      heading: "TOTAL_count",
      option: "events",
      cell: { kind: "uint", field: "count" },
      description: "How often it ran (-C).",
    },
    { key: "count", width: 0, cell: { kind: "uint", field: "count" }, description: "How often it ran." },
    {
      key: "total_ns",
      width: 0,
      unless: "events",
      cell: { kind: "uint", field: "total_ns" },
      description: "Time spent in it, in nanoseconds; not there with -C.",
    },
    {
      key: "dist_us",
      width: 0,
      option: "dist",
      unless: "nanoseconds",
      cell: { kind: "list", field: "slots" },
      description:
        "With -d, how many took 0 or 1 us, 2 or 3, 4 to 7 and so on, by powers of two as far as there are any.",
    },
    {
      key: "dist_ns",
      width: 0,
      option: ["dist", "nanoseconds"],
      cell: { kind: "list", field: "slots" },
      description: "With -d and -N, the same in nanoseconds.",
    },
  ],
  sample: {
    counters: ["count", "total_ns", "slots"],
    group: () => ["vector"],
    order: (rows, given) => {
      const by = given.has("events") ? "count" : "total_ns";
      return (a, b) => rows.number(b, by) - rows.number(a, by);
    },
    intro: (given) => `Tracing soft irq event${given.has("events") ? "s" : " time"}... Hit Ctrl-C to end.\n`,
    table,
  },
  examples: [
    { command: "softirqs", does: "sum up soft interrupt time, until Ctrl-C" },
    { command: "softirqs 1 10", does: "print 1 second summaries, 10 times" },
    { command: "softirqs -NT 1", does: "1 second summaries in nanoseconds, with the time" },
    { command: "softirqs -d", does: "show soft interrupt time as histograms" },
    { command: "softirqs -C 5", does: "count soft interrupts, every 5 seconds" },
    { command: "softirqs -c 1 --json 1", does: "print those of CPU 1 as JSON Lines, every second" },
  ],
  overhead: "About 60 nanoseconds for each soft interrupt; with -C about 20.",
  caveats: [
    "Soft interrupts that were under way when tracing began are not counted.",
    "Work that the kernel does in threads instead (threaded NAPI) is no soft interrupt.",
    "Durations of half a minute and more stand in the last line of the histogram (36 seconds with -N).",
  ],
});

export default tool;
