// What nettrace costs while nothing happens, and what room it takes.
import { outputOf } from "./responder.ts";
import type { Measure } from "./measure.ts";
import { nettrace, nettraceWith, readerWith, trace, type Tracing, usablePlans } from "./tracer.ts";

const SECONDS = 20;
const MB = 1e6;

/** Both sides at the same time, as neither disturbs the other by doing nothing. */
export async function idle(): Promise<Measure[]> {
  const [plan] = await usablePlans();
  if (!plan) throw new Error("no plan of tcpaccept works here");
  await using ours = await trace(nettraceWith(plan));
  await using c = await trace(readerWith(plan));
  const sides = { nettrace: ours, c };
  const cpu = () => ({ nettrace: sides.nettrace.cpu_ns(), c: sides.c.cpu_ns(), at_ns: performance.now() * 1e6 });
  await new Promise((done) => setTimeout(done, 1000)); // V8 still works for a moment after the start
  const before = cpu();
  await new Promise((done) => setTimeout(done, SECONDS * 1000));
  const after = cpu();
  const share = (side: "nettrace" | "c") => 100 * (after[side] - before[side]) / (after.at_ns - before.at_ns);
  const memory = { nettrace: memoryOf(sides.nettrace), c: memoryOf(sides.c) };
  await sides.nettrace.stop();
  await sides.c.stop();
  const executable = Deno.statSync(nettrace).size;
  const compressed = Number(await outputOf(["sh", "-c", 'zstd -19 -T0 -q -c "$1" | wc -c', "sh", nettrace]));
  return [
    {
      name: "CPU when idle",
      unit: "%",
      nettrace: share("nettrace"),
      c: share("c"),
      goal: { of: "value", most: 0.1 },
    },
    { name: "resident memory", unit: "MB", nettrace: memory.nettrace.resident, c: memory.c.resident },
    { name: "private memory, without files", unit: "MB", nettrace: memory.nettrace.own, c: memory.c.own },
    { name: "size of the executable", unit: "MB", nettrace: executable / MB },
    { name: "size compressed by zstd -19", unit: "MB", nettrace: compressed / MB },
  ];
}

/** MB of memory: all, and what is no other process's and no page of a file. */
function memoryOf(tracing: Tracing): { resident: number; own: number } {
  const text = Deno.readTextFileSync(`/proc/${tracing.pid}/smaps_rollup`);
  const kB = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB$`, "m").exec(text)?.[1]);
  return { resident: kB("Rss") * 1024 / MB, own: kB("Private_Dirty") * 1024 / MB };
}
