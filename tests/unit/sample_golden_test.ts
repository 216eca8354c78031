import assert from "node:assert/strict";
import { parse, toRun } from "../../src/cli.ts";
import { BadInput } from "../../src/failure.ts";
import { parseAddress } from "../../src/filter.ts";
import { runSample } from "../../src/sample.ts";
import type { Tool } from "../../src/tool.ts";
import { tools } from "../../tools/mod.ts";
import { encodeEvent, type Event, newKernel, newRing, newTerminal } from "./fake_kernel.ts";
import { record, replayed } from "./recording.ts";
import golden from "./fixtures/bcc_golden.json" with { type: "json" };

/** A map of bcc's: pairs of a key and what is under it; of histograms, the counts by slot. */
type Map<Value = number> = [Record<string, number | string>, Value][];
type Histograms = [vector: number, counts: number[]][];
interface Input {
  dist?: Map;
  hist?: Histograms;
  tx_q?: Map<Record<string, number>>;
  rx_q?: Map<Record<string, number>>;
  ipv4_send_bytes?: Map;
  ipv4_recv_bytes?: Map;
  ipv6_send_bytes?: Map;
  ipv6_recv_bytes?: Map;
}

interface Case {
  tool: string;
  args: string[];
  input: Input;
  stdout: string;
  sigint: boolean;
}

/** bcc's maps as the entries of ours. */
const translate: Record<string, (input: Input) => Event[]> = {
  netqtop: ({ tx_q = [], rx_q = [] }) =>
    [tx_q, rx_q].flatMap((queues, direction) =>
      queues.map(([{ value = 0 }, of]) => ({
        direction,
        queue: Number(value),
        packets: of["num_pkt"] ?? 0,
        bytes: of["total_pkt_len"] ?? 0,
        below_64: of["size_64B"] ?? 0,
        below_512: of["size_512B"] ?? 0,
        below_2k: of["size_2K"] ?? 0,
        below_16k: of["size_16K"] ?? 0,
        below_64k: of["size_64K"] ?? 0,
      }))
    ),
  tcpsubnet: ({ ipv4_send_bytes = [] }) =>
    ipv4_send_bytes.map(([{ index = 0 }, tx_bytes]) => ({ subnet: Number(index), tx_bytes })),
  tcptop: ({ ipv4_send_bytes = [], ipv4_recv_bytes = [], ipv6_send_bytes = [], ipv6_recv_bytes = [] }) => [
    ...ipv4_send_bytes.map(([key, tx_bytes]) => ({ ...connection(key, 2), tx_bytes })),
    ...ipv4_recv_bytes.map(([key, rx_bytes]) => ({ ...connection(key, 2), rx_bytes })),
    ...ipv6_send_bytes.map(([key, tx_bytes]) => ({ ...connection(key, 10), tx_bytes })),
    ...ipv6_recv_bytes.map(([key, rx_bytes]) => ({ ...connection(key, 10), rx_bytes })),
  ],
  softirqs: ({ dist = [], hist = [] }) => [
    ...dist.map(([{ vec = 0 }, total_ns]) => ({ vector: Number(vec), total_ns })),
    ...hist.map(([vector, counts]) => ({
      vector,
      slots: new Uint8Array(BigUint64Array.from(counts.slice(1), BigInt).buffer), // bcc's slot 0 is never used
    })),
  ],
};

function connection(key: Record<string, number | string>, family: number): Event {
  const address = (text: unknown) => parseAddress(String(text)) ?? new Uint8Array(16);
  return {
    pid: Number(key["pid"]),
    comm: new TextEncoder().encode(String(key["name"])),
    laddr: address(key["saddr"]),
    raddr: address(key["daddr"]),
    lport: Number(key["lport"]),
    rport: Number(key["dport"]),
    family,
  };
}

