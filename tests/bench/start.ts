// From exec until tracing is attached, which is when the heading appears.
import type { Plan } from "../../src/tool.ts";
import { outputOf } from "./responder.ts";
import { type Measure, median } from "./measure.ts";
import { made, nettraceWith, readerWith, usablePlans, withTracefs } from "./tracer.ts";

const RUNS = 31;

const ENDS_SLOWLY = ["kprobe", "tracepoint"];

interface Start {
  side: 0 | 1;
  wall_ns: number;
  cpu_ns: number;
}

/**
 * With the plan that is quickest to end, as ending a perf event waits for a grace period of RCU; with the system's
 * libbpf, and with that hidden, so that the embedded one is used.
 */
export async function start(): Promise<Measure[]> {
  const plan = (await usablePlans()).toSorted((a, b) => ENDS_SLOWLY.indexOf(a.name) - ENDS_SLOWLY.indexOf(b.name))[0];
  if (!plan) throw new Error("no plan of tcpaccept works here");
  const paths = [...(await outputOf(["/sbin/ldconfig", "-p"])).matchAll(/libbpf\.so\.1 .*=> (.*)/g)].map((m) => m[1]);
  const hide = paths.map((path) => `mount --bind /dev/null ${path}`).join("; ");
  return [
    ...await compare("system libbpf", plan, readerWith(plan)),
    ...await compare("embedded libbpf", plan, [`LD_PRELOAD=${made("libbpf.so")}`, ...readerWith(plan)], hide),
  ];
}

async function compare(libbpf: string, plan: Plan, reader: string[], first?: string): Promise<Measure[]> {
  const launch = [made("bench-launch"), `${RUNS}`, ...nettraceWith(plan), "--", ...reader];
  const text = await outputOf(withTracefs(launch, first));
  const starts: Start[] = text.trim().split("\n").map((line) => JSON.parse(line));
  const ms = (side: 0 | 1, time: "wall_ns" | "cpu_ns") =>
    median(starts.filter((s) => s.side === side).map((s) => s[time])) / 1e6;
  const measure = (what: string, time: "wall_ns" | "cpu_ns"): Measure => ({
    name: `start, ${plan.name}, ${libbpf}, ${what}`,
    unit: "ms",
    nettrace: ms(0, time),
    c: ms(1, time),
  });
  return [{ ...measure("wall", "wall_ns"), goal: { of: "ratio", most: 1.5 } }, measure("CPU", "cpu_ns")];
}
