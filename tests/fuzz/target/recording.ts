import assert from "node:assert/strict";
import { FORMAT_NAMES } from "../../../src/convert/declaration.ts";
import { convert } from "../../../src/convert/convert.ts";
import { openRecording } from "../../../src/record/reader.ts";
import { DATA_MARK, reportHtml } from "../../../src/report/html.ts";
import { reportJson } from "../../../src/report/json.ts";
import { summarise } from "../../../src/report/summary.ts";
import { reportText } from "../../../src/report/text.ts";
import { showable } from "../../../src/show.ts";
import { tools } from "../../../tools/mod.ts";
import { replayed } from "../../unit/recording.ts";
import { accept, drop, life, segment, softirq } from "../../unit/recordings.ts";
import { anyJson, NASTY_KEYS, NASTY_TEXTS } from "../mutate.ts";
import { assertHarmless, parseCsv, sentenceOr } from "../property.ts";
import type { Random } from "../random.ts";
import { type Target, utf8 } from "../target.ts";

const all = await Promise.all(Object.values(tools).map(async (load) => (await load()).default));
const directory = Deno.makeTempDirSync({ prefix: "nettrace-fuzz-" });
globalThis.addEventListener("unload", () => Deno.removeSync(directory, { recursive: true }));

const KINDS = ["header", "interval", "clock", "lost", "footer", "summary"];
const OF_KIND: Record<string, string[]> = {
  header: ["schema", "nettrace", "options", "host", "boot_id", "kernel", "clock_offset_ns", "plan"],
  interval: ["start", "end", "partial", "texts", "variables"],
  clock: ["offset_ns"],
  footer: ["events", "lost", "lost_by"],
  lost: ["ring_full", "missed"],
};
const TIMES = [
  "2026-11-20T06:00:00Z",
  "2026-11-20T06:00:01.000000001Z",
  "2026-11-20T07:00:00.5Z",
  "0001-01-01T00:00:00Z",
  "9999-12-31T23:59:59Z",
];

/** A line of a tool, in which anything may be something else. */
function anyLine(random: Random, tool: typeof all[number]): string {
  const time = random.in(9) ? random.one(NASTY_TEXTS) : random.one(TIMES);
  const head = [
    `"time":${JSON.stringify(time)}`,
    `"tool":${JSON.stringify(random.in(20) ? random.one(NASTY_TEXTS) : tool.name)}`,
  ];
  const pairs = (keys: readonly string[]) =>
    keys.filter(() => !random.in(6)).map((key) => `${JSON.stringify(key)}:${valueFor(random, key, tool)}`);
  if (random.in(3)) {
    const kind = random.one(KINDS);
    const keys = [...OF_KIND[kind] ?? [], ...random.in(3) ? [random.one(NASTY_KEYS)] : []];
    return `{${[...head, `"${kind}":{${pairs(keys).join()}}`].join()}}`;
  }
  const keys = [
    ...tool.columns.map(({ key }) => key),
    "uid",
    "netns",
    "cgroup_id",
    "start",
    "end",
    "conn_id",
    ...Object.keys(showable),
  ];
  return `{${[...head, ...pairs([...keys, ...random.in(4) ? [random.one(NASTY_KEYS)] : []])].join()}}`;
}

function valueFor(random: Random, key: string, tool: typeof all[number]): string {
  if (random.in(3)) return anyJson(random);
  if (key === "options") {
    const option = () => random.one(Object.keys(tool.options));
    return JSON.stringify(
      Array.from({ length: random.below(4) }, () => random.in(2) ? `--${option()}` : random.one(NASTY_TEXTS)),
    );
  }
  if (key === "texts") return `{"/proc/loadavg":${JSON.stringify(random.one(NASTY_TEXTS))}}`;
  if (key === "lost_by") return `{${JSON.stringify(random.one([...NASTY_KEYS, ...NASTY_TEXTS]))}:${random.below(9)}}`;
  if (["start", "end"].includes(key)) return JSON.stringify(random.one(TIMES));
  if (/addr$/.test(key)) return JSON.stringify(random.one(["10.0.0.1", "2001:db8::1", "::ffff:1.2.3.4"]));
  if (["comm", "reason", "unit", "cgroup", "subnet", "stack"].includes(key)) {
    return JSON.stringify(random.one(NASTY_TEXTS));
  }
  return String(random.below(5));
}

