// What the traffic was: each socket by its number, which the end that no other socket has tells.

/** How the sockets of a batch end: `refused` never connect, `listen` only listen. */
export type Kind = "active" | "passive" | "reset" | "deaf" | "refused" | "listen";

/** What a client process does, told before it does. */
export interface Batch {
  kind: Kind;
  reach: "v4" | "v6" | "mapped";
  /** The number of its first socket, and how many there are. */
  first: number;
  count: number;
  /** Bytes of each connection, as the client sees it. */
  sent: number;
  received: number;
  client: number;
  server: number;
  port: number;
}

/** What each end of a socket dropped of what it got, and what it sent again. */
export type Mishaps = Record<"client" | "server", { drops: number; retransmits: number }>;

/** What the whole network namespace did, by the kernel's counters. */
export interface Done {
  done: true;
  sockets: number;
  all_retransmits: number;
  lo_packets: number;
  lo_bytes: number;
}

/** All that there was. */
export interface Ledger {
  batches: Batch[];
  /** By socket: of each that was deaf for a while, and of others that had any. */
  mishaps: Map<number, Mishaps>;
  done: Done;
}

/** One end of a socket. */
export interface End {
  n: number;
  side: "client" | "server";
}

// As traffic_soak_ends.c has them.
const FIRST_PORT = 2048, PORTS = 60_000;

/** The end of which this is the local address, and the port at either; undefined if the traffic has none such. */
export function endOf(laddr: string, lport: number, raddr: string, rport: number): End | undefined {
  const side = lport >= FIRST_PORT ? "client" : "server";
  const [address, port] = side === "client" ? [laddr, lport] : [raddr, rport];
  const which = numberOf(address);
  if (which === undefined || port < FIRST_PORT) return undefined;
  return { n: which * PORTS + port - FIRST_PORT, side };
}

/** Which address of clients it is. */
function numberOf(address: string): number | undefined {
  if (address.startsWith("fd00::")) return parseInt(address.slice(6), 16) - 1;
  const [, low] = /^(?:::ffff:)?127\.1\.0\.(\d+)$/.exec(address) ?? [];
  return low === undefined ? undefined : Number(low);
}

/** True of batches whose sockets are connected. */
export const connects = (batch: Batch) => batch.kind !== "refused" && batch.kind !== "listen";
/** True of batches whose sockets call connect. */
export const attempts = (batch: Batch) => batch.kind !== "listen";
