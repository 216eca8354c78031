// Which tool of nettrace has which twin, and how the rows of both become the same words.
import type { Fact, Terms } from "./compare.ts";

/** A record of nettrace's JSON. */
export type Row = Readonly<Record<string, unknown>>;

/** A tool of nettrace, and its twin. */
export interface Commands {
  readonly tool: string;
  /** The arguments of nettrace after the tool. */
  readonly args: readonly string[];
  readonly twin: readonly string[];
  /** Whether one twin serves all scenarios: it takes long to start, and prints each line at once. */
  readonly shared?: true;
  /** The first kernel that the twin can trace, if it cannot trace all. */
  readonly since?: string;
}

export interface Pair extends Commands, Terms {
  readonly ours: (row: Row) => Fact;
  /** What a line that the twin prints says; undefined if it is no event. */
  readonly theirs: (words: string[]) => Fact | undefined;
}

const words = (fields: readonly string[]) => (values: readonly string[]): Fact =>
  Object.fromEntries(fields.map((field, i) => [field, values[i] ?? ""]));
const columns = (names: string, is_row: (words: string[]) => boolean = ([pid = ""]) => /^\d+$/.test(pid)) => {
  const named = words(names.split(" "));
  return (line: string[]) => is_row(line) ? named(line) : undefined;
};

/** The fields of a row as text; nobody is PID 0 and the name "-". */
const fields = (names: string) => (row: Row): Fact =>
  Object.fromEntries(names.split(" ").map((name) => [name, String(row[name] ?? (name === "comm" ? "-" : 0))]));

const kb = (bytes: unknown, digits: number) => (Number(bytes) / 1024).toFixed(digits);
/** Where a guest has what headers.ts makes. */
export const HEADERS = "/tmp/headers";
const BPFTRACE = ["/usr/bin/bpftrace", "-B", "line", "-I", HEADERS];
const LONG = "3600"; // an interval that the test ends
const is_timed = ([time = ""]: string[]) => /^\d\d:\d\d:\d\d$/.test(time);

const EVENTS: Readonly<Record<string, string>> = { C: "connect", A: "accept", X: "close" };
const tracer_columns = columns("type pid comm ip saddr daddr sport dport", ([type = ""]) => type in EVENTS);
const top_columns = columns(
  "pid comm local remote rx_kb tx_kb",
  ([pid = "", , local = ""]) => /^\d+$/.test(pid) && local.includes(":"),
);
const retrans_columns = columns("time pid local remote state", is_timed);
const drop_columns = columns("time pid comm local remote state", is_timed);
/** Address and port, of which only the last colon is between the two. */
const end = (text = "") => text.split(/:(?=\d+$)/);
/** Rows whose `local` and `remote` are four fields: of the one such as laddr and lport, of the other raddr and rport. */
const with_ends = (row: (line: string[]) => Fact | undefined, near: string, far: string) => (line: string[]) => {
  const fact = row(line);
  const [from = "", from_port = ""] = end(fact?.["local"]), [to = "", to_port = ""] = end(fact?.["remote"]);
  return fact &&
    { ...fact, [`${near}addr`]: from, [`${near}port`]: from_port, [`${far}addr`]: to, [`${far}port`]: to_port };
};

