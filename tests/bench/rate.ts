// Events lost, CPU of the reader and cost for the traced process, with events at a steady rate.
import { V8_FLAGS } from "../../package/v8_flags.ts";
import { responder } from "./responder.ts";
import { type Measure, median } from "./measure.ts";
import { LOST_OFFSET, made, RING_BYTES, trace } from "./tracer.ts";

const RATES = [10_000, 100_000];
const SECONDS = 2, ROUNDS = 3;
const READERS = {
  nettrace: [Deno.execPath(), "run", "-A", V8_FLAGS, new URL("rate_reader.ts", import.meta.url).pathname],
  c: [made("bench-reader"), made("bench-event.bpf.o"), `${RING_BYTES}`, `${LOST_OFFSET}`, "produce"],
};

interface Produced {
  calls: number;
  spent_ns: number;
  elapsed_ns: number;
}

interface Reading {
  lost: number;
  cpu: number;
  call_ns: number;
}

/** At each rate in turn: untraced, read by nettrace, read by C. */
export async function rate(): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const perSecond of RATES) {
    const untraced_ns: number[] = [], ours: Reading[] = [], c: Reading[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      untraced_ns.push((await read(perSecond)).call_ns);
      ours.push(await read(perSecond, READERS.nettrace));
      c.push(await read(perSecond, READERS.c));
    }
    const of = (readings: readonly Reading[], what: keyof Reading) => median(readings.map((r) => r[what]));
    const added = (readings: readonly Reading[]) => of(readings, "call_ns") - median(untraced_ns);
    const at = `at ${perSecond / 1000}k events/s`;
    const worst = (readings: readonly Reading[]) => Math.max(...readings.map((r) => r.lost));
    measures.push(
      { name: `lost ${at}`, unit: "events", nettrace: worst(ours), c: worst(c), goal: { of: "value", most: 0 } },
      { name: `CPU ${at}`, unit: "%", nettrace: of(ours, "cpu"), c: of(c, "cpu"), goal: { of: "ratio", most: 1 } },
      { name: `cost for the traced process ${at}`, unit: "ns/event", nettrace: added(ours), c: added(c) },
    );
  }
  return measures;
}

/** Produces at a rate, read by a tracer if one is given. Lost is what was produced and not printed. */
async function read(perSecond: number, reader?: readonly string[]): Promise<Reading> {
  await using producer = responder([made("bench-producer"), `${perSecond}`, `${SECONDS}`]);
  await using tracing = reader && await trace(reader);
  const before_ns = tracing?.cpu_ns() ?? 0;
  const { calls, spent_ns, elapsed_ns } = JSON.parse(await producer.ask("")) as Produced;
  const used_ns = (tracing?.cpu_ns() ?? 0) - before_ns;
  const { rows } = await tracing?.stop() ?? { rows: calls };
  return { lost: calls - rows, cpu: 100 * used_ns / elapsed_ns, call_ns: spent_ns / calls };
}
