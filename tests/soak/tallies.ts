// For each tool, what it must show of the traffic.
import { attempts, type Batch, connects, type End, type Ledger } from "./ledger.ts";
import { bytes, lifetimes, pidCounts, resent, states } from "./sums.ts";
import { interfaces, softirqs, subnets } from "./totals.ts";
import { events, type Expected, type Row, type Tally } from "./tally.ts";

const client = (batch: Batch, mark: string, times = 1): Expected => ({ mark, times, pid: batch.client });
const server = (batch: Batch, mark: string, times = 1): Expected => ({ mark, times, pid: batch.server });
const side = (_: Row, end: End) => end.side;

/** What happened to a socket's ends, `what` of each. */
function ofBoth(batch: Batch, n: number, ledger: Ledger, what: "drops" | "retransmits"): Expected[] {
  const told = ledger.mishaps.get(n);
  return told ? [client(batch, "client", told.client[what]), server(batch, "server", told.server[what])] : [];
}

/** By tool. */
export const tallies: Readonly<Record<string, () => Tally>> = {
  tcpaccept: () => events(side, (batch) => connects(batch) ? [server(batch, "server")] : []),
  tcpconnect: () => events(side, (batch) => attempts(batch) ? [client(batch, "client")] : []),
  tcpconnlat: () => events(side, (batch) => attempts(batch) ? [client(batch, "client")] : []),
  solisten: () => events(side, (batch) => batch.kind === "listen" ? [client(batch, "client")] : []),
  tcptracer: () =>
    events((row, end) => `${row["type"]} by ${end.side}`, (batch) =>
      connects(batch)
        ? [
          client(batch, "connect by client"),
          server(batch, "accept by server"),
          client(batch, "close by client"),
          server(batch, "close by server"),
        ]
        : []),
  // A packet is of its sender's end; who drops it is the other.
  tcpdrop: () =>
    events(
      (_, end) => end.side === "client" ? "server" : "client",
      (batch, n, ledger) =>
        batch.kind === "refused" ? [{ mark: "server", times: 1, pid: 0 }] : ofBoth(batch, n, ledger, "drops"),
    ),
  tcpretrans: () => resent(events(side, (batch, n, ledger) => ofBoth(batch, n, ledger, "retransmits"))),
  tcpv4connect: () => pidCounts((batch) => attempts(batch) && batch.reach !== "v6"),
  tcplife: lifetimes,
  tcpstates: states,
  tcptop: bytes,
  tcpsubnet: subnets,
  netqtop: interfaces,
  softirqs,
};
