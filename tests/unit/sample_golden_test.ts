import assert from "node:assert/strict";
import { parse, toRun } from "../../src/cli.ts";
import { runSample } from "../../src/sample.ts";
import type { Tool } from "../../src/tool.ts";
import { tools } from "../../tools/mod.ts";
import { encodeEvent, type Event, newKernel, newRing, newTerminal } from "./fake_kernel.ts";
import golden from "./fixtures/bcc_golden.json" with { type: "json" };

/** A map of bcc's: pairs of a key and what is under it; of histograms, the counts by slot. */
type Map = [Record<string, number | string>, number][];
type Histograms = [vector: number, counts: number[]][];
type Input = Record<string, Map> & { hist?: Histograms };

interface Case {
  tool: string;
  args: string[];
  input: Input;
  stdout: string;
  sigint: boolean;
}

/** bcc's maps as the entries of ours. */
const translate: Record<string, (input: Input) => Event[]> = {
  softirqs: ({ dist = [], hist = [] }) => [
    ...dist.map(([{ vec = 0 }, total_ns]) => ({ vector: Number(vec), total_ns })),
    ...hist.map(([vector, counts]) => ({
      vector,
      slots: new Uint8Array(BigUint64Array.from(counts.slice(1), BigInt).buffer), // bcc's slot 0 is never used
    })),
  ],
};

/** Runs a tool over what the kernel counted in the first interval; later ones are empty. */
async function play(tool: Tool, args: string[], entries: readonly Event[], sigint: boolean): Promise<string> {
  const { sample } = tool.layout;
  assert.ok(sample);
  const bytes = new Uint8Array(entries.flatMap((entry) => Array.from(encodeEvent(entry, sample))));
  const waiting = [bytes];
  let now_ns = 0n;
  const terminal = newTerminal(sigint ? 2 : Infinity);
  const kernel = newKernel(newRing(4096), {
    monotonic_ns: () => now_ns,
    readText: (path) =>
      path === "/proc/loadavg"
        ? "0.08 0.02 0.17 2/367 17342\n"
        : path.endsWith("/status")
        ? "CapEff:\t000001ffffffffff\n"
        : undefined,
    object: { take: () => waiting.pop() ?? new Uint8Array(0) },
  });
  const pause = (duration_ms: number) => {
    now_ns += BigInt(Math.round(duration_ms * 1e6));
    return Promise.resolve();
  };
  await runSample(toRun(tool, parse(tool, args).values), kernel, { ...terminal, pause });
  return terminal.text();
}

const WALL_TIME = /\b\d\d:\d\d:\d\d\b/g;

for (const [name, load] of Object.entries(tools)) {
  const tool = (await load()).default;
  if (!tool.sample) continue;
  const cases = (golden.cases as unknown as Case[]).filter((c) =>
    c.tool === name && translate[name] && c.stdout !== ""
  );
  Deno.test(`${name} has bcc's outputs to compare with`, () => assert.ok(cases.length > 0));
  for (const { args, input, stdout, sigint } of cases) {
    Deno.test(`${[name, ...args].join(" ")} prints what bcc prints, to the byte`, async () => {
      const output = await play(tool, args, translate[name]?.(input) ?? [], sigint);
      assert.equal(output.replace(WALL_TIME, "12:34:56"), stdout);
    });
  }
}
