// More than there is room for, and more processes than anybody could follow: what is shown is right, the rest is counted.
import assert from "node:assert/strict";
import { facts, readJson, start } from "./nettrace.ts";
import { traffic } from "./traffic.ts";
import { generate } from "../soak/generator.ts";
import { miscounts } from "../soak/judge.ts";
import { tallies } from "../soak/tallies.ts";
import { startTracer } from "../soak/tracer.ts";

Deno.test("processes that are gone before their events are read are named right, and no bystander is", async () => {
  const generator = await generate(Deno.env.has("NETTRACE_GUEST") ? 150 : 3000, 3);
  const netns = ["--netns", String(generator.netns)];
  const judged = ["tcpconnect", "tcpaccept", "tcptracer", "tcplife", "tcpstates", "solisten"];
  const tracers = await Promise.all(judged.map(async (tool) => {
    const tally = tallies[tool]!();
    return { tool, tally, tracer: await startTracer(tool, [tool, "--json", ...netns], (row) => tally.take(row)) };
  }));
  const ledger = await generator.go();
  for (const { tool, tally, tracer } of tracers) {
    const summary = await tracer.end(), verdict = tally.judge(ledger);
    assert.ok(verdict.produced > 0);
    assert.deepEqual(miscounts(verdict, summary), [], tool);
  }
  await generator.end();
});

Deno.test("more sockets than there is room for are told as lost by that cause, all of them, and with room again nothing is lost", async () => {
  const ROOM = 512, OPEN = 2003;
  await using tracer = await start(["tcplife", "--json", "--sockets", String(ROOM)]);
  let crowd = 0;
  {
    await using made = await traffic("accept", { v4: OPEN });
    crowd = made.ready.netns;
    await made.go();
  }
  await using after = await traffic("close", { way: "active", n: 53, family: "4" });
  const { connections } = await after.go();
  const { rows, summary } = readJson((await tracer.stop()).stdout);
  const shown = rows.filter((row) => row.netns === crowd).length;
  const full = Object.entries(summary.lost_by).filter(([cause, n]) => n > 0 && cause.endsWith("_full"));
  assert.ok(full.length > 0, JSON.stringify(summary));
  assert.ok(shown < 2 * OPEN && shown + summary.lost >= 2 * OPEN, JSON.stringify({ shown, summary }));
  const later = rows.filter((row) => row.netns === after.ready.netns);
  assert.deepEqual(later.map(facts).sort(), connections.map(facts).sort());
});

Deno.test("of two hundred thousand sockets at once each is shown with who had it, and where there is no room for all, the rest is told as lost", async () => {
  const inGuest = Deno.env.has("NETTRACE_GUEST"); // whose memory is small
  const CROWDS = 10, EACH = inGuest ? 503 : 10_007, ROOM = inGuest ? 4096 : 65_536;
  const options = ["tcplife", "--json", "--buffer", "64M"];
  await using tracer = await start(options);
  await using crowded = await start([...options, "--sockets", String(ROOM)]);
  const owners = new Set<string>();
  {
    await using crowds = new AsyncDisposableStack();
    const made = await Promise.all(Array.from({ length: CROWDS }, () => traffic("accept", { v4: EACH })));
    for (const crowd of made) crowds.use(crowd);
    await Promise.all(made.map((crowd) => crowd.go()));
    for (const { ready: { netns, pid, client } } of made) {
      for (const owner of [pid, client]) owners.add(`${netns} ${owner}`);
    }
  }
  const ends = async (one: typeof tracer) => {
    const { rows, summary } = readJson((await one.stop()).stdout);
    const counts = new Map([...owners].map((owner) => [owner, 0]));
    for (const { netns, pid } of rows) {
      const owner = `${netns} ${pid}`, count = counts.get(owner);
      if (count !== undefined) counts.set(owner, count + 1);
    }
    return { counts: [...counts.values()], summary };
  };
  const whole = await ends(tracer), part = await ends(crowded);
  const { birth_full = 0, owner_full = 0, missed = 0 } = whole.summary.lost_by;
  assert.deepEqual([birth_full, owner_full], [0, 0], JSON.stringify(whole.summary));
  const sum = (counts: number[]) => counts.reduce((sum, count) => sum + count, 0), all = 2 * CROWDS * EACH;
  assert.ok(whole.counts.every((count) => count <= EACH) && sum(whole.counts) + missed >= all, JSON.stringify(whole));
  const shown = sum(part.counts);
  assert.ok(shown < all && shown + part.summary.lost >= all, JSON.stringify({ shown, summary: part.summary }));
  assert.ok((part.summary.lost_by["birth_full"] ?? 0) >= all - ROOM - missed, JSON.stringify(part.summary));
});
