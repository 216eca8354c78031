// Counts have no events to pair: one tool counts within the time of the other, so that it can count no more.
import assert from "node:assert/strict";
import { readJson, start } from "../live/nettrace.ts";
import { newNetwork, onCpu, sendFrames } from "../live/network.ts";
import { SOFTIRQS } from "./pairs.ts";
import { start_twin } from "./twin.ts";

type Counts = Map<string, number>;

/** How often each kind of soft interrupt has run, as the kernel counts it where it begins. */
function kernel_counts(): Counts {
  const [, ...lines] = Deno.readTextFileSync("/proc/softirqs").trimEnd().split("\n");
  return new Map(lines.map((line) => {
    const [name = "", counts = ""] = line.trim().split(":");
    return [name.toLowerCase(), counts.trim().split(/ +/).reduce((sum, count) => sum + Number(count), 0)];
  }));
}

interface Counter extends AsyncDisposable {
  stop(): Promise<Counts>;
}

async function start_ours(): Promise<Counter> {
  const tracer = await start([SOFTIRQS.tool, "--json", ...SOFTIRQS.args]);
  return {
    async stop() {
      const { rows, summary } = readJson((await tracer.stop()).stdout);
      assert.equal(summary.lost, 0);
      const counts: Counts = new Map();
      for (const { softirq, count } of rows as unknown as { softirq: string; count: number }[]) {
        counts.set(softirq, (counts.get(softirq) ?? 0) + count);
      }
      return counts;
    },
    [Symbol.asyncDispose]: () => tracer[Symbol.asyncDispose](),
  };
}

async function start_theirs(): Promise<Counter> {
  const twin = await start_twin(SOFTIRQS.twin);
  return {
    async stop() {
      const counts: Counts = new Map();
      let kind = "";
      for (const line of await twin.stop()) {
        kind = /^softirq = (\w+)/.exec(line)?.[1] ?? kind;
        const count = /^ *\d+ -> \d+ +: (\d+) /.exec(line)?.[1];
        if (count !== undefined) counts.set(kind, (counts.get(kind) ?? 0) + Number(count));
      }
      return counts;
    },
    [Symbol.asyncDispose]: () => twin[Symbol.asyncDispose](),
  };
}

const PACKETS = 10007;

export interface Counted {
  readonly kinds: number;
  /** Of how many kinds one counts what the other does, but for what ran while only one of them did. */
  readonly equal: number;
  readonly faults: readonly string[];
}

/** Counts with one tool while the other does, and a known number of packets comes in. */
export async function count_softirqs(inner_is: "ours" | "theirs"): Promise<Counted> {
  const [start_outer, start_inner] = inner_is === "ours" ? [start_theirs, start_ours] : [start_ours, start_theirs];
  using network = newNetwork();
  network.sh("ip link set lo up");
  const before = kernel_counts();
  await using outer = await start_outer();
  await using inner = await start_inner();
  const began = kernel_counts();
  onCpu(0, () => sendFrames(network, "lo", 100, PACKETS));
  const ending = kernel_counts();
  const within = await inner.stop();
  const around = await outer.stop();
  const ended = kernel_counts();

  const cpus = navigator.hardwareConcurrency; // on each, one may have begun that had not ended
  const kinds = [...before.keys()].filter((kind) => around.has(kind) || within.has(kind));
  const faults = kinds.flatMap((kind) => {
    const [count = 0, more = 0] = [within.get(kind), around.get(kind)];
    const passed = (from: Counts, to: Counts) => (to.get(kind) ?? 0) - (from.get(kind) ?? 0);
    const least = passed(began, ending) - cpus, most = passed(before, ended);
    const fits = least <= count && count <= more && more <= most;
    return fits ? [] : [`${kind}: not ${least} <= ${count} (${inner_is}) <= ${more} <= ${most}`];
  });
  const received = Math.min(within.get("net_rx") ?? 0, around.get("net_rx") ?? 0);
  if (received < PACKETS) faults.push(`net_rx: ${received} of ${PACKETS} packets`);
  return { kinds: kinds.length, equal: kinds.length - faults.length, faults };
}