/** bcc's tcptop prints names as Python writes bytes, b'name', which nobody wants: cut as it cuts that. */
const plainNames = (stdout: string) =>
  stdout.replace(/^(\d+ +)b'([^' ]*)('?) */gm, (all, pid, name, quote) => {
    const whole = quote === "" ? "amazon-ssm-agen".slice(0, 12) : name;
    return `${pid}${whole}`.padEnd(all.length);
  });

/** Runs a tool over what the kernel counted in the first interval; later ones are empty. */
async function play(tool: Tool, args: string[], entries: readonly Event[], sigint: boolean): Promise<string[]> {
  const { sample } = tool.layout;
  assert.ok(sample);
  const bytes = new Uint8Array(entries.flatMap((entry) => Array.from(encodeEvent(entry, sample))));
  let waiting = [bytes], now_ns = 0n;
  const terminal = newTerminal();
  const kernel = newKernel(newRing(4096), {
    monotonic_ns: () => now_ns,
    now_ms: () => Number(now_ns) / 1e6,
    wait: (_rings, timeout_ms) => {
      now_ns += BigInt(Math.round(timeout_ms * 1e6));
      return false;
    },
    readText: (path) =>
      path === "/proc/loadavg"
        ? "0.08 0.02 0.17 2/367 17342\n"
        : path === "/sys/class/net/lo/ifindex"
        ? "1\n"
        : path.endsWith("/status")
        ? "CapEff:\t000001ffffffffff\n"
        : undefined,
    exists: (path) => !path.startsWith("/sys/class/net/") || /\/queues\/[rt]x-0$/.test(path),
    object: { take: () => waiting.pop() ?? new Uint8Array(0) },
  });
  const pause = (duration_ms: number) => {
    now_ns += BigInt(Math.round(duration_ms * 1e6));
    return Promise.resolve();
  };
  const end_ns = args.includes("5") ? 5_000_000_000n : 1_000_000_000n; // of the first interval
  const stopping = () => sigint && now_ns >= end_ns;
  await runSample(toRun(tool, parse(tool, args).values), kernel, { ...terminal, pause, stopping });
  [waiting, now_ns] = [[bytes], 0n];
  const dir = await Deno.makeTempDir();
  try {
    await record(dir, tool, args, kernel, stopping);
    return [terminal.text(), (await replayed([tool.name, dir, ...args.filter((arg) => /^-[A-Z]/.test(arg))])).text];
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const WALL_TIME = /\b\d\d:\d\d:\d\d\b/g, DATE = /^\w{3} \w{3} [ \d]\d 12:34:56 \d{4}$/gm;
const SHORT_DATE = /\b\d\d\/\d\d\/\d\d\b/g;

/** What bcc says, with exit code 0, where we say what is wrong, with exit code 2. */
const COMPLAINTS: Record<string, RegExp> = {
  "NIC name too long\n": /name has 1 to 15 bytes/,
  "print interval must be non-zero\n": /interval must be 0\.01 to/,
};

for (const [name, load] of Object.entries(tools)) {
  const tool = (await load()).default;
  if (!tool.sample) continue;
  const cases = (golden.cases as unknown as Case[]).filter((c) =>
    c.tool === name && translate[name] && c.stdout !== ""
  );
  Deno.test(`${name} has bcc's outputs to compare with`, () => assert.ok(cases.length > 0));
  for (const { args, input, stdout, sigint } of cases) {
    const complaint = COMPLAINTS[stdout];
    if (complaint) {
      Deno.test(`${[name, ...args].join(" ")} is refused`, () => {
        assert.throws(() => parse(tool, args), (e) => e instanceof BadInput && complaint.test(e.message));
      });
      continue;
    }
    Deno.test(`${[name, ...args].join(" ")} prints what bcc prints, to the byte, live and by way of a recording`, async () => {
      for (const output of await play(tool, args, translate[name]?.(input) ?? [], sigint)) {
        assert.equal(
          output.replace(WALL_TIME, "12:34:56").replace(DATE, "Thu Sep 10 12:34:56 2020").replace(
            SHORT_DATE,
            "09/10/20",
          ),
          plainNames(stdout),
        );
      }
    });
  }
}
