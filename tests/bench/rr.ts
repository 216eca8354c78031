// How many requests a second a loopback connection still answers while a tool samples.
import { tools } from "../../tools/mod.ts";
import { type Responder, responder } from "./responder.ts";
import { type Measure, median, quantile } from "./measure.ts";
import { made, nettrace, trace } from "./tracer.ts";

const SECONDS = 1, ROUNDS = 9;
const NOISE_MOST = 3;
const FEW = 10, MANY = 50_000; // open connections on which nothing happens

/** A tool that samples: how it and its twin of libbpf-tools are run beside the process that is measured. */
interface Sampling {
  name: string;
  options(pid: number): string[];
  /** The twin's command line, if there is one. */
  twin?: string[];
  /** True if what it does may depend on how many sockets are open. */
  sockets?: true;
}

// stdbuf, so that it shows when the twin has begun.
const twin = (name: string, ...options: string[]) => ["stdbuf", "-oL", `/usr/sbin/${name}`, ...options];

const SAMPLING: readonly Sampling[] = [
  { name: "softirqs", options: () => ["1"], twin: twin("softirqs", "1") },
  { name: "netqtop", options: (pid) => ["-n", "lo", "--netns", `pid:${pid}`, "-i", "0.5"] },
  { name: "tcptop", options: () => ["-C", "1"], twin: twin("tcptop", "-C", "1"), sockets: true },
  { name: "tcpsubnet", options: () => ["-i", "1"] },
];

interface Side {
  name: string;
  command: string[];
}

/** Each tool with its twin, then those that may depend on it with few and many open sockets. */
export async function rr(): Promise<Measure[]> {
  const there = SAMPLING.filter(({ name }) => Object.hasOwn(tools, name));
  const measures: Measure[] = [];
  await using few = responder([made("bench-rr"), `${SECONDS}`, `${FEW}`]);
  const pid = Number(await few.answer());
  const sides: Side[] = [];
  for (const tool of there) {
    sides.push({ name: tool.name, command: [nettrace, tool.name, ...tool.options(pid)] });
    if (tool.twin && await attaches(tool)) sides.push({ name: `twin of ${tool.name}`, command: tool.twin });
  }
  const { kept, noise, untraced } = await compare(few, sides);
  measures.push(
    { name: "requests, untraced", unit: "/s", nettrace: untraced },
    { name: "noise: spread of untraced rates", unit: "%", nettrace: noise },
    ...there.flatMap(({ name }) => lines(name, kept.get(name) ?? [], kept.get(`twin of ${name}`), noise)),
  );
  for (const tool of there) if (tool.sockets) measures.push(await flatness(tool, kept.get(tool.name) ?? []));
  return measures;
}

/** What a tool leaves of the rate with many open sockets, by what it leaves with few. */
async function flatness(tool: Sampling, withFew: number[]): Promise<Measure> {
  await using many = responder([made("bench-rr"), `${SECONDS}`, `${MANY}`]);
  const pid = Number(await many.answer());
  const { kept, noise } = await compare(many, [
    { name: tool.name, command: [nettrace, tool.name, ...tool.options(pid)] },
  ]);
  return {
    name: `request rate kept, ${tool.name}, ${MANY} idle sockets by ${FEW}`,
    unit: "%",
    nettrace: 100 * median(kept.get(tool.name) ?? []) / median(withFew),
    ...noise <= NOISE_MOST && { goal: { of: "value", least: 97 } },
  };
}

/** In each round each side, and untraced before it and after; a traced rate counts against these two. In percent. */
async function compare(process: Responder, sides: readonly Side[]) {
  const kept = new Map(sides.map(({ name }) => [name, [] as number[]]));
  const untraced: number[] = [], again: number[] = [];
  const rate = async (command?: string[]) => {
    await using tracing = command && await trace(command);
    const answered = Number(await process.ask(""));
    await tracing?.stop();
    return answered;
  };
  let before = await rate();
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, command } of sides) {
      const traced = await rate(command);
      const after = await rate();
      kept.get(name)?.push(200 * traced / (before + after));
      untraced.push(after);
      again.push(100 * after / before);
      before = after;
    }
  }
  return { kept, noise: quantile(again, 0.75) - quantile(again, 0.25), untraced: median(untraced) };
}

/** The goals are judged only where the machine is quiet enough to tell. */
function lines(name: string, ours: number[], twin: number[] | undefined, noise: number): Measure[] {
  const line = (what: string, q: number): Measure => ({
    name: `request rate kept, ${name}${what}`,
    unit: "%",
    nettrace: quantile(ours, q),
    ...twin && { c: quantile(twin, q) },
  });
  const quiet = noise <= NOISE_MOST;
  return [
    { ...line("", 0.5), ...quiet && { goal: { of: "value", least: 97 } } },
    line(", lower quartile", 0.25),
    line(", upper quartile", 0.75),
    ...twin
      ? [{
        name: `tax on requests, ${name}`,
        unit: "%",
        nettrace: 100 - median(ours),
        c: 100 - median(twin),
        ...quiet && { goal: { of: "ratio", most: 1 } as const },
      }]
      : [],
  ];
}

/** Whether the twin works here; says why if it does not. */
async function attaches({ name, twin = [] }: Sampling): Promise<boolean> {
  try {
    await using tracing = await trace(twin);
    await tracing.stop();
    return true;
  } catch (error) {
    console.error(`bench: the twin of ${name} is left out: ${error instanceof Error ? error.message : error}`);
    return false;
  }
}
