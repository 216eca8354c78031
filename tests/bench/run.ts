// deno run -A run.ts [--only NAME]... [--json] [--write]: measures nettrace and C side by side, and prints a table.
// --write also puts the results into docs/performance.md.
import type { Bench } from "./about.ts";
import { accept } from "./accept.ts";
import { cost } from "./cost.ts";
import { drain } from "./drain.ts";
import { idle } from "./idle.ts";
import { latency } from "./latency.ts";
import { machine } from "./machine.ts";
import { type Measure, met, ratio } from "./measure.ts";
import { rate } from "./rate.ts";
import { type Group, page, table } from "./report.ts";
import { record } from "./record.ts";
import { rr } from "./rr.ts";
import { start } from "./start.ts";
import { storm } from "./storm.ts";

const benches: Record<Bench, () => Promise<Measure[]>> = {
  start,
  latency,
  drain,
  rate,
  accept,
  cost,
  storm,
  rr,
  record,
  idle,
};

/** The benches to run and how to show them; ends the process with what to type if there is something else. */
function options(args: readonly string[]): { only: Bench[]; json: boolean; write: boolean } {
  const only: Bench[] = [];
  let json = false, write = false;
  const all = Object.keys(benches) as Bench[];
  for (let i = 0; i < args.length; i++) {
    const named = all.find((name) => name === args[i + 1]);
    if (args[i] === "--json") json = true;
    else if (args[i] === "--write") write = true;
    else if (args[i] === "--only" && named) {
      only.push(named);
      i++;
    } else {
      console.error(`bench: type --json, --write, or --only with one of ${all.join(", ")}.`);
      Deno.exit(2);
    }
  }
  if (write && only.length > 0) {
    console.error("bench: --write takes all measures of one run: leave out --only.");
    Deno.exit(2);
  }
  return { only: only.length > 0 ? only : all, json, write };
}

const { only, json, write } = options(Deno.args);
if (Deno.uid() !== 0) {
  console.error("bench: tracing needs root; run: sudo make bench");
  Deno.exit(1);
}
const groups: Group[] = [];
for (const name of only) {
  console.error(`bench: ${name}`);
  const measures = await benches[name]();
  if (only.length > 1) console.error(table(measures));
  groups.push({ bench: name, measures });
}
const facts = await machine();
if (json) {
  const results = groups.flatMap(({ bench, measures }) =>
    measures.map((m) => ({ bench, ...m, ratio: ratio(m), met: met(m) }))
  );
  console.log(JSON.stringify({ machine: Object.fromEntries(facts), measures: results }, null, 2));
} else {
  for (const [name, value] of facts) console.log(`${name.padEnd(24)}${value}`);
  console.log(`\n${table(groups.flatMap(({ measures }) => measures))}`);
}
if (write) {
  await Deno.writeTextFile(new URL("../../docs/performance.md", import.meta.url), page(groups, facts));
}
