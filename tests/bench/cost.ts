// What a tool's programs take of the kernel's time, for each event that it shows.
import { readJson, type Running, start } from "../live/nettrace.ts";
import { traffic } from "../live/traffic.ts";
import type { Measure } from "./measure.ts";
import { emptyRun_ns, runsOf, takeTimes } from "./programs.ts";
import { trace, type Tracing } from "./tracer.ts";
import { twinOf } from "./twin.ts";

const CONNECTIONS = 4001;

interface Workload {
  scenario: string;
  options: Record<string, string | number>;
}

const connections: Workload = { scenario: "flood", options: { n: CONNECTIONS } };

/** What there is for each tool to show. */
export const workloads: Readonly<Record<string, Workload>> = {
  tcpaccept: connections,
  tcpconnect: connections,
  tcpconnlat: connections,
  tcplife: connections,
  tcpstates: connections,
  tcptracer: connections,
  solisten: { scenario: "listen", options: { v4: 1009 } },
  tcpdrop: { scenario: "drop", options: { mode: "refused", v4: 1009 } },
  tcpretrans: { scenario: "retransmit", options: { mode: "data", v4: 31, at_least: 2 } },
};

async function work({ scenario, options }: Workload): Promise<void> {
  await using made = await traffic(scenario, options);
  await made.go();
}

/** Each tool and its twin, one after the other, on the same traffic. */
export async function cost(): Promise<Measure[]> {
  using _times = takeTimes();
  const empty_ns = await emptyRun_ns(() => work(connections));
  const measures: Measure[] = [{ name: "in the kernel, a run of an empty program", unit: "ns", nettrace: empty_ns }];
  for (const [tool, workload] of Object.entries(workloads)) {
    const ours = await costOf(await start([tool, "--json"]), workload, empty_ns);
    const twin = twinOf(tool);
    const theirs = twin && await costOf(await trace(twin), workload, empty_ns);
    measures.push(
      {
        name: `in the kernel, ${tool}, for each event`,
        unit: "ns",
        nettrace: ours.event_ns,
        ...theirs && { c: theirs.event_ns, goal: { of: "ratio", most: 1 } },
      },
      {
        name: `in the kernel, ${tool}, for each run`,
        unit: "ns",
        nettrace: ours.run_ns,
        ...theirs && { c: theirs.run_ns },
      },
    );
  }
  return measures;
}

async function costOf(tracer: Running | Tracing, workload: Workload, empty_ns: number) {
  await using tracing = tracer;
  const before = runsOf(tracing.pid); // of the iterator at start
  await work(workload);
  const after = runsOf(tracing.pid);
  const count = after.count - before.count;
  const spent_ns = after.spent_ns - before.spent_ns - count * empty_ns;
  const result = await tracing.stop();
  const events = "rows" in result ? result.rows : readJson(result.stdout).summary.printed;
  return { event_ns: spent_ns / events, run_ns: spent_ns / count };
}