const stopping = () => Promise.resolve(false);

/** Files that claim to be recordings. */
export const target: Target = {
  name: "recording",
  round: 80,
  seeds: [
    segment("tcpaccept", accept, accept),
    segment("tcplife", life),
    segment("tcpdrop", drop),
    segment("softirqs", softirq),
    [accept, life, drop, softirq].map((line) => JSON.stringify(line) + "\n").join(""),
  ].map(utf8),
  generate(random) {
    const tool = random.one(all), lines = Array.from({ length: 1 + random.below(20) }, () => anyLine(random, tool));
    return utf8(lines.join("\n") + "\n");
  },
  async run(bytes) {
    const path = `${directory}/x`;
    Deno.writeFileSync(path, bytes);
    // The tools that the file speaks of, and one that it does not.
    const text = new TextDecoder().decode(bytes);
    const meant = all.filter(({ name }) => text.includes(`"${name}"`)).slice(0, 3);
    for (const { name } of meant.length > 0 ? meant : all.slice(0, 1)) {
      for (const format of ["", "--json", "--csv"]) {
        await replays([name, ...format === "" ? [] : [format]], path, format);
      }
    }
    await replays(["--json"], path, "--json");
    reports(path);
    for (const to of FORMAT_NAMES) {
      for (const partition of [false, true]) await converts(path, to, partition);
    }
  },
};

async function replays(args: string[], path: string, format: string): Promise<void> {
  const shown = await sentenceOr(() => replayed([...args, path]));
  if (shown === undefined) return;
  for (const line of shown.lines) assert.ok(!/function |\[object /.test(line), line.slice(0, 200));
  if (format === "--csv") parseCsv(shown.text);
  else assertHarmless(shown.text, "\n\t");
  if (format === "--json") { for (const line of shown.text.split("\n")) if (line !== "") JSON.parse(line); }
}

function reports(path: string): void {
  using recording = openRecording([path]);
  const made = summarise(recording, {}, "0", () => {});
  const text = reportText(made(10));
  assertHarmless(text, "\n");
  assert.ok(!/function |\[object /.test(text), text);
  JSON.parse(JSON.stringify(reportJson(made(200))));
  const page = reportHtml(made(200), `<p>${DATA_MARK}</p>`).join("");
  assert.equal(page.split("<").length, 5, "no text begins an element");
}

async function converts(path: string, to: string, partition: boolean): Promise<void> {
  const output = `${directory}/to`;
  Deno.mkdirSync(output);
  try {
    const warn = (line: string) => assert.ok(!/function |\[object /.test(line), line.slice(0, 200));
    await sentenceOr(() =>
      convert({ to, output: `${output}/x`, partition, paths: [path] }, { tools, version: "0", warn, stopping })
    );
    assert.deepEqual(Array.from(Deno.readDirSync(output), ({ name }) => name).filter((name) => name !== "x"), []);
    for (const { file, text } of filesIn(output)) {
      assert.match(file, /^\/x(\/(tool=\w+\/date=[\d-]{10}\/hour=\d\d\/part-0|\w+))?(\.\w+)?$/);
      if (to === "csv") {
        for (const { length } of parseCsv(text)) {
          assert.equal(length, text.slice(0, text.indexOf("\r")).split(",").length);
        }
      } else if (to !== "parquet") { for (const line of text.split("\n")) if (line !== "") JSON.parse(line); }
    }
  } finally {
    Deno.removeSync(output, { recursive: true });
  }
}

function* filesIn(root: string, within = ""): Generator<{ file: string; text: string }> {
  for (const { name, isDirectory } of Deno.readDirSync(root + within)) {
    if (isDirectory) yield* filesIn(root, `${within}/${name}`);
    else yield { file: `${within}/${name}`, text: Deno.readTextFileSync(`${root}${within}/${name}`) };
  }
}
