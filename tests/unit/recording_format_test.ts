import assert from "node:assert/strict";
import { schema } from "../../src/record/schema.ts";
import { tools } from "../../tools/mod.ts";
import { replayed } from "./recording.ts";

const page = Deno.readTextFileSync(new URL("../../docs/recording.md", import.meta.url));

/** Replays text as a file of this name. */
async function replayText(name: string, text: string | Uint8Array, args: string[]) {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${dir}/${name}`, typeof text === "string" ? new TextEncoder().encode(text) : text);
    return await replayed([...args, `${dir}/${name}`]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("the recording that docs/recording.md writes by hand replays as it says there", async () => {
  const line = /^ {4}(\{.*\})$/m.exec(page)?.[1] ?? "";
  const table = /replay tcplife x\.jsonl\n((?: {4}.*\n)+)/.exec(page)?.[1]?.replaceAll(/^ {4}/gm, "");
  const { text, lines } = await replayText("x.jsonl", line + "\n", ["tcplife"]);
  assert.equal(text, table);
  assert.match(lines.join("\n"), /it has no end/);
});

Deno.test("what --json prints is a recording", async () => {
  const json =
    '{"time":"2026-11-20T06:00:01.000000001Z","tool":"tcpaccept","pid":1,"comm":"a","ip":4,"raddr":"192.0.2.1",' +
    '"rport":40001,"laddr":"192.0.2.2","lport":80,"uid":0,"netns":1,"cgroup_id":1}\n' +
    '{"time":"2026-11-20T06:00:02.000Z","tool":"tcpaccept","summary":{"printed":1,"lost":3,"lost_by":{"ring_full":3}}}\n';
  const { text, lines } = await replayText("x", json, ["tcpaccept"]);
  assert.match(text, /^1 +a +4 +192\.0\.2\.1 +40001 +192\.0\.2\.2 +80 *$/m);
  assert.deepEqual(lines, ["lost 3 events: 3 because the ring was full (a larger --buffer helps)"]);
});

for (const [name, load] of Object.entries(tools)) {
  Deno.test(`schema --recording of ${name} has every kind of line, and each of its own`, async () => {
    const { oneOf } = schema((await load()).default) as { oneOf: { title: string; required: string[] }[] };
    const titles = oneOf.map(({ title }) => title);
    assert.equal(new Set(titles).size, titles.length);
    for (const kind of ["header", "clock", "lost", "footer"]) {
      assert.deepEqual(oneOf.find(({ title }) => title === kind)?.required, ["time", "tool", kind]);
    }
  });
}
