import assert from "node:assert/strict";
import { parse, toRun } from "../../src/cli.ts";
import { runStream } from "../../src/run.ts";
import type { Tool } from "../../src/tool.ts";
import { tools } from "../../tools/mod.ts";
import { encodeEvent, type Event, newKernel, newRing, newTerminal } from "./fake_kernel.ts";
import { btfWithEnum } from "./btf_blob.ts";
import { record, replayed, rounds } from "./recording.ts";
import golden from "./fixtures/bcc_golden.json" with { type: "json" };

interface Case {
  tool: string;
  args: string[];
  input: { events?: [string, Record<string, number | string>][] };
  stdout: string;
}

/** The sixteen bytes of an address, through the parser of URL for IPv6. */
function address(text: string): Uint8Array {
  if (!text.includes(":")) {
    return Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...text.split(".").map(Number)]);
  }
  const [head = "", tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split("::");
  const groups = (part: string | undefined) => part ? part.split(":").map((g) => parseInt(g, 16)) : [];
  const [left, right] = [groups(head), groups(tail)];
  const all = [...left, ...Array(8 - left.length - right.length).fill(0), ...right];
  return Uint8Array.from(all.flatMap((g: number) => [g >> 8, g & 255]));
}

const SYM = 0xffffffff81000000n;
const FILES: Record<string, Uint8Array> = {
  "/sys/kernel/btf/vmlinux": btfWithEnum("skb_drop_reason", {
    SKB_NOT_DROPPED_YET: 0,
    SKB_DROP_REASON_NETFILTER_DROP: 12,
  }),
  "/proc/kallsyms": new TextEncoder().encode(`${SYM.toString(16)} T sym\n`),
};

/** bcc's event in the fields of tcpaccept's. */
const translate: Record<string, (e: Record<string, number | string>, family: number) => Event> = {
  tcpaccept: (e, family) => ({ ...connection(e, family), lport: Number(e["lport"]), rport: Number(e["dport"]) }),
  tcpconnect: (e, family) => ({
    ...connection(e, family),
    uid: Number(e["uid"]),
    lport: Number(e["lport"]),
    rport: Number(e["dport"]),
  }),
  tcpdrop: (e, family) => ({
    time_ns: BigInt(e["ts_us"] ?? 0) * 1000n,
    pid: Number(e["pid"]),
    comm: new TextEncoder().encode(String(e["task"])),
    stack: new Uint8Array(new BigUint64Array([SYM + 1n, SYM + 1n]).buffer),
    family,
    saddr: address(String(e["saddr"])),
    daddr: address(String(e["daddr"])),
    sport: Number(e["sport"]),
    dport: Number(e["dport"]),
    state: Uint8Array.of(Number(e["state"])),
    flags: Uint8Array.of(Number(e["tcpflags"])),
    reason: Number(e["drop_reason"]),
    reason_known: 1,
  }),
  tcpconnlat: (e, family) => ({
    ...connection(e, family),
    lport: Number(e["lport"]),
    rport: Number(e["dport"]),
    latency_ns: BigInt(e["delta_us"] ?? 0) * 1000n,
  }),
  tcplife: (e, family) => ({
    ...connection(e, family),
    lport: Math.floor(Number(e["ports"]) / 2 ** 32),
    rport: Number(e["ports"]) % 2 ** 32,
    tx_bytes: BigInt(e["tx_b"] ?? 0),
    rx_bytes: BigInt(e["rx_b"] ?? 0),
    duration_ns: BigInt(e["span_us"] ?? 0) * 1000n,
  }),
  solisten: (e) => ({
    pid: Number(e["pid"]),
    comm: new TextEncoder().encode(String(e["task"])),
    netns: Number(e["netns"]),
    family: Number(e["proto"]) >> 16,
    backlog: Number(e["backlog"]) >>> 0,
    lport: Number(e["lport"]),
    laddr: address(String(e["laddr"])),
  }),
  tcptracer: (e, family) => ({
    ...connection(e, family),
    time_ns: BigInt(e["ts_ns"] ?? 0),
    comm: new TextEncoder().encode(String(e["comm"])),
    lport: Number(e["sport"]),
    rport: Number(e["dport"]),
    netns: Number(e["netns"]),
    type: Number(e["type"]) <= 3 ? Number(e["type"]) : 0, // what bcc shows as unknown
  }),
  tcpretrans: (e, family) => ({
    ...connection(e, family),
    lport: Number(e["lport"]),
    rport: Number(e["dport"]),
    state: Number(e["state"]),
    seq: Number(e["seq"]),
    kind: e["type"] === 2 ? 3 : 2, // a tail loss probe, or after a timeout
  }),
  tcpstates: (e, family) => ({
    ...connection(e, family),
    lport: Number(e["lport"]),
    rport: Number(e["dport"]),
    skaddr: BigInt(e["skaddr"] ?? 0),
    oldstate: Number(e["oldstate"]),
    newstate: Number(e["newstate"]),
    duration_ns: BigInt(e["span_us"] ?? 0) * 1000n,
  }),
};

