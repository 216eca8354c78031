import assert from "node:assert/strict";
import { parse, toRun } from "../../../src/cli.ts";
import { commands, runCommand, type World } from "../../../src/command.ts";
import { convert } from "../../../src/convert/declaration.ts";
import { parseOptions } from "../../../src/cli.ts";
import { harmless } from "../../../src/output/text.ts";
import { parseRecord } from "../../../src/record/plan.ts";
import { hostPart, parseSegmentName, segmentName } from "../../../src/record/segment.ts";
import { replay } from "../../../src/replay/declaration.ts";
import { report } from "../../../src/report/declaration.ts";
import { tools } from "../../../tools/mod.ts";
import { NASTY_KEYS, NASTY_TEXTS } from "../mutate.ts";
import { assertHarmless, sentenceOr } from "../property.ts";
import { type Target, utf8 } from "../target.ts";

const all = await Promise.all(Object.values(tools).map(async (load) => (await load()).default));
const world: World = {
  tools,
  newKernel: () => {
    throw new Error("nothing of this looks at the kernel");
  },
  build: () => ({ version: "0", commit: "0", libbpf: "1", clang: "1", runtime: "deno" }),
  print: (text) => assertHarmless(text, "\n\t"),
  asset: () => new Uint8Array(0),
};

const toolNames = all.map(({ name }) => name);
const optionNames = [...new Set(all.flatMap(({ options }) => Object.keys(options)))];
const WORDS = [
  ...toolNames,
  ...commands.map(({ name }) => name),
  ...optionNames.flatMap((name) => [`--${name}`, `--${name}=`, `--${name.slice(0, 3)}`]),
  ...["-h", "-p", "-4", "-t", "-T", "-d", "-f", "-i", "-P", "-D", "-L", "-c", "-o", "-1", "-p=", "-pt", "+"],
  ...["--since", "--until", "--for", "--rotate", "--keep", "--compress", "--on-full", "--to", "--partition", "--top"],
  ...[
    "1h",
    "999999999w",
    "100M",
    "-10m",
    "06:00",
    "25:00",
    "80,!443,1-2",
    "65535-0",
    "10.0.0.0/8,::/0",
    "pid:1",
    "*",
    "a*",
  ],
  ...["/", "/proc", "/sys/fs/cgroup", "/dev/null", "/nonexistent/x", "bash", "zsh", "fish", "0", "1", "4294967296"],
  ...NASTY_TEXTS.map((text) => text.replaceAll("\0", "")),
  ...NASTY_KEYS,
];

/** Command lines, an argument for each text that a zero byte ends. */
export const target: Target = {
  name: "argv",
  round: 1500,
  seeds: [
    "tcplife\0-p\x001",
    "record\0-o\0x\0tcplife\0+\0tcpconnect",
    "replay\0tcplife\0-",
    "help\0tcpdrop",
    "man",
    "tcpsubnet\x0010.0.0.0/8",
  ]
    .map(utf8),
  generate(random) {
    const words = Array.from(
      { length: 1 + random.below(7) },
      () => random.one(WORDS) + (random.in(9) ? random.one(WORDS) : ""),
    );
    return utf8(
      [random.in(3) ? random.one(WORDS) : random.one([...toolNames, "record", "help", "man"]), ...words].join("\0"),
    );
  },
  async run(bytes) {
    const args = new TextDecoder().decode(bytes).split("\0");
    const [first = "", ...rest] = args;
    for (const tool of all) {
      if (tool.name !== first && !args.includes("--all-tools")) continue;
      const parsed = await sentence(() => parse(tool, rest));
      if (parsed && !parsed.help) toRun(tool, parsed.values);
    }
    const plan = await sentence(() => parseRecord(rest, new Date()));
    if (plan) assert.ok(plan.for_ms > 0 && plan.tools.length > 0 && plan.dir !== "");
    for (const declared of [replay, convert, report]) {
      const { values } = await sentence(() =>
        parseOptions(declared, rest, { options: declared.options, operand: "file" })
      ) ?? {};
      for (const key of ["since", "until"]) {
        const moment = values?.get(key);
        if (moment !== undefined) new Date(moment as number).toISOString();
      }
    }
    // These print what is declared; the others read files, or look at the kernel.
    if (!["record", "replay", "convert", "report", "doctor"].includes(first)) {
      await sentence(() => runCommand(args, world));
    }

    const host = hostPart(rest.join("-")), name = segmentName("tcplife", host, new Date(0), "zstd");
    assert.ok(!/[/\0]/.test(name) && name.length < 128, name);
    assert.equal(parseSegmentName(name)?.host, host);
  },
};

async function sentence<T>(run: () => T | Promise<T>): Promise<T | undefined> {
  return await sentenceOr(async () => {
    try {
      return await run();
    } catch (error) {
      if (error instanceof Error) assertHarmless(harmless(error.message));
      throw error;
    }
  });
}
