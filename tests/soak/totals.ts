// Tallies of tools whose rows are sums of many sockets: they are added up over all intervals.
import { allBetween, type Begun, begun, between, HIDDEN } from "../live/softirqs.ts";
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

/** What the kernel had counted at some time: soft interrupts by kind, and runs of the tracer's programs. */
interface Reading {
  begun: Begun;
  runs: number;
}

/**
 * Of softirqs: of the whole machine, so that what it counts lies between what the kernel counted while it surely traced,
 * and what it counted from before it was started until after its end. On each CPU, one may be under way at either reading.
 * What the kernel began and did not run the two programs for is `hidden`.
 */
export function softirqs(): Tally & { mark(runs: number): void } {
  const shown = new Map<string, number>(), readings: Reading[] = [];
  return {
    /**
     * To be called before the start, when it traces, before it is ended, and when it has: with how often the kernel has
     * run its programs by then, as far as is known.
     */
    mark: (runs) => void readings.push({ begun: begun(), runs }),
    take: (row) => add(shown, String(row["softirq"]), row["count"]),
    judge() {
      const [before, began, ending, ended] = readings, CPUS = navigator.hardwareConcurrency;
      const complaints = new Complaints();
      const all = allBetween(began?.begun, ending?.begun);
      const run = Math.floor(((ending?.runs ?? 0) - (began?.runs ?? 0)) / 2); // one as it begins, one as it ends
      const hidden = Math.max(0, all - run), may_hide = Math.min(hidden, Math.floor(all * HIDDEN));
      const missing: number[] = [];
      for (const kind of before?.begun.keys() ?? []) {
        const least = between(began?.begun, ending?.begun, kind) - CPUS - may_hide;
        const most = between(before?.begun, ended?.begun, kind);
        const seen = shown.get(kind) ?? 0;
        missing.push(Math.max(0, least - seen));
        complaints.add(Math.max(0, seen - most), () => `${kind}: ${seen}, not from ${least} to ${most}`);
      }
      const seen = sum([...shown.values()]), unaccounted = all - may_hide - CPUS - seen;
      const lacking = Math.max(0, unaccounted, sum(missing));
      return {
        produced: seen + lacking,
        seen,
        missing: lacking,
        hidden,
        wrong: complaints.wrong,
        examples: complaints.examples,
      };
    },
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);
