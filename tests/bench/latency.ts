// How long after a lone accept its row can be read.
import { openLibc } from "../../ffi/libc.ts";
import { waits } from "../live/nettrace.ts";
import { type Measure, quantile } from "./measure.ts";
import { nettrace } from "./tracer.ts";

const EVENTS = 199, APART_MS = 20;
const CLOCK_REALTIME = 0;

/** Each accept long after the one before, so that nettrace waits for it. This process makes it, and reads the row. */
export async function latency(): Promise<Measure[]> {
  const libc = openLibc();
  const now_ns = () => {
    const time = new BigInt64Array(2); // struct timespec
    libc.clock_gettime(CLOCK_REALTIME, time);
    return (time[0] as bigint) * 1_000_000_000n + (time[1] as bigint);
  };
  const child = new Deno.Command(nettrace, {
    args: ["tcpaccept", "--json", "-p", String(Deno.pid)],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const rows = child.stdout.getReader();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  while (!waits(child.pid)) await new Promise((done) => setTimeout(done, 5)); // the interval of a bounded poll
  const taken_us: number[] = [];
  for (let i = 0; i < EVENTS; i++) {
    await new Promise((done) => setTimeout(done, APART_MS));
    const accepted = listener.accept();
    using _client = await Deno.connect({ hostname: "127.0.0.1", port: (listener.addr as Deno.NetAddr).port });
    const { value } = await rows.read();
    const read_ns = now_ns();
    (await accepted).close();
    taken_us.push(Number(read_ns - timeOf(JSON.parse(new TextDecoder().decode(value)).time)) / 1000);
  }
  child.kill("SIGINT");
  await rows.cancel();
  await child.status;
  return [
    {
      name: "a lone accept until its row is read",
      unit: "us",
      nettrace: quantile(taken_us, 0.5),
      goal: { of: "value", most: 500 },
    },
    { name: "a lone accept until its row is read, 99th percentile", unit: "us", nettrace: quantile(taken_us, 0.99) },
  ];
}

/** Nanoseconds since 1970 of an RFC 3339 time with nanoseconds. */
function timeOf(text: string): bigint {
  return BigInt(Date.parse(text.slice(0, 19) + "Z")) * 1_000_000n + BigInt(text.slice(20, 29));
}