export const PAIRS: readonly Pair[] = [
  {
    tool: "tcpaccept",
    args: [],
    shared: true,
    twin: [...BPFTRACE, "/usr/sbin/tcpaccept.bt"],
    identity: ["raddr", "rport", "laddr", "lport"],
    compared: ["pid", "comm"],
    ours: fields("pid comm raddr rport laddr lport"),
    theirs: columns("time pid comm raddr rport laddr lport queue", is_timed),
  },
  {
    tool: "tcpretrans",
    args: [],
    shared: true,
    twin: [...BPFTRACE, "/usr/sbin/tcpretrans.bt"],
    identity: ["laddr", "lport", "raddr", "rport", "state"],
    compared: ["pid"],
    ours: fields("pid laddr lport raddr rport state kind"),
    theirs: with_ends(retrans_columns, "l", "r"),
  },
  {
    tool: "tcpdrop",
    args: [],
    shared: true,
    twin: [...BPFTRACE, "/usr/sbin/tcpdrop.bt"],
    since: "5.17", // when reasons for drops came
    identity: ["saddr", "sport", "daddr", "dport", "state"],
    compared: ["pid", "comm"],
    ours: fields("pid comm saddr sport daddr dport state reason"),
    theirs: with_ends(drop_columns, "s", "d"),
  },
  {
    tool: "tcptop",
    args: [LONG],
    twin: ["/usr/sbin/tcptop", "--noclear", "--nosummary", "--rows", "1000", LONG],
    identity: ["laddr", "lport", "raddr", "rport"],
    compared: ["pid", "comm", "rx_kb", "tx_kb"],
    ours: (row) => ({
      ...fields("pid comm laddr lport raddr rport")(row),
      rx_kb: String(Math.floor(Number(row["rx_bytes"]) / 1024)),
      tx_kb: String(Math.floor(Number(row["tx_bytes"]) / 1024)),
    }),
    theirs: with_ends(top_columns, "l", "r"),
  },
  {
    tool: "tcpstates",
    args: [],
    twin: ["/usr/sbin/tcpstates", "--wide"],
    identity: ["skaddr", "ip", "laddr", "lport", "raddr", "rport", "oldstate", "newstate"],
    compared: ["pid", "comm"],
    measured_ms: "duration_ms",
    ours: fields("skaddr pid comm ip laddr lport raddr rport oldstate newstate duration_ms"),
    theirs: columns(
      "skaddr pid comm ip laddr lport raddr rport oldstate arrow newstate duration_ms",
      ([skaddr = ""]) => /^[0-9a-f]{16}$/.test(skaddr),
    ),
  },
  {
    tool: "tcpconnect",
    args: [],
    twin: ["/usr/sbin/tcpconnect"],
    identity: ["ip", "saddr", "daddr", "dport"],
    compared: ["pid", "comm"],
    ours: fields("pid comm ip saddr daddr dport"),
    theirs: columns("pid comm ip saddr daddr dport"),
  },
  {
    tool: "solisten",
    args: [],
    twin: ["/usr/sbin/solisten"],
    identity: ["pid", "comm", "proto", "port", "ret"],
    compared: ["addr", "backlog"],
    ours: fields("pid comm ret backlog proto port addr"),
    theirs: columns("pid comm ret backlog proto port addr"),
  },
  {
    tool: "tcplife",
    args: [],
    twin: ["/usr/sbin/tcplife"],
    identity: ["laddr", "lport", "raddr", "rport"],
    compared: ["pid", "comm", "tx_kb", "rx_kb"],
    measured_ms: "duration_ms",
    ours: (row) => ({
      ...fields("pid comm laddr lport raddr rport duration_ms")(row),
      tx_kb: kb(row["tx_bytes"], 2),
      rx_kb: kb(row["rx_bytes"], 2),
    }),
    theirs: columns("pid comm laddr lport raddr rport tx_kb rx_kb duration_ms"),
  },
  {
    tool: "tcpconnlat",
    args: [],
    twin: ["/usr/sbin/tcpconnlat", "-L"],
    identity: ["ip", "saddr", "lport", "daddr", "dport"],
    compared: ["pid", "comm"],
    measured_ms: "latency_ms",
    ours: fields("pid comm ip saddr lport daddr dport latency_ms"),
    theirs: columns("pid comm ip saddr lport daddr dport latency_ms"),
  },
  {
    tool: "tcptracer",
    args: [],
    twin: ["/usr/sbin/tcptracer"],
    identity: ["type", "ip", "saddr", "sport", "daddr", "dport"],
    compared: ["pid", "comm"],
    ours: fields("type pid comm ip saddr daddr sport dport"),
    theirs: (line) => {
      const fact = tracer_columns(line);
      return fact && { ...fact, type: EVENTS[fact["type"] ?? ""] ?? "" };
    },
  },
];

/** The twin shows counts with its histograms only. */
export const SOFTIRQS: Commands = { tool: "softirqs", args: [LONG], twin: ["/usr/sbin/softirqs", "-d", LONG] };

/** The command's name, of a script that of the script. */
export function twin_name({ twin: [program = "", ...args] }: Commands): string {
  const script = args.find((arg) => arg.endsWith(".bt"));
  return (script ?? program).replace(/.*\//, "");
}
