// Tallies of tools whose rows say how much, or of which several belong together.
import { attempts, type Batch, connects, type Ledger } from "./ledger.ts";
import { Column, compared, Complaints, endOfRow, events, type Row, type Tally, type Verdict } from "./tally.ts";

const SIDES = ["client", "server"] as const;

/** What each end of a connection sends and receives. */
function amounts(batch: Batch, side: (typeof SIDES)[number]): [sent: number, received: number] {
  return side === "client" ? [batch.sent, batch.received] : [batch.received, batch.sent];
}

/** Bytes sent and received, summed up by end. */
function sums(): { add(row: Row): boolean; of(side: (typeof SIDES)[number], n: number): [number, number] } {
  const columns = { client: [new Column(), new Column()], server: [new Column(), new Column()] } as const;
  return {
    add(row) {
      const end = endOfRow(row);
      if (!end) return false;
      for (const [i, key] of ["tx_bytes", "rx_bytes"].entries()) {
        const column = columns[end.side][i]!;
        column.set(end.n, column.at(end.n) + Number(row[key]));
      }
      return true;
    },
    of: (side, n) => [columns[side][0].at(n), columns[side][1].at(n)],
  };
}

function* sockets({ batches }: Ledger): Generator<[Batch, number]> {
  for (const batch of batches) {
    for (let n = batch.first; n < batch.first + batch.count; n++) yield [batch, n];
  }
}

/** Of tcptop: each byte of each end of each connection, once, whatever the interval. */
export function bytes(): Tally {
  const complaints = new Complaints(), seen = sums();
  return {
    take(row) {
      if (!seen.add(row)) complaints.add(1, () => `of none of these sockets: ${JSON.stringify(row)}`);
    },
    judge(ledger) {
      const verdict = { produced: 0, seen: 0, missing: 0 };
      for (const [batch, n] of sockets(ledger)) {
        for (const side of SIDES) {
          const wanted = connects(batch) ? amounts(batch, side) : [0, 0];
          for (const [i, shown] of seen.of(side, n).entries()) {
            const made = wanted[i] ?? 0;
            verdict.produced += made;
            verdict.seen += Math.min(made, shown);
            verdict.missing += Math.max(0, made - shown);
            const what = () => `${side} of socket ${n}: ${shown} bytes ${i ? "received" : "sent"}, not ${made}`;
            complaints.add(Math.max(0, shown - made), what);
            if (shown < made) complaints.show(what);
          }
        }
      }
      return { ...verdict, wrong: complaints.wrong, examples: complaints.examples };
    },
  };
}

/**
 * Of tcplife: each end of each connection once, with its bytes; and the client's of each connect that was refused. The
 * kernel counts the SYN and the FIN as bytes, of sent ones when they are acknowledged (tcp_snd_una_update), so that there
 * may be one or two more.
 */
export function lifetimes(): Tally {
  const seen = sums();
  const ends = events((_, end) => end.side, (batch) => [
    ...attempts(batch) ? [{ mark: "client", times: 1, pid: batch.client }] : [],
    ...connects(batch) ? [{ mark: "server", times: 1, pid: batch.server }] : [],
  ]);
  return {
    take(row) {
      seen.add(row);
      ends.take(row);
    },
    judge(ledger): Verdict {
      const verdict = ends.judge(ledger), complaints = new Complaints();
      if (verdict.missing > 0 || verdict.wrong > 0) return verdict; // which rows are not there is not known
      for (const [batch, n] of sockets(ledger)) {
        for (const side of connects(batch) ? SIDES : []) {
          const [sent, received] = amounts(batch, side), [tx, rx] = seen.of(side, n);
          const right = tx >= sent && tx <= sent + 2 && rx >= received && rx <= received + 1;
          complaints.add(
            right ? 0 : 1,
            () => `${side} of socket ${n}: ${tx} and ${rx} bytes, not ${sent} and ${received}`,
          );
        }
      }
      return { ...verdict, wrong: complaints.wrong, examples: complaints.examples };
    },
  };
}

