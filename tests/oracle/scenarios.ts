// Traffic for each tool, and what it knows of its own doing: the referee between nettrace and its twin.
import { OPEN_PORT } from "../live/firewall.ts";
import type { Connection, Done, Ready } from "../live/traffic.ts";
import type { Fact, Truth } from "./compare.ts";

export interface Scenario {
  readonly name: string;
  readonly options: Readonly<Record<string, string | number>>;
  /** Whether to trace until its processes have ended, and with them their sockets. */
  readonly to_its_end?: boolean;
  /** Where a firewall in its network namespace drops. */
  readonly firewall?: "input" | "output";
  /** Whether it matters that the twin begins after it was set up. */
  readonly before_twin?: boolean;
  readonly truth: (done: Done, ready: Ready) => Truth;
}

type Options = Scenario["options"];
type Facts = (connection: Connection, done: Done, ready: Ready) => Fact[];

const FAMILIES = ["4", "6", "mapped"];
/** Ways to end that differ in who is told of the end, and how; each of some family, so that all families are there. */
const WAYS: readonly (readonly [way: string, family: string])[] = [
  ["active", "4"],
  ["passive", "6"],
  ["half_closed", "mapped"],
  ["reset_by_client", "4"],
  ["reset_by_client", "6"],
  ["unread_data", "mapped"],
];
/** Ways that differ in who closes. */
const CLOSERS: typeof WAYS = [
  ["shutdown_both", "4"],
  ["reset_by_server", "6"],
  ["exit_of_server", "mapped"],
  ["killed_client", "4"],
  ["last_reference_in_child", "6"],
  ["server_leaves_child", "4"],
  ["both_at_once", "mapped"],
];
// Who closes last is a child in these, of which the traffic knows the name only.
const BY_CHILD: Readonly<Record<string, string>> = { last_reference_in_child: "client", server_leaves_child: "server" };

/** The scenario with a truth that has these facts of each connection. */
const each = (facts: Facts): Scenario["truth"] => (done, ready) => ({
  facts: done.connections.flatMap((connection) => facts(connection, done, ready)),
});

const owner = ({ pid, comm }: Connection): Fact => ({ pid: String(pid), comm });
const ends = (c: Connection): Fact => ({
  laddr: c.laddr,
  lport: String(c.lport),
  raddr: c.raddr,
  rport: String(c.rport),
});
const from_to = (c: Connection): Fact => ({
  ip: String(c.family),
  saddr: c.laddr,
  daddr: c.raddr,
  dport: String(c.rport),
});
const other_end = (c: Connection, { client }: Ready): Connection => ({
  ...c,
  pid: client,
  comm: "client",
  laddr: c.raddr,
  lport: c.rport,
  raddr: c.laddr,
  rport: c.lport,
});

/** Connections that end in each of some ways. */
const closes = (ways: typeof WAYS, truth: (way: string) => Scenario["truth"]): Scenario[] =>
  ways.map(([way, family]) => ({ name: "close", options: { way, n: 7, family }, truth: truth(way) }));

const outcomes = (names: readonly string[], truth: Scenario["truth"], families = FAMILIES): Scenario[] =>
  names.flatMap((outcome) =>
    families.map((family) => ({ name: "outcome", options: { outcome, n: 13, family }, truth }))
  );

// tcptracer

const opened = (c: Connection): Fact => ({
  type: c.comm === "client" ? "connect" : "accept",
  ...owner(c),
  ...tuple(c),
});
const tuple = (c: Connection): Fact => ({ ...from_to(c), sport: String(c.lport) });
const closed = (c: Connection, by_child?: string): Fact => {
  const end = { type: "close", comm: c.comm, ...tuple(c) };
  return c.comm === by_child ? end : { ...end, ...owner(c) };
};

