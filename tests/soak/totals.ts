// Tallies of tools whose rows are sums of many sockets: they are added up over all intervals.
import { type Batch, connects, type Ledger } from "./ledger.ts";
import { compared, Complaints, type Row, type Tally } from "./tally.ts";

/** Adds to what stands under a key. */
function add(sums: Map<string, number>, key: string, n: unknown): void {
  sums.set(key, (sums.get(key) ?? 0) + Number(n));
}

/** A tally of rows that add `amounts` to something. */
function totals(amounts: (row: Row) => [string, unknown][], made: (ledger: Ledger) => Map<string, number>): Tally {
  const shown = new Map<string, number>();
  return {
    take(row) {
      for (const [key, n] of amounts(row)) add(shown, key, n);
    },
    judge: (ledger) => compared(shown, made(ledger)),
  };
}

const V4_SUBNETS = ["127.0.0.1/32", "127.1.0.0/16"] as const;

/** Subnets of servers and of clients, by how a socket reaches the other end. */
const SUBNETS: Readonly<Record<Batch["reach"], readonly [servers: string, clients: string]>> = {
  v4: V4_SUBNETS,
  v6: ["::1/128", "fd00::/64"],
  mapped: V4_SUBNETS,
};

/** What tcpsubnet is to count for: what is sent to each, and to any other. */
export const SUBNET_LIST = [...V4_SUBNETS, ...SUBNETS.v6, "0.0.0.0/0", "::/0"].join(",");

/** Of tcpsubnet: what was sent to each subnet. */
export function subnets(): Tally {
  return totals((row) => [[String(row["subnet"]), row["tx_bytes"]]], ({ batches }) => {
    const made = new Map<string, number>();
    for (const batch of batches.filter(connects)) {
      const [servers, clients] = SUBNETS[batch.reach];
      add(made, servers, batch.count * batch.sent);
      add(made, clients, batch.count * batch.received);
    }
    return made;
  });
}

const ETHERNET_HEADER = 14;

/** Of netqtop: what lo sends, and receives, which is the same; its own counter is of bytes without the header. */
export function interfaces(): Tally {
  return totals(
    (row) => [[`${row["direction"]} packets`, row["packets"]], [`${row["direction"]} bytes`, row["bytes"]]],
    ({ done }) =>
      new Map([
        ["tx packets", done.lo_packets],
        ["tx bytes", done.lo_bytes + ETHERNET_HEADER * done.lo_packets],
        ["rx packets", done.lo_packets],
        ["rx bytes", done.lo_bytes],
      ]),
  );
}

/** How often each kind of soft interrupt has begun, on all CPUs. */
function begun(): Map<string, number> {
  const [, ...lines] = Deno.readTextFileSync("/proc/softirqs").trimEnd().split("\n");
  return new Map(lines.map((line) => {
    const [name = "", counts = ""] = line.trim().split(":");
    return [name.toLowerCase(), counts.trim().split(/ +/).reduce((sum, n) => sum + Number(n), 0)];
  }));
}

/** How many of softirqs may not be seen, as they interrupt tasks beside which some kernels run no program of BPF. */
export const HIDDEN = 1 / 1000;

/**
 * Of softirqs: of the whole machine, so that what it counts lies between what the kernel counted while it surely traced,
 * and what it counted from before it was started until after its end. On each CPU, one may be under way at either reading.
 */
export function softirqs(): Tally & { mark(): void } {
  const shown = new Map<string, number>(), readings: Map<string, number>[] = [];
  return {
    /** To be called before the start, when it traces, before it is ended, and when it has. */
    mark: () => void readings.push(begun()),
    take: (row) => add(shown, String(row["softirq"]), row["count"]),
    judge() {
      const [before, began, ending, ended] = readings;
      const complaints = new Complaints();
      const verdict = { produced: 0, seen: 0, missing: 0 };
      for (const kind of before?.keys() ?? []) {
        const between = (from = before, to = ended) => (to?.get(kind) ?? 0) - (from?.get(kind) ?? 0);
        const least = Math.floor(Math.max(0, between(began, ending) - navigator.hardwareConcurrency) * (1 - HIDDEN)),
          most = between();
        const seen = shown.get(kind) ?? 0;
        verdict.produced += Math.max(least, Math.min(seen, most));
        verdict.seen += Math.min(seen, most);
        verdict.missing += Math.max(0, least - seen);
        complaints.add(Math.max(0, seen - most), () => `${kind}: ${seen}, not from ${least} to ${most}`);
      }
      return { ...verdict, wrong: complaints.wrong, examples: complaints.examples };
    },
  };
}
