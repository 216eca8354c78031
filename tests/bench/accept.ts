// How many connections a second a loopback server still accepts while it is traced.
import type { Plan } from "../../src/tool.ts";
import { traffic } from "../live/traffic.ts";
import { type Measure, median, quantile } from "./measure.ts";
import { nettraceWith, readerWith, trace, usablePlans } from "./tracer.ts";

const ROUNDS = 9;
const NOISE_MOST = 3;

/** In each round: untraced, with each plan by either side, untraced again; a traced rate counts against both. */
export async function accept(): Promise<Measure[]> {
  const plans = await usablePlans();
  const kept = plans.map(() => ({ nettrace: [] as number[], c: [] as number[] }));
  const untraced: number[] = [], again: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = await acceptRate();
    const traced: [nettrace: number, c: number][] = [];
    for (const plan of plans) traced.push([await acceptRate(nettraceWith(plan)), await acceptRate(readerWith(plan))]);
    const after = await acceptRate();
    untraced.push(before);
    again.push(100 * after / before);
    for (const [i, [ours, c]] of traced.entries()) {
      kept[i]?.nettrace.push(200 * ours / (before + after));
      kept[i]?.c.push(200 * c / (before + after));
    }
  }
  const noise = quantile(again, 0.75) - quantile(again, 0.25);
  return [
    { name: "accepts, untraced", unit: "/s", nettrace: median(untraced) },
    { name: "noise: spread of untraced rates", unit: "%", nettrace: noise },
    ...plans.flatMap((plan, i) => lines(plan, kept[i]?.nettrace ?? [], kept[i]?.c ?? [], noise)),
  ];
}

/** The goal is judged only where the machine is quiet enough to tell. */
function lines(plan: Plan, ours: number[], c: number[], noise: number): Measure[] {
  const line = (what: string, q: number): Measure => ({
    name: `accept rate kept, ${plan.name}${what}`,
    unit: "%",
    nettrace: quantile(ours, q),
    c: quantile(c, q),
  });
  return [
    { ...line("", 0.5), ...noise <= NOISE_MOST && { goal: { of: "value", least: 97 } } },
    line(", lower quartile", 0.25),
    line(", upper quartile", 0.75),
  ];
}

async function acceptRate(tracer?: string[]): Promise<number> {
  await using flood = await traffic("flood", { seconds: 1 });
  await using tracing = tracer && await trace(tracer);
  const { rate } = await flood.go();
  await tracing?.stop();
  if (rate === undefined) throw new Error("the flood tells no rate");
  return rate;
}
