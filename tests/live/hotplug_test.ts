// A CPU that goes and comes while events are counted on each. Only in a guest of tests/vm, as others need their CPUs.
import assert from "node:assert/strict";
import { assertSame, readJson, start } from "./nettrace.ts";
import { type Connection, traffic } from "./traffic.ts";

const cpu = navigator.hardwareConcurrency - 1;
const switchOf = `/sys/devices/system/cpu/cpu${cpu}/online`;

function canSwitch(): boolean {
  try {
    return Deno.env.has("NETTRACE_GUEST") && Deno.readTextFileSync(switchOf) === "1\n";
  } catch {
    return false; // a machine whose CPUs stay
  }
}

Deno.test({
  name: "a CPU that goes and comes costs no event",
  ignore: !canSwitch(),
  async fn() {
    await using tracer = await start(["tcpaccept", "--json"]);
    const seen: { netns: number; connections: Connection[] }[] = [];
    try {
      for (const online of ["0", "1"]) {
        Deno.writeTextFileSync(switchOf, online);
        await using made = await traffic("accept", { v4: 31, v6: 29, mapped: 23 });
        seen.push({ netns: made.ready.netns, connections: (await made.go()).connections });
      }
    } finally {
      Deno.writeTextFileSync(switchOf, "1");
    }
    const { rows, summary } = readJson((await tracer.stop()).stdout);
    assert.equal(summary.lost, 0);
    const ours = rows.filter((row) => seen.some(({ netns }) => netns === row.netns));
    assertSame(ours, seen.flatMap(({ connections }) => connections));
  },
});
