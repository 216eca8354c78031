import { newDistribution } from "./distribution.ts";
import { grouped } from "./format.ts";
import { newHeavy } from "./heavy.ts";
import { newLongest } from "./longest.ts";
import { histogram, spreadTable } from "./spread.ts";
import type { Cell } from "./model.ts";
import { cell, heavyTable, type NewPart, quantile, rate, sectionOf, summed, weight } from "./part.ts";
import { newHeat, newLines } from "./timeline.ts";
import { endpoint, numberOf, textOf } from "./value.ts";

// Of those with most connects, latencies are kept by target.
const TARGETS_KEPT = 1024;
const FAILED = 0;

const target = cell("target", "TARGET", 0);

/** Connects of tcpconnlat and tcpconnect: how long they took, which failed, and where. */
export const newConnects: NewPart = (tool, timeline) => {
  const targets = newHeavy(1, TARGETS_KEPT), comms = newHeavy(1), results = newHeavy(0), failures = newHeavy(0);
  const slowest = newLongest<readonly Cell[]>(1000);
  const spread = newDistribution(), heat = newHeat(timeline);
  const lines = newLines(timeline), failing = newLines(timeline);
  let connects = 0, failed = 0, told = false;
  return {
    add(event, at_ms) {
      const n = numberOf(event["connects"]) ?? 1; // a row of `tcpconnect -c` is a count
      const result = textOf(event["result"]);
      const latency_ms = numberOf(event["latency_ms"]);
      const to = endpoint(event["daddr"] ?? event["raddr"], event["dport"] ?? event["rport"]);
      const ok = result === undefined || result === "ok";
      if (result !== undefined) told = true;
      connects += n;
      lines.add(ok ? result ?? "connects" : "failed", at_ms, n);
      const entry = targets.add(to, n);
      const comm = textOf(event["comm"]);
      const by = comm === undefined ? undefined : comms.add(comm, n);
      if (!ok) {
        failed += n;
        failing.add(result, at_ms, n);
        entry.sums[FAILED] = entry.sums[FAILED] as number + n;
        if (by) by.sums[FAILED] = by.sums[FAILED] as number + n;
        results.add(result, n);
        failures.add(`${result} ${to}`, n).cells ??= [result, to];
      } else if (latency_ms !== undefined) {
        spread.add(latency_ms);
        (entry.spread ??= newDistribution()).add(latency_ms);
        heat.add(at_ms, latency_ms);
        if (slowest.takes(latency_ms)) {
          slowest.add(latency_ms, [
            textOf(event.time) ?? null,
            numberOf(event["pid"]) ?? null,
            comm ?? null,
            to,
            latency_ms,
          ]);
        }
      }
    },
    section(most, ran_s) {
      const items = slowest.items();
      const latencies = spread.count > 0 ? [quantile("p50_ms", "P50", 0.5), quantile("p99_ms", "P99", 0.99)] : [];
      return sectionOf(
        `connects_${tool}`,
        `Connects (${tool})`,
        [
          told
            ? `${grouped(failed)} of ${grouped(connects)} connects failed.`
            : `${grouped(connects)} connects; what became of them was not asked for.`,
        ],
        [
          heavyTable("failed_by_result", "Failed connects by result", results, most, [
            cell("result", "RESULT", 0),
            weight("connects", "CONNECTS"),
            rate(ran_s),
          ]),
          spreadTable("latency", "Latency of connects", [["connects", spread]]),
          heavyTable("failed_by_target", "Failed connects by target", failures, most, [
            cell("result", "RESULT", 0),
            cell("target", "TARGET", 1),
            weight("connects", "CONNECTS"),
            rate(ran_s),
          ]),
          items.length === 0 ? undefined : {
            id: "slowest",
            title: "Slowest connects",
            columns: [
              { key: "time", heading: "TIME", kind: "time" },
              { key: "pid", heading: "PID", kind: "id" },
              { key: "comm", heading: "COMM", kind: "text" },
              { key: "target", heading: "TARGET", kind: "text" },
              { key: "latency_ms", heading: "LATENCY", kind: "ms" },
            ],
            rows: items.slice(0, most),
            ...items.length > most &&
              { others: { rows: spread.count - most, cells: [null, null, null, null, null] } },
          },
          heavyTable("by_target", "Connects by target", targets, most, [
            target,
            weight("connects", "CONNECTS"),
            ...told ? [summed("failed", "FAILED", FAILED)] : [],
            ...latencies,
            ...spread.count > 0 ? [quantile("max_ms", "MAX", 1)] : [],
          ]),
          heavyTable("by_comm", "Connects by process name", comms, most, [
            cell("comm", "COMM", 0),
            weight("connects", "CONNECTS"),
            ...told ? [summed("failed", "FAILED", FAILED)] : [],
            rate(ran_s),
          ]),
        ],
        [
          lines.chart("Connects", "count"),
          failing.chart("Failed connects by result", "count"),
          heat.chart("Latency of connects by time"),
          histogram("Latency of connects", spread),
        ],
      );
    },
  };
};
