// nettrace beside its twins, both on the same traffic at once; for a machine where nothing else speaks TCP.
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { firewall, nft } from "../live/firewall.ts";
import { readJson, start, type Summary } from "../live/nettrace.ts";
import { is_since, traffic } from "../live/traffic.ts";
import { compare, type Difference, type Fact, faults, median_apart_ms, referee, type Truth } from "./compare.ts";
import { headers } from "./headers.ts";
import { explain } from "./known.ts";
import { type Commands, HEADERS, type Pair, PAIRS, type Row, SOFTIRQS, twin_name } from "./pairs.ts";
import type { Compared } from "./report.ts";
import { type Scenario, SCENARIOS } from "./scenarios.ts";
import { count_softirqs } from "./softirqs.ts";
import { start_twin, type Twin } from "./twin.ts";

interface Seen {
  readonly ours: readonly Fact[];
  readonly theirs: readonly Fact[];
  readonly truth: Truth;
  readonly summary: Summary;
}

/** What both tools show of a scenario; undefined if this kernel cannot do it. The twin is one that runs, or a new one. */
async function shown(pair: Pair, scenario: Scenario, running?: Twin): Promise<Seen | undefined> {
  using held = new DisposableStack();
  await using made = await traffic(scenario.name, { ...scenario.options });
  if (made.unsupported !== undefined) return undefined;
  const { ready } = made;
  if (scenario.firewall) await nft(ready, firewall(scenario.firewall));
  held.use(Deno.openSync(`/proc/${ready.client || ready.pid}/ns/net`)); // or its number may be that of a newer one
  await using started = running ? undefined : await start_twin(pair.twin);
  await using tracer = await start([pair.tool, "--json", ...pair.args]);
  await running?.take(); // what is of earlier traffic
  const done = await made.go();
  if ("unsupported" in done) return undefined;
  if (scenario.to_its_end) await made[Symbol.asyncDispose]();
  const { rows, summary } = readJson((await tracer.stop()).stdout);
  const lines = await (running?.take() ?? started?.stop()) ?? [];
  const of_traffic = (rows as unknown as (Row & { netns: number })[]).filter(({ netns }) => netns === ready.netns);
  return {
    ours: of_traffic.map(pair.ours),
    theirs: lines.map((line) => pair.theirs(line.trim().split(/\s+/))).filter((fact) => fact !== undefined),
    truth: scenario.truth(done, ready),
    summary,
  };
}

/** Far less than any of the times that matter, and far more than two programs at one hook are apart. */
const APART_MS = 1;

const compared: Compared[] = [];
const report = Deno.env.get("ORACLE_REPORT");
const title = ({ name, options, firewall }: Scenario) =>
  [name, ...Object.entries({ ...options, ...firewall && { firewall } }).map(([key, value]) => `${key}=${value}`)].join(
    " ",
  );

function tell(one: Compared): void {
  compared.push(one);
  if (report) Deno.writeTextFileSync(report, JSON.stringify(compared));
}

/** Fails unless nettrace shows what the traffic did, and each difference of the twin is known and proven. */
function judge(pair: Pair, scenario: Scenario, { ours, theirs, truth }: Seen): void {
  const known: Record<string, number> = {};
  const wrong = faults(ours, truth);
  const of_known = (difference: Difference) => explain(difference, pair.tool, title(scenario));
  const is_known_to_miss = (fact: Fact) => of_known({ field: "missing", ours: fact }) !== undefined;
  const { equal, different } = compare(ours, theirs, pair, is_known_to_miss);
  for (const differences of different) {
    for (const difference of differences) {
      const right = referee(difference, truth, pair), words = JSON.stringify(difference);
      if (!of_known(difference)) wrong.push(`not known: ${words} (right: ${right})`);
      else if (right !== "ours") wrong.push(`known, but not proven: ${words}`);
    }
    const [why] = differences.flatMap((difference) => of_known(difference)?.why ?? []);
    if (why !== undefined) known[why] = (known[why] ?? 0) + 1;
  }
  const apart_ms = median_apart_ms(ours, theirs, pair);
  if (apart_ms > APART_MS) wrong.push(`${pair.measured_ms} differs by ${apart_ms} ms and more, half the time`);
  assert.ok(wrong.length === 0, wrong.join("\n"));
  tell({
    tool: pair.tool,
    twin: twin_name(pair),
    scenario: title(scenario),
    events: ours.length,
    equal,
    ...(pair.measured_ms !== undefined && { apart_ms }),
    known,
  });
}

const only = Deno.env.get("ORACLE_TOOL"); // empty if it is to be all
const is_asked = ({ tool }: Commands) => tool === (only || tool);

/** Holds a scenario, again if the kernel left something out: such a run proves nothing (see `whole`). */
async function hold(pair: Pair, scenario: Scenario, running?: Twin): Promise<void> {
  for (let tries = 1;; tries++) {
    const seen = await shown(pair, scenario, scenario.before_twin ? undefined : running);
    if (!seen) return console.log("This kernel cannot do that.");
    if (seen.summary.lost_by["missed"] !== 0 && tries < 5) continue;
    assert.equal(seen.summary.lost_by["ring_full"] ?? 0, 0);
    return judge(pair, scenario, seen);
  }
}

for (const [path, text] of Object.entries(headers(Deno.readFileSync("/sys/kernel/btf/vmlinux")))) {
  await Deno.mkdir(dirname(`${HEADERS}/${path}`), { recursive: true });
  await Deno.writeTextFile(`${HEADERS}/${path}`, text);
}

for (const pair of PAIRS.filter(is_asked)) {
  if (pair.since !== undefined && !is_since(pair.since)) continue;
  Deno.test(`${pair.tool} shows what its twin shows, or what is right`, async (t) => {
    await using running = pair.shared && await start_twin(pair.twin);
    for (const scenario of SCENARIOS[pair.tool] ?? []) {
      await t.step(title(scenario), () => hold(pair, scenario, running));
    }
  });
}

for (const inner of is_asked(SOFTIRQS) ? ["ours", "theirs"] as const : []) {
  Deno.test(`softirqs counts what its twin counts, ${inner} within the other's time`, async () => {
    const { kinds, equal, faults } = await count_softirqs(inner);
    const scenario = `10007 packets over lo, ${inner === "ours" ? "nettrace" : "the twin"} within the other's time`;
    assert.ok(faults.length === 0, faults.join("\n"));
    tell({ tool: SOFTIRQS.tool, twin: twin_name(SOFTIRQS), scenario, events: kinds, equal, known: {} });
  });
}
