// deno run -A run.ts [--minutes N] [--rate N] [--readings FILE] [--write [--remark TEXT]]: all tools at once, for long, on
// traffic of which all is known. FILE gets each look at each process, as JSON.
import { parseArgs } from "node:util";
import { machine } from "../bench/machine.ts";
import { runsOf, takeTimes } from "../live/runs.ts";
import { generate } from "./generator.ts";
import { type Look, miscounts, type Outcome, tellsGrowth, useOf, wastes } from "./judge.ts";
import { replay, TOOLS as RECORDED } from "./recording.ts";
import { page, table } from "./report.ts";
import { tallies } from "./tallies.ts";
import { softirqs, SUBNET_LIST } from "./totals.ts";
import { startTracer, type Tracer } from "./tracer.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    rate: { type: "string", default: "200" },
    readings: { type: "string", default: "" },
    write: { type: "boolean", default: false },
    remark: { type: "string", default: "" },
  },
});
const minutes = Number(values.minutes), rate = Number(values.rate);
if (!(minutes > 0) || !Number.isInteger(rate) || rate < 1) {
  console.error("soak: type --minutes with how long it is to take, and --rate with how many sockets a second.");
  Deno.exit(2);
}
if (Deno.uid() !== 0) {
  console.error("soak: tracing needs root; run: sudo make soak");
  Deno.exit(1);
}

const generator = await generate(rate, Math.round(minutes * 60));
const netns = ["--netns", String(generator.netns)];
const OWN_ARGS: Record<string, string[]> = {
  tcptop: ["1", ...netns],
  tcpsubnet: [SUBNET_LIST, ...netns],
  netqtop: ["-n", "lo", "--netns", `pid:${generator.pid}`],
  softirqs: ["-C", "1"],
};

const interrupts = softirqs();
const judges = Object.entries(tallies).map(([tool, make]) =>
  [tool, tool === "softirqs" ? interrupts : make()] as const
);
const directory = await Deno.makeTempDir({ prefix: "nettrace-soak-" });
const tracers: Tracer[] = [];
using _counting = takeTimes();
interrupts.mark(0);
for (const [tool, tally] of judges) {
  const args = [tool, "--json", ...OWN_ARGS[tool] ?? netns];
  tracers.push(await startTracer(tool, args, (row) => tally.take(row)));
}
const together = RECORDED.flatMap((tool, i) => [...i ? ["+"] : [], tool, ...netns]);
tracers.push(await startTracer("record", ["record", "-o", `${directory}/recording`, ...together], () => {}));
const runs = () => runsOf(tracers.find(({ name }) => name === "softirqs")!.pid).count;
interrupts.mark(runs());

console.error(`soak: ${tracers.length} tracers, ${minutes} minutes of ${rate} sockets a second`);
const looks = new Map<string, Look[]>(tracers.map(({ name }) => [name, []]));
const look = () => {
  for (const tracer of tracers) looks.get(tracer.name)?.push({ ...tracer.look(), sockets: generator.sockets() });
};
const LOOKS = 240, LEAST_MS = 1000;
const timer = setInterval(look, Math.max(LEAST_MS, minutes * 60_000 / LOOKS));
const ledger = await generator.go();
clearInterval(timer);
const run_in_all = runs();
interrupts.mark(run_in_all);
if (values.readings) await Deno.writeTextFile(values.readings, JSON.stringify(Object.fromEntries(looks)));

const outcomes: Outcome[] = [];
const summaries = await Promise.all(tracers.map((tracer) => tracer.end()));
interrupts.mark(run_in_all);
for (const [i, { name }] of tracers.entries()) {
  const seen = looks.get(name) ?? [], use = useOf(seen), summary = summaries[i]!;
  const verdict = judges.find(([tool]) => tool === name)?.[1].judge(ledger);
  outcomes.push({
    tool: name,
    ...verdict && { verdict },
    summary,
    ...use && { use },
    failures: [
      ...verdict ? miscounts(verdict, summary) : [],
      ...use ? wastes(seen, use) : ["it was too short to judge"],
    ],
  });
}
outcomes.push(...await replay(`${directory}/recording`, ledger));
await generator.end();
await Deno.remove(directory, { recursive: true });

console.log(table(outcomes));
for (const { tool, failures } of outcomes) for (const failure of failures) console.log(`${tool}: ${failure}`);
if (![...looks.values()].some(tellsGrowth)) console.log("Growth was not judged: that takes 3 minutes and more.");
if (values.write) {
  const processes = ledger.batches.length, { sockets, lo_packets: packets } = ledger.done;
  const text = page(outcomes, { minutes, rate, sockets, processes, packets }, await machine(), values.remark);
  await Deno.writeTextFile(new URL("../../docs/soak.md", import.meta.url), text);
}
Deno.exit(outcomes.every(({ failures }) => failures.length === 0) ? 0 : 1);
