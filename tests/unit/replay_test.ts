import assert from "node:assert/strict";
import { allOptions, parse, toRun } from "../../src/cli.ts";
import { runStream } from "../../src/run.ts";
import type { Tool } from "../../src/tool.ts";
import { tools } from "../../tools/mod.ts";
import { encodeEvent, type Event, newKernel, newRing, newTerminal } from "./fake_kernel.ts";
import { btfWithEnum } from "./btf_blob.ts";
import { record, replayed, rounds } from "./recording.ts";

const FILES: Readonly<Record<string, Uint8Array>> = {
  "/sys/kernel/btf/vmlinux": btfWithEnum("skb_drop_reason", {
    SKB_NOT_DROPPED_YET: 0,
    SKB_DROP_REASON_NETFILTER_DROP: 12,
  }),
  "/proc/kallsyms": new TextEncoder().encode("ffffffff81000000 T one\nffffffff81001000 T two\n"),
};

/** A generator of numbers that is the same each time (mulberry32). */
function newRandom(seed: number): (below: number) => number {
  return (below) => {
    seed = seed + 0x6d2b79f5 | 0;
    let t = Math.imul(seed ^ seed >>> 15, 1 | seed);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return Math.floor(((t ^ t >>> 14) >>> 0) / 2 ** 32 * below);
  };
}

const COMMS = ["nginx", 'a b,"c"', "zwölf", "\u0001\u001b[2J", "💥💥💥", "", "=1+1"];
const SYMBOLS = [0xffffffff81000001n, 0xffffffff81001002n, 0xffffffff81000fffn];

/** An event with something in every field. */
function randomEvent(tool: Tool, random: (below: number) => number, i: number): Event {
  const event: Record<string, number | bigint | Uint8Array> = {};
  const mapped = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1]);
  for (const [name, { size }] of Object.entries(tool.layout.event?.fields ?? {})) {
    if (name === "time_ns") event[name] = BigInt(5_000_000_000 + i * 1_234_567 + random(1000));
    else if (name === "comm") {
      const odd = random(9) === 0;
      event[name] = odd ? Uint8Array.from([255, 254, 65, 200]) : new TextEncoder().encode(COMMS[random(COMMS.length)]);
    } else if (name === "family") event[name] = tool.name === "tcpv4connect" || random(2) ? 2 : 10;
    else if (name === "awaited" || name === "reason_known") event[name] = 1; // as with --result, and on new kernels
    else if (name === "pid") event[name] = random(4) === 0 ? 0 : random(4194304);
    else if (name === "stack") {
      const all = SYMBOLS.slice(0, random(SYMBOLS.length + 1));
      event[name] = new Uint8Array(BigUint64Array.from([...all, 0n]).buffer);
    } else if (name === "location") event[name] = SYMBOLS[0] as bigint;
    else if (name === "reason") event[name] = random(2) * 12;
    else if (/state|^type$|^kind$/.test(name)) event[name] = size === 1 ? Uint8Array.of(1 + random(3)) : 1 + random(3);
    else if (name === "errno" || name === "error" || name === "result") event[name] = random(3);
    else if (/known|open|failed/.test(name)) event[name] = size === 1 ? Uint8Array.of(random(2)) : random(2);
    else if (size === 16) {
      const bytes = Uint8Array.from({ length: 16 }, () => random(4) ? random(256) : 0);
      event[name] = random(2) ? mapped : bytes;
    } else if (size === 8) event[name] = BigInt(random(2 ** 31)) * BigInt(1 + random(2 ** 20));
    else if (size === 1) event[name] = Uint8Array.of(random(2));
    else event[name] = random(2 ** (8 * Math.min(size, 4)) - 1);
  }
  // The first twelve bytes of an IPv4 address are always alike.
  if (event["family"] === 2) {
    for (const end of ["laddr", "raddr", "saddr", "daddr"]) {
      const bytes = event[end];
      if (bytes instanceof Uint8Array) event[end] = Uint8Array.from([...mapped.subarray(0, 12), ...bytes.subarray(12)]);
    }
  }
  if (event["pid"] === 0) Object.assign(event, { uid: 0, tid: 0, cgroup_id: 0, comm: new Uint8Array(0) }); // not known
  return event;
}

/** Combinations of a tool's options for the output. */
function outputs(tool: Tool): string[][] {
  const options = Object.entries(allOptions(tool));
  const display = options.filter(([name, o]) =>
    o.argument === undefined && !o.constants && !o.programs && !o.last && !o.fill && !o.pinned &&
    !["json", "csv", "debug", "journal", "dns", "help"].includes(name) && name !== tool.count?.option
  ).map(([name]) => `--${name}`);
  const all = display.filter((_, i) => i >= 0);
  return [[], ...all.map((one) => [one]), all, ["--json"], ["--csv"], [...all.filter((o) => o !== "--csv"), "--csv"]]
    .filter((args) => {
      try {
        return parse(tool, args) !== undefined;
      } catch {
        return false; // options that exclude each other
      }
    });
}

const EVENTS = 211;

for (const [name, load] of Object.entries(tools)) {
  const tool = (await load()).default;
  const { event: layout } = tool.layout;
  if (!layout) continue;
  Deno.test(`replay of ${name} prints what ${name} prints, to the byte, whatever the events and the options`, async () => {
    const random = newRandom(name.length);
    const events = Array.from({ length: EVENTS }, (_, i) => encodeEvent(randomEvent(tool, random, i), layout));
    const kernelOf = () => {
      const ring = newRing(262144);
      for (const event of events) ring.push(event);
      return newKernel(ring, { readBytes: (path) => FILES[path]?.slice() });
    };
    const dir = await Deno.makeTempDir();
    try {
      const mode = name === "tcpconnect" || name === "tcpconnlat" ? ["--result"] : [];
      const track = await record(dir, tool, mode, kernelOf(), rounds(2));
      assert.equal(track.events, EVENTS);
      for (const args of outputs(tool)) {
        const terminal = newTerminal();
        await runStream(toRun(tool, parse(tool, [...mode, ...args]).values), kernelOf(), terminal);
        const { text } = await replayed([name, dir, ...args]);
        const plain = (t: string) => t.replace(/"time":"[^"]*","tool":"\w+","summary".*/, "summary");
        assert.equal(plain(text), plain(terminal.text()), args.join(" "));
      }
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}
