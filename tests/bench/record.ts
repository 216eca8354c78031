// Recording at a steady rate, and replaying what was recorded.
import { V8_FLAGS } from "../../package/v8_flags.ts";
import { responder } from "./responder.ts";
import type { Measure } from "./measure.ts";
import { made, nettrace, trace } from "./tracer.ts";

const PER_SECOND = 100_000;
const SECONDS = Number(Deno.env.get("BENCH_RECORD_SECONDS") ?? 60);
const RECORDER = [
  Deno.execPath(),
  "run",
  "-A",
  V8_FLAGS,
  new URL("record_reader.ts", import.meta.url).pathname,
];

/** Records so many seconds of events, then replays them as a table and as JSON to /dev/null. */
export async function record(): Promise<Measure[]> {
  const dir = await Deno.makeTempDir({ dir: "/var/tmp" });
  try {
    const { calls, cpu } = await recordInto(dir);
    const [{ name } = { name: "" }] = Deno.readDirSync(dir);
    const { size } = await Deno.stat(`${dir}/${name}`);
    const table = await replay(dir), json = await replay(dir, "--json");
    const at = `at ${PER_SECOND / 1000}k events/s for ${SECONDS} s`;
    return [
      { name: `lost ${at}`, unit: "events", nettrace: calls - table.rows, goal: { of: "value", most: 0 } },
      { name: `CPU of recording ${at}`, unit: "% of a core", nettrace: cpu, goal: { of: "value", most: 10 } },
      { name: "recorded", unit: "bytes/event", nettrace: size / calls, goal: { of: "value", most: 20 } },
      { name: "replay as a table", unit: "M events/s", nettrace: table.rate / 1e6, goal: { of: "value", least: 1 } },
      { name: "replay as JSON", unit: "M events/s", nettrace: json.rate / 1e6 },
    ];
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function recordInto(dir: string): Promise<{ calls: number; cpu: number }> {
  await using producer = responder([made("bench-producer"), `${PER_SECOND}`, `${SECONDS}`]);
  await using recorder = await trace([...RECORDER, dir]);
  const before_ns = recorder.cpu_ns();
  const { calls, elapsed_ns } = JSON.parse(await producer.ask("")) as { calls: number; elapsed_ns: number };
  const used_ns = recorder.cpu_ns() - before_ns;
  await recorder.stop();
  return { calls, cpu: 100 * used_ns / elapsed_ns };
}

/** Rows a second, and how many; the heading, or the summary, is none. */
async function replay(dir: string, ...options: string[]): Promise<{ rate: number; rows: number }> {
  const script = `"$@" | wc -l`;
  const start_ms = performance.now();
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", script, "sh", nettrace, "replay", "tcpaccept", dir, ...options],
    stdin: "null",
  }).output();
  const rows = Number(new TextDecoder().decode(stdout)) - 1;
  return { rate: rows / (performance.now() - start_ms) * 1000, rows };
}
