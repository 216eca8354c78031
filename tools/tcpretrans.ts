import layout from "../bpf/tcpretrans.gen.ts";
import { TCP_STATES, timeColumns } from "../src/column.ts";
import { filters, pids } from "../src/filter.ts";
import { addressOf } from "../src/kernel/symbol.ts";
import { containerMaps, family } from "../src/option.ts";
import { acceptPlans, stream } from "../src/tool.ts";

// By enum retransmit_kind in bpf/tcpretrans.bpf.c.
const KINDS = [undefined, "fast", "rto", "probe", "syn", "synack", "new_data"] as const;
const TYPES = [undefined, "R", "R", "L", "R", "R", "L"] as const;

const { option: _, ...time } = timeColumns[0];

const laddr = { kind: "address", field: "laddr", family: "family" } as const;
const lport = { kind: "port", field: "lport" } as const;
const raddr = { kind: "address", field: "raddr", family: "family" } as const;
const rport = { kind: "port", field: "rport" } as const;

const local = [
  { key: "laddr", width: 0, cell: laddr, description: "Local address." },
  { key: "lport", width: 0, cell: lport, description: "Local port." },
] as const;
const remote = [
  { key: "raddr", width: 0, cell: raddr, description: "Remote address." },
  { key: "rport", width: 0, cell: rport, description: "Remote port." },
] as const;

const state = {
  key: "state",
  heading: "STATE",
  width: 0,
  cell: { kind: "enum", field: "state", names: TCP_STATES },
  description: "State of the connection.",
} as const;

export default stream({
  name: "tcpretrans",
  summary: "Trace TCP retransmits",
  description:
    "Shows each segment that TCP sends again, SYNs and SYN-ACKs among them: who owns the socket, both of its ends, and its " +
    "state. T> is R> for a retransmit and L> for a tail loss probe: the last segment, sent again early to find out whether " +
    "it was lost. Segments that could not be sent are not shown.",
  layout,
  options: {
    sequence: { short: "s", help: "display TCP sequence numbers" },
    lossprobe: {
      short: "l",
      help: "include tail loss probes that send new data, and so are no retransmits",
      constants: () => ({ tcp_write_timer: addressOf("tcp_write_timer") }),
      programs: ["begin_timer", "end_timer"],
      capabilities: [{
        capability: "CAP_SYSLOG",
        what: "to learn where tcp_write_timer is",
        unless: "kernel.kptr_restrict is 0 and kernel.perf_event_paranoid at most 1",
      }],
    },
    count: {
      short: "c",
      help: "count retransmits per connection, and show the counts at the end",
      constants: () => ({ counting: true }),
    },
    "show-kind": { help: "show why it was sent: fast, rto, probe, syn, synack or new_data" },
    ...family,
    pid: pids("p"),
    ...containerMaps,
    ...filters,
  },
  plans: acceptPlans(["set_state", "forget_owner", "retransmit_skb", "retransmit_synack"], "seed_owners"),
  intro: "Tracing retransmits ... Hit Ctrl-C to end\n",
  columns: [
    { ...time, width: 8, glued: false },
    {
      key: "pid",
      heading: "PID",
      width: 7,
      known: "pid",
      cell: { kind: "uint", field: "pid" },
      description: "Id of the process that owns the socket; of a SYN-ACK, the listener's.",
    },
    {
      key: "comm",
      width: 0,
      known: "pid",
      cell: { kind: "comm", field: "comm" },
      description: "Name of the thread that made or accepted the connection.",
    },
    {
      key: "ip",
      heading: "IP",
      width: 2,
      cell: { kind: "ip_version", field: "family" },
      description: "IP version of the socket, 4 or 6; 6 for IPv4 on an IPv6 socket (::ffff:a.b.c.d).",
    },
    {
      key: "local",
      heading: "LADDR:LPORT",
      width: 20,
      record: false,
      cell: { kind: "endpoint", address: "laddr", port: "lport", family: "family" },
      description: "Local address and port.",
    },
    ...local,
    {
      key: "direction",
      heading: "T>",
      width: 2,
      record: false,
      cell: { kind: "enum", field: "kind", names: TYPES.map((type) => type && `${type}>`) },
      description: "R> for a retransmit, L> for a tail loss probe.",
    },
    {
      key: "remote",
      heading: "RADDR:RPORT",
      width: 20,
      record: false,
      cell: { kind: "endpoint", address: "raddr", port: "rport", family: "family" },
      description: "Remote address and port.",
    },
    ...remote,
    {
      key: "type",
      width: 0,
      cell: { kind: "enum", field: "kind", names: TYPES },
      description: "R for a retransmit, L for a tail loss probe.",
    },
    {
      key: "kind",
      heading: "KIND",
      width: 8,
      option: "show-kind",
      cell: { kind: "enum", field: "kind", names: KINDS },
      description:
        "Why it was sent: loss seen from acknowledgements (fast), a timeout and what follows it (rto), a tail loss " +
        "probe (probe, or new_data if it sent new data), a SYN (syn) or a SYN-ACK (synack).",
    },
    { ...state, unless: "sequence" },
    { ...state, width: 12, option: "sequence", record: false },
    {
      key: "seq",
      heading: "SEQ       ", // bcc pads the heading and not the values
      width: 0,
      option: "sequence",
      cell: { kind: "uint", field: "seq" },
      description: "First sequence number of the segment.",
    },
  ],
  count: {
    option: "count",
    order: "ascending",
    columns: [
      // bcc's headings are wider than what stands under them.
      {
        key: "local",
        heading: "LADDR:LPORT              ",
        width: 20,
        record: false,
        cell: { kind: "joined", parts: ["[", laddr, "]#", lport] },
        description: "Local address and port.",
      },
      ...local,
      {
        key: "remote",
        heading: "RADDR:RPORT              ",
        width: 24,
        record: false,
        cell: { kind: "joined", parts: ["<-> [", raddr, "]#", rport] },
        description: "Remote address and port.",
      },
      ...remote,
      {
        key: "retransmits",
        heading: "RETRANSMITS",
        width: 10,
        align: "right",
        cell: { kind: "uint", field: "count" },
        description: "Retransmits, and with -l tail loss probes.",
      },
    ],
  },
  examples: [
    { command: "tcpretrans", does: "trace TCP retransmits" },
    { command: "tcpretrans -l", does: "include tail loss probes that send new data" },
    { command: "tcpretrans -c", does: "count retransmits per connection" },
    { command: "tcpretrans -s", does: "display sequence numbers" },
    { command: "tcpretrans --show-kind", does: "show why each segment was sent again" },
    { command: "tcpretrans -4", does: "trace IPv4 family only" },
    { command: "tcpretrans --json --raddr 10.0.0.0/8", does: "print retransmits to this network as JSON Lines" },
  ],
  overhead:
    "About a microsecond for each retransmit and each accept, and about 0.3 for each change of a TCP socket's state. -l adds " +
    "about 0.1 to each timer that expires.",
  caveats: [
    "A retransmit may be of several segments at once, and then is one event.",
    "PID 0 stands for an owner that cannot be known, such as that of a connection that nobody has accepted yet.",
    "With -l, a tail loss probe that sends new data is not seen if its timer found the socket in use by its process: then " +
    "the kernel sends it later, when the process has done.",
  ],
});