const tcptracer: Scenario[] = [
  ...closes([...WAYS, ...CLOSERS], (way) => each((c) => [opened(c), closed(c, BY_CHILD[way])])),
  ...outcomes(["ok"], each((c) => [opened(c), closed(c)]), ["mapped"]),
  ...outcomes(["refused"], () => ({ facts: [] }), ["4"]),
  ...[["uring", { n: 7, mode: "single" }], ["tfo", { n: 7 }]].map(([name, options]): Scenario => ({
    name: name as string,
    options: options as Options,
    to_its_end: true,
    truth: each((c, _, ready) => [c, other_end(c, ready)].flatMap((one) => [opened(one), closed(one)])),
  })),
];

// tcpconnect and tcpconnlat

/** tcpconnect shows what goes to an IPv4 address as IPv4, whatever the socket is. */
const as_ipv4 = (c: Connection): Connection =>
  c.mapped ? { ...c, family: 4, laddr: c.laddr.slice("::ffff:".length), raddr: c.raddr.slice("::ffff:".length) } : c;

const tcpconnect: Scenario[] = [
  ...outcomes(["ok"], each((c) => [{ ...owner(c), ...from_to(as_ipv4(c)) }])),
  ...outcomes(["refused"], each((c) => [{ ...owner(c), ...from_to(as_ipv4(c)) }]), ["mapped"]),
  ...outcomes(["aborted"], each((c) => [{ ...owner(c), ...from_to(as_ipv4(c)) }]), ["4"]),
  ...outcomes(["unsent"], ({ connections: [first] }) => ({
    facts: first ? [{ ...owner(first), ...from_to(as_ipv4(first)) }] : [],
  }), ["6"]),
];

const tcpconnlat: Scenario[] = [
  ...outcomes(["ok"], each((c) => [{ ...owner(c), ...from_to(c), lport: String(c.lport) }])),
  ...outcomes(["refused"], each((c) => [{ ...owner(c), ...from_to(c), lport: String(c.lport) }]), ["6"]),
  ...outcomes(["aborted"], () => ({ facts: [] }), ["4"]),
];

// tcplife, tcpstates and tcptop

const CALLS = [
  ["send", "recv"],
  ["sendmsg", "recvmsg"],
  ["sendmmsg", "recvmmsg"],
  ["sendfile", "splice"],
  ["splice", "peek"],
  ["zerocopy", "trunc"],
  ["uring", "uring"],
] as const;
const SIZES = "7,1009,65537,300007";
const tcplife: Scenario[] = closes(WAYS, () => each((c) => [{ ...owner(c), ...ends(c) }]));

/** Until it is accepted, a connection is nobody's. */
const NOBODY: Fact = { pid: "0", comm: "-" };
const tcpstates: Scenario[] = closes(WAYS, () => (done) => ({
  facts: done.connections.flatMap((c): Fact[] => [
    { ...owner(c), ...ends(c) },
    ...c.comm === "client" ? [{ ...owner(c), ...ends(c), lport: "0", newstate: "SYN_SENT" }] : [
      { ...NOBODY, lport: String(c.lport), oldstate: "LISTEN" },
      { ...NOBODY, ...ends(c), oldstate: "SYN_RECV" },
    ],
  ]),
  count: "any",
}));

const counted = each((c, done) => {
  const { sent = 0, received = 0 } = done, is_sender = c.comm === "client";
  const kb = (bytes: number) => String(Math.floor(bytes / 1024));
  return [{ ...owner(c), ...ends(c), tx_kb: kb(is_sender ? sent : 0), rx_kb: kb(is_sender ? 0 : received) }];
});
const tcptop: Scenario[] = CALLS.map(([how, take], i) => {
  const family = FAMILIES[i % FAMILIES.length] ?? "4";
  return { name: "bytes", options: { how, take, family, sizes: SIZES }, truth: counted };
});

// solisten

const SOMAXCONN = 4096; // of a new network namespace
const listens = (options: Options, backlogs: readonly number[], results: readonly number[]): Scenario => ({
  name: "listen",
  options,
  truth: each((c) =>
    backlogs.flatMap((backlog) =>
      results.map((ret) => ({
        ...owner(c),
        proto: `TCPv${c.family}`,
        addr: c.laddr,
        port: String(c.lport),
        backlog: String(backlog),
        ret: String(ret),
      }))
    )
  ),
});

