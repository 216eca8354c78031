// What a tool showed, against what there was.
import { type Batch, type End, endOf, type Ledger } from "./ledger.ts";

/** A record of any tool's JSON. */
export type Row = Readonly<Record<string, unknown>>;

/** How rows and traffic compare: `produced` is `seen` and `missing`, in events or in bytes. */
export interface Verdict {
  produced: number;
  seen: number;
  missing: number;
  /** Where gaps are seen, and not how wide they are, `missing` counts gaps, and this is the most that may be missing. */
  missing_most?: number;
  /** How many were shown twice, never were, or are told wrong. */
  wrong: number;
  /** How many were shown as nobody's that are somebody's. */
  unnamed?: number;
  /** How many the kernel had no tool see, of all that there were: none of `produced`. */
  hidden?: number;
  /** The first of what is missing or wrong, in words. */
  examples: string[];
}

/** Takes rows as they come, and judges them when all is over. */
export interface Tally {
  take(row: Row): void;
  judge(ledger: Ledger): Verdict;
}

/** Collects what is wrong, and words for the first few of that, and of what is missing. */
export class Complaints {
  wrong = 0;
  readonly #wrong: string[] = [];
  readonly #other: string[] = [];

  add(n: number, what: () => string): void {
    this.wrong += n;
    if (n > 0 && this.#wrong.length < EXAMPLES) this.#wrong.push(what());
  }

  /** Adds words only. */
  show(what: () => string): void {
    if (this.#other.length < EXAMPLES) this.#other.push(what());
  }

  get examples(): string[] {
    return [...this.#wrong, ...this.#other];
  }
}

const EXAMPLES = 5;

/** A number for each socket, of any number of sockets. */
export class Column {
  #values = new Float64Array(1 << 16);

  at(n: number): number {
    return this.#values[n] ?? 0;
  }

  set(n: number, value: number): void {
    if (n >= this.#values.length) {
      const larger = new Float64Array(Math.max(n + 1, 2 * this.#values.length));
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[n] = value;
  }

  /** The numbers of sockets that may have one. */
  get length(): number {
    return this.#values.length;
  }
}

const PID = (row: Row) => (row["pid"] as number | null) ?? 0;

/** The end of a socket that a row is about, whatever the tool calls its columns. */
export function endOfRow(row: Row): End | undefined {
  return endOf(
    String(row["laddr"] ?? row["saddr"] ?? row["addr"]),
    Number(row["lport"] ?? row["sport"] ?? row["port"]),
    String(row["raddr"] ?? row["daddr"]),
    Number(row["rport"] ?? row["dport"]),
  );
}

/** How often something of a socket's end should have been shown, and as whose. */
export interface Expected {
  mark: string;
  times: number;
  /** 0 if nobody's. */
  pid: number;
}

/** A tally of rows of which each stands for one event, a `mark` of a socket. */
export function events(
  markOf: (row: Row, end: End) => string,
  expected: (batch: Batch, n: number, ledger: Ledger) => Expected[],
): Tally {
  const marks = new Map<string, { times: Column; pid: Column }>();
  const complaints = new Complaints();
  return {
    take(row) {
      const end = endOfRow(row);
      if (!end) return complaints.add(1, () => `of none of these sockets: ${JSON.stringify(row)}`);
      const mark = markOf(row, end);
      let columns = marks.get(mark);
      if (!columns) marks.set(mark, columns = { times: new Column(), pid: new Column() });
      const times = columns.times.at(end.n);
      if (times > 0 && columns.pid.at(end.n) !== PID(row)) {
        complaints.add(1, () => `of two processes: ${JSON.stringify(row)}`);
      }
      columns.times.set(end.n, times + 1);
      columns.pid.set(end.n, PID(row));
    },
    judge(ledger) {
      let produced = 0, seen = 0, missing = 0, unnamed = 0;
      for (const batch of ledger.batches) {
        for (let n = batch.first; n < batch.first + batch.count; n++) {
          for (const { mark, times, pid } of expected(batch, n, ledger)) {
            const columns = marks.get(mark), shown = columns?.times.at(n) ?? 0;
            const what = () => `${mark} of socket ${n} (${batch.kind}, ${batch.reach}): ${shown} times, not ${times}`;
            produced += times;
            seen += Math.min(shown, times);
            missing += Math.max(0, times - shown);
            if (shown < times) complaints.show(what);
            complaints.add(Math.max(0, shown - times), what);
            const who = columns?.pid.at(n), ofWhom = () => `${mark} of socket ${n}: process ${who}, not ${pid}`;
            if (shown > 0 && who === 0 && pid !== 0) {
              unnamed++;
              complaints.show(ofWhom);
            } else if (shown > 0 && who !== pid) complaints.add(1, ofWhom);
            columns?.times.set(n, 0);
          }
        }
      }
      for (const [mark, { times }] of marks) {
        for (let n = 0; n < times.length; n++) {
          complaints.add(times.at(n), () => `${mark} of socket ${n}, which never was`);
        }
      }
      return { produced, seen, missing, unnamed, wrong: complaints.wrong, examples: complaints.examples };
    },
  };
}

/** Compares what was shown of each thing with what there was of it. */
export function compared(shown: ReadonlyMap<string, number>, made: ReadonlyMap<string, number>): Verdict {
  const complaints = new Complaints();
  const verdict = { produced: 0, seen: 0, missing: 0 };
  for (const key of new Set([...shown.keys(), ...made.keys()])) {
    const wanted = made.get(key) ?? 0, seen = shown.get(key) ?? 0;
    verdict.produced += wanted;
    verdict.seen += Math.min(wanted, seen);
    verdict.missing += Math.max(0, wanted - seen);
    if (seen < wanted) complaints.show(() => `${key}: ${seen}, not ${wanted}`);
    complaints.add(Math.max(0, seen - wanted), () => `${key}: ${seen}, not ${wanted}`);
  }
  return { ...verdict, wrong: complaints.wrong, examples: complaints.examples };
}
