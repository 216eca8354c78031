import { newDistribution } from "./distribution.ts";
import { grouped } from "./format.ts";
import { newHeavy } from "./heavy.ts";
import { cell, heavyTable, type NewPart, sectionOf, summed, weight } from "./part.ts";
import { histogram, spreadTable } from "./spread.ts";
import { newLines } from "./timeline.ts";
import { newInstants } from "./instant.ts";
import { numberOf, textOf } from "./value.ts";

const TX = 0, RX = 1, SESSIONS = 2;
const KINDS = [
  { key: "by_raddr", title: "by remote address", of: "raddr", heading: "RADDR" },
  { key: "by_comm", title: "by process name", of: "comm", heading: "COMM" },
  { key: "by_container", title: "by container", of: "container", heading: "CONTAINER" },
  { key: "by_subnet", title: "by subnet", of: "subnet", heading: "SUBNET" },
] as const;

const total = weight("total_bytes", "TOTAL", "bytes");
const sums = [summed("tx_bytes", "SENT", TX, "bytes"), summed("rx_bytes", "RECEIVED", RX, "bytes")];

function newTalkers(width: number) {
  const tables = KINDS.map((kind) => ({ ...kind, heavy: newHeavy(width) }));
  return {
    add(event: Readonly<Record<string, unknown>>, tx: number, rx: number): void {
      for (const { of, heavy } of tables) {
        const name = textOf(event[of]);
        if (name === undefined) continue;
        const entry = heavy.add(name, tx + rx);
        entry.sums[TX] = entry.sums[TX] as number + tx;
        entry.sums[RX] = entry.sums[RX] as number + rx;
        if (width > SESSIONS) entry.sums[SESSIONS] = entry.sums[SESSIONS] as number + 1;
      }
    },
    tables(most: number) {
      const counted = width > SESSIONS ? [summed("sessions", "SESSIONS", SESSIONS)] : [];
      return tables.map(({ key, title, heading, heavy }) =>
        heavyTable(key, `Bytes ${title}`, heavy, most, [
          cell(heading.toLowerCase(), heading, 0),
          ...counted,
          ...sums,
          total,
        ])
      );
    },
  };
}

/** Sessions of tcplife: who moved how much, and how long they lasted. */
export const newSessions: NewPart = (tool, timeline) => {
  const talkers = newTalkers(SESSIONS + 1), spread = newDistribution(), lines = newLines(timeline);
  let open = 0;
  return {
    add(event, at_ms) {
      const tx = numberOf(event["tx_bytes"]) ?? 0, rx = numberOf(event["rx_bytes"]) ?? 0;
      talkers.add(event, tx, rx);
      lines.add("sent", at_ms, tx);
      lines.add("received", at_ms, rx);
      const duration_ms = numberOf(event["duration_ms"]);
      if (event["open"] === 1) open++;
      else if (duration_ms !== undefined) spread.add(duration_ms);
    },
    section: (most) =>
      sectionOf(
        `bytes_${tool}`,
        `Sessions and their bytes (${tool})`,
        [
          open === 0
            ? undefined
            : `${grouped(open)} of the sessions were still open at the end; their bytes are those until then.`,
        ],
        [...talkers.tables(most), spreadTable("duration", "How long sessions lasted", [["sessions", spread]])],
        [
          lines.chart("Bytes of sessions, where these ended", "bytes"),
          histogram("How long sessions lasted", spread),
        ],
      ),
  };
};

/** Bytes of the intervals of tcptop and tcpsubnet. */
export const newIntervals: NewPart = (tool, timeline) => {
  const talkers = newTalkers(RX + 1), lines = newLines(timeline), instant = newInstants();
  let start: unknown, end_ms = NaN, sent = 0, received = 0;
  const flush = () => {
    const start_ms = instant(start);
    if (!(start_ms <= end_ms)) return;
    lines.spread("sent", start_ms, end_ms, sent);
    lines.spread("received", start_ms, end_ms, received);
  };
  return {
    add(event, at_ms) {
      const tx = numberOf(event["tx_bytes"]) ?? 0, rx = numberOf(event["rx_bytes"]) ?? 0;
      talkers.add(event, tx, rx);
      if (event["start"] !== start) {
        flush();
        [start, end_ms, sent, received] = [event["start"], at_ms, 0, 0];
      }
      sent += tx;
      received += rx;
    },
    section(most) {
      flush();
      sent = received = 0;
      return sectionOf(`bytes_${tool}`, `Bytes (${tool})`, [], talkers.tables(most), [
        lines.chart("Throughput", "bytes"),
      ]);
    },
  };
};
