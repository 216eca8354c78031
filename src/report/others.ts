import { newHeavy } from "./heavy.ts";
import { cell, heavyTable, type NewPart, rate, sectionOf, summed, weight } from "./part.ts";
import { newLines } from "./timeline.ts";
import { endpoint, numberOf, textOf } from "./value.ts";

/** What tcptracer saw: connects, accepts and closes, and with whom. */
export const newTraced: NewPart = (tool, timeline) => {
  const types = newHeavy(0), peers = newHeavy(0), lines = newLines(timeline);
  return {
    add(event, at_ms) {
      const type = textOf(event["type"]) ?? "?", peer = textOf(event["daddr"]);
      types.add(type, 1);
      lines.add(type, at_ms, 1);
      if (peer !== undefined) peers.add(`${type} ${peer}`, 1).cells ??= [type, peer];
    },
    section(most, ran_s) {
      const type = cell("type", "TYPE", 0), numbers = [weight("events", "EVENTS"), rate(ran_s)];
      return sectionOf(`connections_${tool}`, `Connections (${tool})`, [], [
        heavyTable("by_type", "Connections by what happened", types, most, [type, ...numbers]),
        heavyTable("by_peer", "Connections by peer", peers, most, [type, cell("daddr", "DADDR", 1), ...numbers]),
      ], [lines.chart("Connections by what happened", "count")]);
    },
  };
};

/** Listens of solisten. */
export const newListens: NewPart = (tool, timeline) => {
  const places = newHeavy(0), lines = newLines(timeline);
  return {
    add(event, at_ms) {
      const place = endpoint(event["addr"], event["port"]), error = textOf(event["error"]) ?? "ok";
      const comm = textOf(event["comm"]) ?? null, backlog = numberOf(event["backlog"]) ?? null;
      places.add(`${place} ${comm} ${error} ${backlog}`, 1).cells ??= [place, comm, error, backlog];
      lines.add(error, at_ms, 1);
    },
    section: (most) =>
      sectionOf(`listens_${tool}`, `Listens (${tool})`, [], [
        heavyTable("by_address", "Listens by address", places, most, [
          cell("address", "ADDRESS", 0),
          cell("comm", "COMM", 1),
          cell("result", "RESULT", 2),
          cell("backlog", "BACKLOG", 3, "count"),
          weight("listens", "LISTENS"),
        ]),
      ], [lines.chart("Listens by result", "count")]),
  };
};

const NS_IN_MS = 1e6;

/** What softirqs counted. */
export const newSoftirqs: NewPart = (tool, timeline) => {
  const kinds = newHeavy(1), lines = newLines(timeline);
  let timed = false;
  return {
    add(event, at_ms) {
      const kind = textOf(event["softirq"]) ?? "?",
        n = numberOf(event["count"]) ?? 0,
        spent_ns = numberOf(event["total_ns"]);
      const entry = kinds.add(kind, n);
      if (spent_ns !== undefined) {
        timed = true;
        entry.sums[0] = entry.sums[0] as number + spent_ns / NS_IN_MS;
      }
      lines.add(kind, at_ms, n);
    },
    section: (most, ran_s) =>
      sectionOf(`softirqs_${tool}`, `Soft interrupts (${tool})`, [], [
        heavyTable("by_kind", "Soft interrupts by kind", kinds, most, [
          cell("softirq", "SOFTIRQ", 0),
          weight("count", "COUNT"),
          rate(ran_s),
          ...timed ? [summed("total_ms", "SPENT", 0, "ms")] : [],
        ]),
      ], [lines.chart("Soft interrupts by kind", "count")]),
  };
};

/** What netqtop counted. */
export const newQueues: NewPart = (tool, timeline) => {
  const queues = newHeavy(1), lines = newLines(timeline);
  return {
    add(event, at_ms) {
      const direction = textOf(event["direction"]) ?? "?", queue = numberOf(event["queue"]) ?? null;
      const bytes = numberOf(event["bytes"]) ?? 0, packets = numberOf(event["packets"]) ?? 0;
      const entry = queues.add(`${direction} ${queue}`, bytes);
      entry.cells ??= [direction, queue];
      entry.sums[0] = entry.sums[0] as number + packets;
      lines.add(direction, at_ms, bytes);
    },
    section: (most) =>
      sectionOf(`queues_${tool}`, `Queues (${tool})`, [], [
        heavyTable("by_queue", "Bytes by queue", queues, most, [
          cell("direction", "DIRECTION", 0),
          cell("queue", "QUEUE", 1, "count"),
          summed("packets", "PACKETS", 0),
          weight("bytes", "BYTES", "bytes"),
        ]),
      ], [lines.chart("Bytes by direction", "bytes")]),
  };
};
