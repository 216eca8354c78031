// How many connections a second can still be made and closed under each tool.
import { traffic } from "../live/traffic.ts";
import { type Measure, median, quantile, quartiles } from "./measure.ts";
import { nettrace, trace, type Tracing } from "./tracer.ts";
import { type ToolName, traceTwin, twins } from "./twin.ts";

const CONNECTIONS = 10007; // a third of a second or so
const ROUNDS_LEAST = 5, SPENT_MOST_MS = 180_000;
const NOISE_MOST = 3;

/** Rows for each connection, of the tools for which that is one number whatever becomes of the connection. */
const ROWS: Partial<Record<ToolName, number>> = {
  tcpaccept: 1,
  tcpconnect: 1,
  tcpv4connect: 1,
  tcpconnlat: 1,
  tcplife: 2,
};

interface Side {
  start(): Promise<Tracing>;
  /** Rows that it must show of a storm. */
  rows: number;
  /** Percent of the untraced rate. */
  kept: number[];
  lost: number;
}

/**
 * In each round: untraced, then each tool and its twin, with untraced between; a traced rate counts against both sides.
 * Rounds are made as long as there is time.
 */
export async function storm(): Promise<Measure[]> {
  const tools = Array.from(await twins(), ([tool, twin]) => ({
    tool,
    ours: side(tool, () => trace([nettrace, tool])),
    ..."command" in twin && { twin: side(tool, () => traceTwin(twin.command)) },
  }));
  const sides = tools.flatMap(({ ours, twin }) => twin ? [ours, twin] : [ours]);
  const untraced: number[] = [], again: number[] = [];
  const end_ms = performance.now() + SPENT_MOST_MS;
  let before = await rateOf();
  for (let round = 0; round < ROUNDS_LEAST || performance.now() < end_ms; round++) {
    for (const side of sides) {
      const rate = await rateUnder(side);
      const after = await rateOf();
      side.kept.push(200 * rate / (before + after));
      untraced.push(after);
      again.push(100 * after / before);
      before = after;
    }
  }
  const spread = quantile(again, 0.75) - quantile(again, 0.25);
  const noise = spread / Math.sqrt(tools[0]?.ours.kept.length ?? 1);
  return [
    {
      name: "storm: connections, untraced",
      unit: "/s",
      nettrace: median(untraced),
      quartiles: { nettrace: quartiles(untraced) },
    },
    { name: "storm: noise", unit: "%", nettrace: noise },
    ...tools.flatMap(({ tool, ours, twin }) => lines(tool, ours, twin, noise <= NOISE_MOST)),
  ];
}

function side(tool: ToolName, start: () => Promise<Tracing>): Side {
  return { start, rows: CONNECTIONS * (ROWS[tool] ?? 0), kept: [], lost: 0 };
}

/** The goal for the rate is judged only where the machine is quiet enough to tell; that for losses always. */
function lines(tool: ToolName, ours: Side, twin: Side | undefined, quiet: boolean): Measure[] {
  return [
    {
      name: `storm: connections kept, ${tool}`,
      unit: "%",
      nettrace: median(ours.kept),
      quartiles: { nettrace: quartiles(ours.kept), ...twin && { c: quartiles(twin.kept) } },
      ...twin && { c: median(twin.kept) },
      ...quiet && { goal: { of: "value", least: 95 } },
    },
    {
      name: `storm: lost by ${tool}`,
      unit: "events",
      nettrace: ours.lost,
      ...twin && { c: twin.lost },
      goal: { of: "value", most: 0 },
    },
  ];
}

async function rateUnder(side: Side): Promise<number> {
  await using tracing = await side.start();
  const rate = await rateOf();
  const { rows, lost } = await tracing.stop();
  side.lost = Math.max(side.lost, lost, side.rows - rows);
  return rate;
}

/** Connections a second, over loopback in a network namespace of their own. */
async function rateOf(): Promise<number> {
  await using flood = await traffic("flood", { n: CONNECTIONS });
  const { rate } = await flood.go();
  if (rate === undefined) throw new Error("the flood tells no rate");
  return rate;
}
