// How many connections a second a loopback server still accepts while it is traced.
import type { Plan } from "../../src/tool.ts";
import { traffic } from "../live/traffic.ts";
import { type Measure, median, quantile } from "./measure.ts";
import { nettraceWith, readerWith, trace, usablePlans } from "./tracer.ts";

const ROUNDS = 13;

/** In each round: untraced, and with each plan by either side; a traced rate counts against the untraced of its round. */
export async function accept(): Promise<Measure[]> {
  const plans = await usablePlans();
  const kept = plans.map(() => ({ nettrace: [] as number[], c: [] as number[] }));
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const untraced = await acceptRate();
    rates.push(untraced);
    for (const [i, plan] of plans.entries()) {
      kept[i]?.nettrace.push(100 * await acceptRate(nettraceWith(plan)) / untraced);
      kept[i]?.c.push(100 * await acceptRate(readerWith(plan)) / untraced);
    }
  }
  return [
    { name: "accepts, untraced", unit: "/s", nettrace: median(rates) },
    ...plans.flatMap((plan, i) => lines(plan, kept[i]?.nettrace ?? [], kept[i]?.c ?? [])),
  ];
}

function lines(plan: Plan, ours: number[], c: number[]): Measure[] {
  const quartile = (q: number): Measure => ({
    name: `accept rate kept, ${plan.name}, ${q < 0.5 ? "lower" : "upper"} quartile`,
    unit: "%",
    nettrace: quantile(ours, q),
    c: quantile(c, q),
  });
  return [
    {
      name: `accept rate kept, ${plan.name}`,
      unit: "%",
      nettrace: median(ours),
      c: median(c),
      goal: { of: "value", least: 97 },
    },
    quartile(0.25),
    quartile(0.75),
  ];
}

async function acceptRate(tracer?: string[]): Promise<number> {
  await using flood = await traffic("flood", { seconds: 1 });
  const tracing = tracer && await trace(tracer);
  const { rate } = await flood.go();
  await tracing?.stop();
  if (rate === undefined) throw new Error("the flood tells no rate");
  return rate;
}
