import layout from "../bpf/tcpdrop.gen.ts";
import { CannotRun } from "../src/failure.ts";
import { TCP_STATES } from "../src/column.ts";
import { filters, pids } from "../src/filter.ts";
import { readEnum } from "../src/kernel/btf_enum.ts";
import { newSymbolizer } from "../src/kernel/kallsyms.ts";
import { containerMaps, family, parseWhole } from "../src/option.ts";
import { acceptPlans, type KernelFacts, type Learned, stream } from "../src/tool.ts";
import { EXPLANATIONS, NO_LOSS, UNEXPLAINED } from "./drop_reason.ts";

const FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];
const FLAG_SETS = Array.from({ length: 256 }, (_, set) => FLAGS.filter((_, bit) => set >> bit & 1).join("|"));
const STATES = ["-", ...TCP_STATES.slice(1)];
const AF_INET = 2, AF_INET6 = 10;

const NO_REASONS = "this kernel gives no reasons for drops, and does not show those within TCP: " +
  "5.17 and newer ones do. All packets that are freed by kfree_skb() are shown";

/** Undefined where there are none. Throws CannotRun. */
function reasonsOf(btf: Uint8Array): Map<number, string> | undefined {
  try {
    return readEnum(btf, "skb_drop_reason");
  } catch (error) {
    throw new CannotRun(
      `This kernel's BTF cannot be read (/sys/kernel/btf/vmlinux: ${error instanceof Error ? error.message : error}).`,
    );
  }
}

/** The reasons' names and numbers as the running kernel has them, which change with every release. */
function learn(kernel: KernelFacts, warn: (line: string) => void): Learned {
  const btf = kernel.readBytes("/sys/kernel/btf/vmlinux");
  const reasons = btf && reasonsOf(btf);
  if (btf && !reasons) warn(NO_REASONS);
  const names: string[] = [];
  const ignored = new Uint8Array(layout.rodata.ignored_reasons.size);
  for (const [n, full] of reasons ?? []) {
    if (n >= 8 * ignored.length) continue; // SKB_DROP_REASON_SUBSYS_MASK
    const name = full.replace(/^SKB_DROP_REASON_/, "");
    names[n] = name;
    if (NO_LOSS.has(name)) ignored[n >> 3] = (ignored[n >> 3] as number) | 1 << (n & 7);
  }
  return {
    constants: { ignored_reasons: ignored },
    lookups: {
      names: {
        drop_reason: (n) => names[n] ?? "UNKNOWN",
      },
      symbol: newSymbolizer(kernel.openBytes("/proc/kallsyms"), warn),
    },
  };
}

const reason = {
  key: "reason",
  width: 0,
  known: "reason_known",
  cell: { kind: "named", field: "reason", by: "drop_reason" },
  description: "Why it was dropped, in the words of the running kernel.",
} as const;
const reasonCode = {
  key: "reason_code",
  width: 0,
  known: "reason_known",
  cell: { kind: "uint", field: "reason" },
  description: "The reason's number, which means different things on different kernels.",
} as const;
const reasonAndCode = {
  key: "reason_and_code",
  heading: "REASON (CODE)",
  width: 0,
  record: false,
  known: "reason_known",
  cell: { kind: "joined", parts: [reason.cell, " (", reasonCode.cell, ")"] },
  description: "Why it was dropped, in the words and with the number of the running kernel; - if it gives no reasons.",
} as const;

