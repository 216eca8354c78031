// Clocks that are set while events are recorded, or differ from those of the kernel's programs.
import assert from "node:assert/strict";
import { assertSame, readJson, run, start } from "./nettrace.ts";
import { linesOf } from "./lines.ts";
import { type Connection, traffic } from "./traffic.ts";

const HOUR_MS = 3600_000;
/** By how much it is set, once traffic was made with the clock as it was: forward, back beyond where it was, and forward. */
const STEPS_MS = [0, HOUR_MS, -26 * HOUR_MS, 3 * HOUR_MS];
const PATIENCE_MS = 30_000;

async function setClock(ms: number): Promise<void> {
  const { success } = await new Deno.Command("date", { args: ["-s", `@${Math.round(ms / 1000)}`] }).output();
  assert.ok(success);
}

/** What the recording tells of realtime less monotonic clock, in ms; nothing while a file of it gets another name. */
function offsetsIn(dir: string): number[] {
  try {
    const files = Array.from(Deno.readDirSync(dir), ({ name }) => Deno.readTextFileSync(`${dir}/${name}`));
    return files.flatMap((text) => Array.from(text.matchAll(/offset_ns":"(\d+)"/g), ([, ns]) => Number(ns) / 1e6));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Waits until the recording tells that this is the offset. */
async function untilTold(dir: string, offset_ms: number): Promise<void> {
  const until_ms = performance.now() + PATIENCE_MS;
  while (!offsetsIn(dir).some((told_ms) => Math.abs(told_ms - offset_ms) < 100)) {
    assert.ok(performance.now() < until_ms, "the recording tells of each time the clock was set");
    await new Promise((done) => setTimeout(done, 20)); // of a bounded poll
  }
}

Deno.test({
  name: "a clock that is set forward and back costs no event, times follow it, and replay keeps the order of events",
  ignore: !Deno.env.has("NETTRACE_GUEST"), // others need theirs
  async fn() {
    const dir = await Deno.makeTempDir({ prefix: "nettrace-clock-" });
    const began_ms = Date.now(), began = performance.now();
    using held = new DisposableStack(); // as the next network namespace would have the number of one that is gone
    const made: { netns: number; connections: Connection[]; from_ms: number; to_ms: number }[] = [];
    try {
      await using recorder = await start(["record", "-o", dir, "--compress", "none", "tcpaccept"]);
      const [first_ms = NaN] = offsetsIn(dir), now_ms = Date.now() - performance.now();
      for (const step_ms of STEPS_MS) {
        if (step_ms !== 0) {
          await setClock(Date.now() + step_ms);
          await untilTold(dir, first_ms + Date.now() - performance.now() - now_ms);
        }
        await using accepting = await traffic("accept", { v4: 31, v6: 29, mapped: 23 });
        held.use(Deno.openSync(`/proc/${accepting.ready.pid}/ns/net`));
        const from_ms = Date.now(), { connections } = await accepting.go();
        made.push({ netns: accepting.ready.netns, connections, from_ms, to_ms: Date.now() });
      }
      const { code, stderr } = await recorder.stop();
      assert.equal(code, 0, stderr);
    } finally {
      await setClock(began_ms + performance.now() - began);
    }
    const { rows, summary } = readJson((await run(["replay", "tcpaccept", dir, "--json"])).stdout);
    assert.equal(summary.lost, 0);
    const ours = rows.filter((row) => made.some(({ netns }) => netns === row.netns));
    for (const { netns, connections, from_ms, to_ms } of made) {
      const rows = ours.splice(0, connections.length);
      assert.ok(rows.every((row) => row.netns === netns), "in the order in which they were, whatever the clock was");
      assertSame(rows, connections);
      for (const { time } of rows) assert.ok(from_ms <= Date.parse(time) + 1 && Date.parse(time) <= to_ms, time);
    }
    assert.deepEqual(ours, []);
    await Deno.remove(dir, { recursive: true });
  },
});

/** A process in a time namespace of its own, whose monotonic clock is so much before the others'. */
async function newTimeNamespace(seconds: number) {
  const child = new Deno.Command("unshare", {
    args: ["--time", "--monotonic", `${seconds}`, "--fork", "--kill-child", "sh", "-c", "echo $$; exec cat"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const { value: pid } = await linesOf(child.stdout).next();
  return {
    pid: Number(pid),
    async [Symbol.asyncDispose]() {
      await child.stdin.close();
      await child.status;
    },
  };
}

Deno.test("times are right in a time namespace, where the monotonic clock is another one", async () => {
  await using accepting = await traffic("accept", { v4: 5, v6: 3, mapped: 2 });
  await using shifted = await newTimeNamespace(100_000);
  const args = ["tcpaccept", "--json", "--netns", `pid:${accepting.ready.pid}`];
  await using tracer = await start(args, undefined, ["nsenter", `--time=/proc/${shifted.pid}/ns/time`]);
  const from_ms = Date.now(), { connections } = await accepting.go(), to_ms = Date.now();
  const { rows } = readJson((await tracer.stop()).stdout);
  assertSame(rows, connections);
  for (const { time } of rows) assert.ok(from_ms <= Date.parse(time) + 1 && Date.parse(time) <= to_ms, time);
});
