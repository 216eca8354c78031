// How long after a lone accept its row can be read.
import { outputOf } from "./responder.ts";
import { type Measure, quantile } from "./measure.ts";
import { made, nettraceWith, readerWith, usablePlans, withTracefs } from "./tracer.ts";

const ROUNDS = 2, EVENTS = 199, APART_MS = 20;

/** Both sides in turn, started anew for each round, as tables. */
export async function latency(): Promise<Measure[]> {
  const [plan] = await usablePlans();
  if (!plan) throw new Error("no plan of tcpaccept works here");
  const ours_us: number[] = [], c_us: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours_us.push(...await taken_us(nettraceWith(plan)));
    c_us.push(...await taken_us(["stdbuf", "-oL", ...readerWith(plan)]));
  }
  const at = (q: number) => ({ unit: "us", nettrace: quantile(ours_us, q), c: quantile(c_us, q) });
  return [
    { name: "a lone accept until its row is read", ...at(0.5), goal: { of: "value", most: 500 } },
    { name: "a lone accept until its row is read, 99th percentile", ...at(0.99) },
  ];
}

async function taken_us(command: readonly string[]): Promise<number[]> {
  const text = await outputOf(withTracefs([made("bench-lone"), `${EVENTS}`, `${APART_MS}`, ...command]));
  return text.trim().split("\n").map((ns) => Number(ns) / 1000);
}