const EADDRINUSE = -98, EINVAL = -22;
const solisten: Scenario[] = [
  listens({ v4: 13, v6: 11, backlog: 17 }, [17], [0]),
  listens({ v4: 5, v6: 3, backlog: 17, again: 2 }, [17, 18, 19], [0]),
  listens({ v4: 5, backlog: 0x7fffffff }, [SOMAXCONN], [0]),
  listens({ v4: 5, v6: 3, mode: "in_use", backlog: 17 }, [17], [0, EADDRINUSE]),
  listens({ v4: 5, mode: "connected", backlog: 17 }, [17], [EINVAL]),
  listens({ v4: 5, v6: 3, mode: "uring", backlog: 17 }, [17], [0]),
  listens({ mptcp: 7, backlog: 17 }, [17], [0]),
];

// tcpaccept

const accepted = each((c) => [{ ...owner(c), ...ends(c) }]);
const tcpaccept: Scenario[] = [
  { name: "accept", options: { v4: 13, v6: 11, mapped: 7, children: 3 }, truth: accepted },
  { name: "preblocked", options: { children: 5 }, before_twin: true, truth: accepted },
  { name: "uring", options: { n: 7, mode: "single" }, truth: accepted },
  { name: "reset", options: { n: 11 }, truth: accepted },
  { name: "mptcp", options: { n: 7 }, truth: accepted },
];

// tcpretrans

const retransmits = (mode: string): Scenario => ({
  name: "retransmit",
  options: { mode, v4: 5, v6: 3, mapped: 2, at_least: 2 },
  truth: ({ server = 0, all_retransmits = 0 }, { client, ports }) => ({
    facts: ports.flatMap((port): Fact[] => [
      { rport: String(port), pid: String(client) },
      { lport: String(port), pid: String(server) },
    ]),
    count: all_retransmits,
  }),
});

// tcpdrop

const CLOSED_PORT = 9;

/** SYNs that are dropped; of each kind one more is refused at the end. */
function drops(
  mode: string,
  counts: Readonly<Record<"v4" | "v6" | "mapped", number>>,
  fact: (ready: Ready) => Fact,
  firewall?: Scenario["firewall"],
): Scenario {
  const kinds = Object.values(counts).filter((count) => count > 0);
  const to = ["127.0.0.1", "::1"].map((address): Fact => ({ saddr: address, daddr: address }));
  return {
    name: "drop",
    options: { mode, ...counts },
    ...firewall && { firewall },
    truth: (_, ready) => ({
      facts: to.flatMap((ends) => [
        { ...ends, ...NOBODY, dport: String(CLOSED_PORT), reason: "NO_SOCKET" },
        { ...ends, ...fact(ready) },
      ]),
      count: kinds.reduce((sum, n) => sum + n, kinds.length),
    }),
  };
}

const to_open_port = { dport: String(OPEN_PORT) };
const tcpdrop: Scenario[] = [
  drops("refused", { v4: 13, v6: 11, mapped: 7 }, () => ({ dport: String(CLOSED_PORT), ...NOBODY })),
  drops("deaf_listener", { v4: 7, v6: 5, mapped: 0 }, () => ({ ...to_open_port, reason: "SOCKET_FILTER" })),
  drops(
    "abandoned",
    { v4: 13, v6: 11, mapped: 7 },
    ({ client }) => ({
      ...to_open_port,
      pid: String(client),
      comm: "client",
      state: "SYN_SENT",
      reason: "NETFILTER_DROP",
    }),
    "output",
  ),
  drops(
    "abandoned",
    { v4: 7, v6: 5, mapped: 3 },
    () => ({ ...to_open_port, ...NOBODY, reason: "NETFILTER_DROP" }),
    "input",
  ),
];

export const SCENARIOS: Readonly<Record<string, readonly Scenario[]>> = {
  tcptracer,
  tcpconnect,
  tcpconnlat,
  tcplife,
  tcpstates,
  tcptop,
  solisten,
  tcpaccept,
  tcpdrop,
  tcpretrans: ["data", "reply", "fast", "syn", "synack"].map(retransmits),
};
