// How many connections a second can still be made and closed under each tool.
import { traffic } from "../live/traffic.ts";
import { workloads } from "./cost.ts";
import { type Measure, median, quantile } from "./measure.ts";
import { nettrace, trace } from "./tracer.ts";
import { twinOf } from "./twin.ts";

const ROUNDS = 7, CONNECTIONS = 10007;

/** In each round: untraced, then each tool and its twin, with untraced between; a traced rate counts against both sides. */
export async function storm(): Promise<Measure[]> {
  const sides = Object.keys(workloads).flatMap((tool) => {
    const twin = twinOf(tool);
    const ours = { tool, command: [nettrace, tool], twin: false };
    return twin ? [ours, { tool, command: twin, twin: true }] : [ours];
  }).map((side) => ({ ...side, kept: [] as number[], lost: 0 }));
  const untraced: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    let before = await rateOf();
    for (const side of sides) {
      await using tracing = await trace(side.command);
      const rate = await rateOf();
      side.lost = Math.max(side.lost, (await tracing.stop()).lost);
      const after = await rateOf();
      side.kept.push(200 * rate / (before + after));
      untraced.push(100 * after / before);
      before = after;
    }
  }
  return [
    {
      name: "storm: spread of untraced rates",
      unit: "%",
      nettrace: quantile(untraced, 0.75) - quantile(untraced, 0.25),
    },
    ...sides.filter((side) => !side.twin).flatMap((ours): Measure[] => {
      const theirs = sides.find((side) => side.twin && side.tool === ours.tool);
      return [
        {
          name: `storm: connections kept, ${ours.tool}`,
          unit: "%",
          nettrace: median(ours.kept),
          ...theirs && { c: median(theirs.kept) },
          goal: { of: "value", least: 95 },
        },
        {
          name: `storm: lost by ${ours.tool}`,
          unit: "events",
          nettrace: ours.lost,
          goal: { of: "value", most: 0 },
        },
      ];
    }),
  ];
}

async function rateOf(): Promise<number> {
  await using flood = await traffic("flood", { n: CONNECTIONS });
  const { rate } = await flood.go();
  if (rate === undefined) throw new Error("the flood tells no rate");
  return rate;
}