/** Of tcpstates: of each end the chain of states, from the first to CLOSE, with no link left out and none twice. */
export function states(): Tally {
  const complaints = new Complaints();
  const numbers = new Map<string, number>(); // from 1
  const numberOf = (state: string) => {
    if (!numbers.has(state)) numbers.set(state, numbers.size + 1);
    return numbers.get(state) ?? 0;
  };
  const last = { client: new Column(), server: new Column() };
  const CLOSE = numberOf("CLOSE");
  let seen = 0, missing = 0, endless = 0;
  return {
    take(row) {
      const end = endOfRow(row), old = String(row["oldstate"]);
      // Older kernels give a connection its ends once they have told of its first state (inet_csk_clone_lock).
      if (!end && old === "LISTEN" && row["rport"] === 0) {
        endless++;
        return void seen++;
      }
      if (!end) return complaints.add(1, () => `of none of these sockets: ${JSON.stringify(row)}`);
      const before = last[end.side].at(end.n);
      if (before === CLOSE) complaints.add(1, () => `after its end: ${JSON.stringify(row)}`);
      const begins = old === (end.side === "server" ? "LISTEN" : "CLOSE");
      if (before === 0 && end.side === "server" && old === "SYN_RECV" && endless > 0) endless--;
      else if (before === 0 ? !begins : before !== numberOf(old)) missing++;
      seen++;
      last[end.side].set(end.n, numberOf(String(row["newstate"])));
    },
    judge(ledger) {
      for (const [batch, n] of sockets(ledger)) {
        for (const side of SIDES) {
          const state = last[side].at(n);
          const wanted = side === "client" || connects(batch) ? CLOSE : 0;
          if (wanted === 0) complaints.add(state ? 1 : 0, () => `a ${side} of socket ${n}, which never was`);
          else if (state !== wanted) missing++;
          last[side].set(n, 0);
        }
      }
      for (const side of SIDES) {
        for (let n = 0; n < last[side].length; n++) {
          complaints.add(last[side].at(n) ? 1 : 0, () => `${side} of socket ${n}, which never was`);
        }
      }
      const { wrong, examples } = complaints;
      return { produced: seen + missing, seen, missing, missing_most: MOST_CHANGES * missing, wrong, examples };
    },
  };
}

/** Changes of a socket's state from CLOSE to CLOSE: SYN_SENT, ESTABLISHED, FIN_WAIT1, CLOSING, TIME_WAIT, CLOSE at most. */
const MOST_CHANGES = 6;

/** States of a socket that its process has closed, whose peer has not yet acknowledged that. */
const CLOSED = new Set<unknown>(["FIN_WAIT1", "CLOSING", "LAST_ACK"]);

/**
 * Of tcpretrans: what each socket says, which `asked` judges. A FIN that is sent again once the socket is closed can be
 * asked of none: there are to be as many as the kernel counted in all, less what sockets say, each of the process that had
 * the socket.
 */
export function resent(asked: Tally): Tally {
  const closed: Row[] = [];
  return {
    take: (row) => CLOSED.has(row["state"]) ? void closed.push(row) : asked.take(row),
    judge(ledger) {
      const said = asked.judge(ledger), rest = ledger.done.all_retransmits - said.produced;
      const complaints = new Complaints();
      for (const row of closed) {
        const end = endOfRow(row);
        const batch = ledger.batches.find(({ first, count }) => end && end.n >= first && end.n < first + count);
        const right = end && batch && connects(batch) && batch[end.side] === row["pid"];
        complaints.add(right ? 0 : 1, () => `of no such socket, or process: ${JSON.stringify(row)}`);
      }
      const differs = () => `${closed.length} by closed sockets, and the kernel counted ${rest} more than others say`;
      complaints.add(Math.max(0, closed.length - rest), differs);
      if (closed.length < rest) complaints.show(differs);
      return {
        ...said,
        produced: ledger.done.all_retransmits,
        seen: said.seen + Math.min(closed.length, rest),
        missing: said.missing + Math.max(0, rest - closed.length),
        wrong: said.wrong + complaints.wrong,
        examples: [...complaints.examples, ...said.examples],
      };
    },
  };
}

/** Of tools whose rows do not tell the source port: how many each process did. */
export function pidCounts(counts: (batch: Batch) => boolean): Tally {
  const shown = new Map<string, number>();
  return {
    take(row) {
      const key = `process ${row["pid"]}`;
      shown.set(key, (shown.get(key) ?? 0) + 1);
    },
    judge(ledger) {
      const wanted = new Map<string, number>();
      for (const batch of ledger.batches) {
        const key = `process ${batch.client}`;
        if (counts(batch)) wanted.set(key, (wanted.get(key) ?? 0) + batch.count);
      }
      return compared(shown, wanted);
    },
  };
}
