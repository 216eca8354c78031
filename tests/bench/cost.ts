// What a tool's programs take of the kernel's time, for each event that it shows.
import { runsOf, takeTimes } from "../live/runs.ts";
import { emptyRun_ns } from "./empty.ts";
import { type Measure, median } from "./measure.ts";
import { nettrace, trace, type Tracing } from "./tracer.ts";
import { traceTwin, twins } from "./twin.ts";
import { connections, work, type Workload, workloads } from "./workload.ts";

const ROUNDS = 3;

interface Cost {
  event_ns: number[];
  run_ns: number[];
}

/** In each round the empty program, then each tool and its twin, one after the other, on the same traffic. */
export async function cost(): Promise<Measure[]> {
  const sides = Array.from(await twins(), ([tool, twin]) => ({
    tool,
    ours: { event_ns: [], run_ns: [] } as Cost,
    ..."command" in twin &&
      { twin: { command: twin.command, event_ns: [], run_ns: [] } as Cost & { command: string[] } },
  }));
  const empty_ns: number[] = [];
  using _times = takeTimes();
  for (let round = 0; round < ROUNDS; round++) {
    const this_ns = await emptyRun_ns(() => work(connections));
    empty_ns.push(this_ns);
    for (const { tool, ours, twin } of sides) {
      // CSV, as its rows have one line each: a row of tcpdrop's table has a stack under it.
      await add(ours, await trace([nettrace, tool, "--csv"]), workloads[tool], this_ns);
      if (twin) await add(twin, await traceTwin(twin.command), workloads[tool], this_ns);
    }
  }
  return [
    { name: "in the kernel, a run of an empty program", unit: "ns", nettrace: median(empty_ns) },
    ...sides.flatMap(({ tool, ours, twin }): Measure[] => [
      {
        name: `in the kernel, ${tool}, for each event`,
        unit: "ns",
        nettrace: median(ours.event_ns),
        ...twin && { c: median(twin.event_ns), goal: { of: "ratio", most: 1 } },
      },
      {
        name: `in the kernel, ${tool}, for each run`,
        unit: "ns",
        nettrace: median(ours.run_ns),
        ...twin && { c: median(twin.run_ns) },
      },
    ]),
  ];
}

/** Adds what a tracer's programs take of a workload, without what is not theirs. An event that it lost has cost, too. */
async function add(to: Cost, tracer: Tracing, workload: Workload, empty_ns: number): Promise<void> {
  await using tracing = tracer;
  const before = runsOf(tracing.pid); // of the iterator at start
  await work(workload);
  const after = runsOf(tracing.pid);
  const count = after.count - before.count;
  const spent_ns = after.spent_ns - before.spent_ns - count * empty_ns;
  const { rows, lost } = await tracing.stop();
  if (rows + lost === 0 || count === 0) throw new Error("a tracer saw nothing of its workload");
  to.event_ns.push(spent_ns / (rows + lost));
  to.run_ns.push(spent_ns / count);
}
