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

/** A generator of numbers that is the same each time (mulberry32). */
function newRandom(seed: number): (below: number) => number {
  return (below) => {
    seed = seed + 0x6d2b79f5 | 0;
    let t = Math.imul(seed ^ seed >>> 15, 1 | seed);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return Math.floor(((t ^ t >>> 14) >>> 0) / 2 ** 32 * below);
  };
}

const ODD = [
  null,
  true,
  -1,
  1e308,
  4294967296,
  "",
  "x",
  "::1",
  "999.1.1.1",
  "\u001b[2J",
  [],
  [1],
  {},
  { a: 1 },
  "🦊".repeat(99),
];

for (const [name, load] of Object.entries(tools)) {
  Deno.test(`replay of ${name} shows rows or says a sentence, whatever stands in a recording`, async () => {
    const tool = (await load()).default;
    const random = newRandom(name.length);
    const keys = [
      "time",
      "tool",
      "header",
      "interval",
      "clock",
      "lost",
      "footer",
      "__proto__",
      "constructor",
      "conn_id",
    ];
    const own = [...tool.columns.map(({ key }) => key), "start", "end", "partial", "uid", "netns", "cgroup_id"];
    const value = () => ODD[random(ODD.length)];
    const lines = Array.from({ length: 211 }, (_, i) => {
      const all = own.filter(() => random(4) > 0).map((key) => [key, value()]);
      const extra = random(5) === 0 ? [[keys[random(keys.length)], value()]] : [];
      const head = random(9) === 0 ? {} : { time: `2026-11-20T06:00:${String(i % 60).padStart(2, "0")}Z`, tool: name };
      return JSON.stringify({ ...head, ...Object.fromEntries([...all, ...extra]) });
    });
    lines[100] = "{";
    lines[101] = '{"time":"x","tool":"' + name +
      '","header":{"options":["--nonsense"],"clock_offset_ns":"-5","plan":7}}';
    for (const format of [[], ["--json"], ["--csv"]]) {
      const { text } = await replayText("x", lines.join("\n"), [name, ...format]);
      // deno-lint-ignore no-control-regex
      assert.ok(format[0] === "--csv" || !/\u001b/.test(text), "no terminal is steered");
      if (format[0] === "--json") { for (const line of text.trim().split("\n")) JSON.parse(line); }
    }
  });
}

Deno.test("replay shows rows or says a sentence, whatever bytes a file has", async () => {
  const random = newRandom(7);
  const heads = [[], [0x28, 0xb5, 0x2f, 0xfd], [0x1f, 0x8b, 8, 4], [0x50, 0x2a, 0x4d, 0x18], [0x1f, 0x8b, 8, 0]];
  for (let i = 0; i < 300; i++) {
    const bytes = Uint8Array.from([
      ...heads[i % heads.length] ?? [],
      ...Array.from({ length: random(400) }, () => random(256)),
    ]);
    const { lines } = await replayText("x", bytes, ["tcplife"]);
    assert.ok(lines.length > 0);
    assert.ok(lines.every((line) => /something may be missing/.test(line)), lines.join());
  }
});
