// What a record costs that waits in a mapped ring: read only, and printed in each format.
import { V8_FLAGS } from "../../package/v8_flags.ts";
import assert from "node:assert/strict";
import { type Responder, responder } from "./responder.ts";
import { type Measure, median } from "./measure.ts";
import { made } from "./tracer.ts";

const RING_BYTES = 1 << 26;
const WARM_UPS = 2, ROUNDS = 5;
const MOST = 1 << 23; // what bpf_loop() takes at most, and more than the ring holds
const SAMPLE = 1009;
const FORMATS = {
  count: { name: "read a record", goal: { of: "value", most: 30 } },
  table: { name: "read and print a table row", goal: { of: "value", most: 250 } },
  json: { name: "read and print a JSON row", goal: { of: "value", most: 200 } },
  csv: { name: "read and print a CSV row" },
} as const;
type Format = keyof typeof FORMATS;

/** Fills a ring, drains it with either side in turn, and compares the time for a record. */
export async function drain(): Promise<Measure[]> {
  await using filler = responder([made("bench-fill"), made("bench-event.bpf.o"), `${RING_BYTES}`]);
  const ring = await filler.answer();
  const measures: Measure[] = [];
  for (const format of Object.keys(FORMATS) as Format[]) {
    if (format !== "count") await assertSame(filler, ring, format);
    await using ours = responder(sides(ring, format).nettrace, "stderr");
    await using c = responder(sides(ring, format).c, "stderr");
    const times = { nettrace: [] as number[], c: [] as number[] };
    for (let round = -WARM_UPS; round < ROUNDS; round++) {
      for (const [side, reader] of [["nettrace", ours], ["c", c]] as const) {
        const filled = Number(await filler.ask(`${MOST}`));
        const { records, spent_ns } = JSON.parse(await reader.ask("")) as { records: number; spent_ns: number };
        assert.equal(records, filled, `${side} read what there was`);
        if (round >= 0) times[side].push(spent_ns / records);
      }
    }
    measures.push({ unit: "ns", nettrace: median(times.nettrace), c: median(times.c), ...FORMATS[format] });
  }
  return measures;
}

function sides(ring: string, format: Format) {
  const reader = new URL("drain_reader.ts", import.meta.url).pathname;
  return {
    nettrace: [Deno.execPath(), "run", "-A", V8_FLAGS, reader, ring, `${RING_BYTES}`, format],
    c: [made("bench-drain"), ring, format],
  };
}

/** Fails unless both sides print the same, but for times, whose clock each side reads for itself. */
async function assertSame(filler: Responder, ring: string, format: Format): Promise<void> {
  const printed: string[] = [];
  for (const [program = "", ...args] of Object.values(sides(ring, format))) {
    await filler.ask(`${SAMPLE}`);
    const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
    const stdin = child.stdin.getWriter();
    await stdin.write(new TextEncoder().encode("\n"));
    await stdin.close();
    const { stdout } = await child.output();
    printed.push(new TextDecoder().decode(stdout).replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME"));
  }
  assert.equal(printed[0]?.split("\n").length, SAMPLE + 1);
  assert.equal(printed[0], printed[1], `both sides print the same ${format}`);
}
