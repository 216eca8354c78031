// What is known of the twins' own errors, and of what they leave out. Each is proven each time it is met: the traffic
// must say that nettrace is right there (`referee` in compare.ts).
import type { Difference, Fact } from "./compare.ts";

export interface Known {
  readonly tool: string;
  /** "missing", "extra" or fields; see Difference. */
  readonly fields: readonly string[];
  /** In which scenarios, where it is not all: what the title matches. */
  readonly scenario?: RegExp;
  /** Of which events, where it is not all. */
  readonly when?: (ours: Fact, theirs: Fact) => boolean;
  readonly why: string;
  /** What the traffic knows that proves it. */
  readonly proof: string;
}

const OWNER = ["pid", "comm"];

export const KNOWN: readonly Known[] = [
  {
    tool: "tcptracer",
    fields: ["missing"],
    when: ({ type, saddr = "" }) => type === "connect" && saddr.startsWith("::ffff:"),
    why: "The twin shows no connect of an IPv6 socket to an IPv4 address.",
    proof: "The client made these connections, and the twin itself shows how they are closed.",
  },
  {
    tool: "tcplife",
    fields: OWNER,
    why:
      "The twin names whichever process runs when a packet ends the connection of an accepted socket, on loopback the peer.",
    proof: "The traffic knows which process holds each end.",
  },
  {
    tool: "tcpstates",
    fields: OWNER,
    why: "The twin names whichever process runs when a packet makes the change, on loopback the peer.",
    proof: "The traffic knows which process holds each end, and that nobody does before it is accepted.",
  },
  {
    tool: "tcptop",
    fields: ["rx_kb"],
    scenario: /take=peek/,
    why: "The twin counts what MSG_PEEK looks at as received, and again when it is.",
    proof: "The server received so many bytes as the client sent.",
  },
  {
    tool: "tcptop",
    fields: ["missing"],
    scenario: /how=(sendfile|splice)/,
    why: "The twin does not count what sendfile and splice send on kernels that have tcp_sendpage (before 6.5).",
    proof: "The server received so many bytes as nettrace shows to be sent.",
  },
  {
    tool: "solisten",
    fields: ["addr"],
    when: ({ proto }, { addr }) => proto === "TCPv6" && addr === "::",
    why: "The twin shows :: for every IPv6 address.",
    proof: "The sockets are bound to ::1, as getsockname says.",
  },
  {
    tool: "solisten",
    fields: ["missing"],
    scenario: /mptcp/,
    why: "The twin does not see listens of MPTCP sockets.",
    proof: "The server's listens returned 0.",
  },
  {
    tool: "tcpaccept",
    fields: ["missing"],
    scenario: /preblocked/,
    why: "The twin misses the accept in which a thread waits when tracing begins.",
    proof: "The acceptors say which connections they accepted.",
  },
  {
    tool: "tcpretrans",
    fields: ["pid"],
    why: "The twin names whichever process the retransmit interrupts.",
    proof: "The traffic knows which process holds the sending socket.",
  },
  {
    tool: "tcpretrans",
    fields: ["missing"],
    when: ({ kind }) => kind === "probe",
    why: "The twin shows no tail loss probes.",
    proof: "The kernel's count of retransmitted segments of the network namespace has them.",
  },
  {
    tool: "tcpretrans",
    fields: ["missing"],
    when: ({ kind }) => kind === "synack",
    why: "The twin shows no SYN-ACKs that are sent again.",
    proof: "The kernel's count of retransmitted segments of the network namespace has them.",
  },
  {
    tool: "tcpdrop",
    fields: ["missing"],
    when: ({ state }) => state !== "SYN_SENT",
    why: "The twin shows no packet that no socket holds, so hardly any that comes in.",
    proof: "The client's connects were refused or not answered: the kernel dropped each SYN.",
  },
  {
    tool: "tcpdrop",
    fields: ["missing", "extra"],
    scenario: /firewall=output/,
    when: (ours, { saddr = "" }) =>
      ours["state"] === "SYN_SENT" && ours["saddr"] === "127.0.0.1" || saddr.startsWith("::ffff:"),
    why: "The twin shows a packet with its socket's addresses: of IPv4 as ::ffff:127.0.0.1, if the socket is of IPv6.",
    proof: "The firewall dropped an IPv4 packet of each of these connects.",
  },
];

/** The known difference that this one is, in the scenario of this title; undefined if there is none. */
export function explain(
  { field, ours = {}, theirs = {} }: Difference,
  tool: string,
  title: string,
): Known | undefined {
  return KNOWN.find((known) =>
    known.tool === tool && known.fields.includes(field) && (known.scenario?.test(title) ?? true) &&
    (known.when?.(ours, theirs) ?? true)
  );
}