export default stream({
  name: "tcpdrop",
  summary: "Trace TCP packets that the kernel drops",
  description:
    "Shows each TCP packet that the kernel drops, received or sent: who owns its socket, both of its ends, the socket's " +
    "state, the packet's flags, why it was dropped, and the way through the kernel to the place where it was. Reasons " +
    "are named and numbered as the running kernel does. Packets that are freed and were no loss, such as those in the " +
    "queue of a socket that is closed, are shown with --all only.",
  layout,
  options: {
    ipv4: { ...family.ipv4, constants: () => ({ packet_family: AF_INET }) },
    ipv6: { ...family.ipv6, constants: () => ({ packet_family: AF_INET6 }) },
    "netns-id": {
      ...filters.netns,
      argument: "INODE",
      help: "trace this network namespace only, by its inode number",
      parse: (text: string) => filters.netns.parse?.(String(parseWhole(text, "A network namespace", 1, 4294967295))),
      capabilities: [], // none for a number
      excludes: "pid-netns",
    },
    "pid-netns": {
      ...filters.netns,
      argument: "PID",
      help: "trace the network namespace of this process only",
      parse: (text: string) => filters.netns.parse?.(`pid:${text}`),
      excludes: "netns-id",
    },
    all: {
      help: "show packets that are freed for reasons that are no loss, too",
      constants: () => ({ ignored_reasons: new Uint8Array(layout.rodata.ignored_reasons.size) }),
    },
    explain: { help: "say under each row what its reason means, and what to look at" },
    count: {
      short: "c",
      help: "count drops by reason and by the function that drops, and show the counts at the end",
      constants: () => ({ counting: true }),
    },
    pid: pids("p", "trace packets of these PIDs' sockets only (a list; !PID leaves one out)"),
    ...containerMaps,
    ...filters,
  },
  capabilities: [{
    capability: "CAP_SYSLOG",
    what: "to name the functions in stacks, which are addresses without it",
    unless: "kernel.kptr_restrict is 0 and kernel.perf_event_paranoid at most 1",
  }],
  plans: acceptPlans(["dropped", "set_state", "forget_owner"], "seed_owners"),
  learn,
  columns: [
    {
      key: "time_of_day",
      heading: "TIME",
      width: 8,
      record: false,
      cell: { kind: "time_of_day", field: "time_ns" },
      description: "Local time of the event (HH:MM:SS).",
    },
    {
      key: "pid",
      heading: "PID",
      width: 7,
      known: "pid",
      cell: { kind: "uint", field: "pid" },
      description: "Id of the process that owns the packet's socket.",
    },
    {
      key: "comm",
      width: 0,
      known: "pid",
      cell: { kind: "comm", field: "comm" },
      description: "Name of the thread that made, accepted or listens on the socket.",
    },
    {
      key: "ip",
      heading: "IP",
      width: 2,
      cell: { kind: "ip_version", field: "family" },
      description: "IP version of the packet, 4 or 6.",
    },
    {
      key: "source",
      heading: "SADDR:SPORT",
      width: 20,
      record: false,
      cell: { kind: "endpoint", address: "saddr", port: "sport", family: "family" },
      description: "Where the packet comes from.",
    },
    {
      key: "to",
      heading: ">",
      width: 1,
      record: false,
      cell: { kind: "text", text: ">" },
      description: "Stands between source and destination.",
    },
    {
      key: "destination",
      heading: "DADDR:DPORT",
      width: 20,
      record: false,
      cell: { kind: "endpoint", address: "daddr", port: "dport", family: "family" },
      description: "Where the packet goes to.",
    },
    {
      key: "saddr",
      width: 0,
      cell: { kind: "address", field: "saddr", family: "family" },
      description: "Address that the packet comes from.",
    },
    {
      key: "sport",
      width: 0,
      cell: { kind: "port", field: "sport" },
      description: "Port that the packet comes from.",
    },
    {
      key: "daddr",
      width: 0,
      cell: { kind: "address", field: "daddr", family: "family" },
      description: "Address that the packet goes to.",
    },
    {
      key: "dport",
      width: 0,
      cell: { kind: "port", field: "dport" },
      description: "Port that the packet goes to.",
    },
    {
      key: "state_and_flags",
      heading: "STATE (FLAGS)",
      width: 20,
      record: false,
      cell: {
        kind: "joined",
        parts: [
          { kind: "enum", field: "state", names: STATES },
          " (",
          { kind: "enum", field: "flags", names: FLAG_SETS },
          ")",
        ],
      },
      description: "State of the packet's socket, - if none is known, and the packet's TCP flags.",
    },
    {
      key: "state",
      width: 0,
      known: "state",
      cell: { kind: "enum", field: "state", names: STATES },
      description: "State of the packet's socket.",
    },
    {
      key: "flags",
      width: 0,
      cell: { kind: "enum", field: "flags", names: FLAG_SETS },
      description: "TCP flags of the packet, with | between them.",
    },
    { ...reasonAndCode, glued: true },
    reason,
    reasonCode,
    {
      key: "explanation",
      heading: "EXPLANATION",
      width: 0,
      glued: true,
      below: true,
      record: false,
      option: "explain",
      cell: { kind: "joined", parts: ["\n  ", { ...reason.cell, about: EXPLANATIONS, otherwise: UNEXPLAINED }] },
      description: "What the reason means and what to look at, in a line under the row (--explain).",
    },
    {
      key: "stack",
      heading: "STACK",
      width: 0,
      below: true,
      cell: { kind: "stack", field: "stack", from: "location" },
      description: "The kernel's functions from the one that dropped it outwards, a line each under the row.",
    },
  ],
  count: {
    option: "count",
    order: "descending",
    columns: [
      { ...reasonAndCode, width: 32 },
      reason,
      reasonCode,
      {
        key: "function",
        heading: "FUNCTION",
        width: 40,
        cell: { kind: "symbol", field: "location" },
        description: "The function that dropped it, and the place in it.",
      },
      {
        key: "drops",
        heading: "DROPS",
        width: 10,
        align: "right",
        cell: { kind: "uint", field: "count" },
        description: "Packets that were dropped there for this reason.",
      },
    ],
  },
  examples: [
    { command: "tcpdrop", does: "trace all dropped TCP packets" },
    { command: "tcpdrop -4", does: "trace IPv4 packets only" },
    { command: "tcpdrop -6", does: "trace IPv6 packets only" },
    { command: "tcpdrop --netns-id 4026531840", does: "only trace this network namespace" },
    { command: "tcpdrop --netns /proc/self/ns/net", does: "only trace the network namespace of this shell" },
    { command: "tcpdrop --explain", does: "say what each reason means" },
    { command: "tcpdrop -c", does: "count drops by reason and function" },
    { command: "tcpdrop --lport 443 --json", does: "print drops of local port 443 as JSON Lines" },
  ],
  overhead:
    "About 6 microseconds for each dropped packet, most of it for the stack and for waking nettrace up, about a microsecond " +
    "for each accept, and about 0.3 for each change of a TCP socket's state.",
  caveats: [
    "The kernel also frees packets with reasons that need not be a loss to anyone, such as duplicates; the reason tells.",
    "PID 0 stands for a packet whose socket, or the socket's owner, is not known: of one that was dropped before the " +
    "kernel looked for its socket, or is for none. Filters by process leave such packets out.",
    "Before 6.11 the kernel does not tell for which socket a received packet was, until it is in the socket's queue. " +
    "Before 5.17 it gives no reasons, and drops within TCP are not seen at all.",
    "Of fragments, only the first has a TCP header, and is shown. Packets of which the header is cut off or is not in " +
    "the packet's linear part are counted as lost.",
    "Filters by local and remote ends take the destination for the local one in packets that were received or have " +
    "no socket.",
    "Names of reasons that belong to a module (mac80211, Open vSwitch) are not looked up: they stand as UNKNOWN.",
  ],
});