const connection = (e: Record<string, number | string>, family: number): Event => ({
  time_ns: BigInt(e["ts_us"] ?? 0) * 1000n,
  pid: Number(e["pid"]),
  comm: new TextEncoder().encode(String(e["task"])),
  family,
  laddr: address(String(e["saddr"])),
  raddr: address(String(e["daddr"])),
});

/** A kernel that has these events. */
function kernelWith(tool: Tool, events: readonly Event[]) {
  const ring = newRing(65536);
  const { event: record } = tool.layout;
  assert.ok(record);
  for (const event of events) ring.push(encodeEvent(event, record));
  return newKernel(ring, { readBytes: (path) => FILES[path]?.slice() });
}

/** Runs a tool over events without a kernel; returns its standard output. */
async function play(tool: Tool, args: string[], events: readonly Event[]): Promise<string> {
  const terminal = newTerminal();
  await runStream(toRun(tool, parse(tool, args).values), kernelWith(tool, events), terminal);
  return terminal.text();
}

/** The same by way of a recording. */
async function playBack(tool: Tool, args: string[], events: readonly Event[]): Promise<string> {
  const dir = await Deno.makeTempDir();
  try {
    await record(dir, tool, args, kernelWith(tool, events), rounds(2));
    const placed = tool.positionals && /^\d/.test(args.at(-1) ?? ""); // which it was recorded with
    return (await replayed([tool.name, dir, ...placed ? args.slice(0, -1) : args])).text;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/**
 * What bcc prints but for what docs/differences.md tells: names in CSV that hold a comma are quoted, and the bystander
 * that tcpstates shows where the owner is not known is not named. tcpdrop does not say which hook it uses, and its frames
 * are text.
 */
function mended(stdout: string): string {
  return stdout.replaceAll(",a,b,", ',"a,b",').replaceAll(",0,swapper/5,", ",,,").replaceAll("swapper/5", "-        ")
    .replace(/^WARNING: tcp_drop.*\n/, "").replaceAll(/b'(sym\+0x1)'/g, "$1");
}

const WALL_TIME = /\b\d\d:\d\d:\d\d\b/g;

const showsAddresses = /^0*[1-9a-f]/m.test(Deno.readTextFileSync("/proc/kallsyms"));

for (const [name, load] of Object.entries(tools)) {
  if ((await load()).default.sample) continue; // sample_golden_test.ts has those
  const cases = (golden.cases as unknown as Case[]).filter((c) => c.tool === name && c.input?.events);
  Deno.test({
    name: `${name} has bcc's outputs to compare with`,
    ignore: name === "tcpv4connect", // which bcc has no longer
    fn: () => assert.ok(cases.length > 0),
  });
  for (const { args, input, stdout } of cases) {
    const ignore = name === "tcpretrans" && args.includes("-l") && !showsAddresses;
    Deno.test(`${[name, ...args].join(" ")} prints what bcc prints, to the byte, live and by way of a recording`, {
      ignore,
    }, async () => {
      const events = (input.events ?? []).map(([map, event]) =>
        translate[name]?.(event, map.includes("ipv4") ? 2 : 10) ?? {}
      );
      const tool = (await load()).default;
      for (const output of [await play(tool, args, events), await playBack(tool, args, events)]) {
        assert.equal(output.replace(WALL_TIME, "12:34:56"), mended(stdout));
      }
    });
  }
}
