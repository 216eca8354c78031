import assert from "node:assert/strict";
import { parse, toRun } from "../../src/cli.ts";
import { runStream } from "../../src/run.ts";
import type { Tool } from "../../src/tool.ts";
import { tools } from "../../tools/mod.ts";
import { encodeEvent, type Event, newKernel, newRing, newTerminal } from "./fake_kernel.ts";
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

/** bcc's event in the fields of tcpaccept's. */
const translate: Record<string, (e: Record<string, number | string>, family: number) => Event> = {
  tcpaccept: (e, family) => ({ ...connection(e, family), lport: Number(e["lport"]), rport: Number(e["dport"]) }),
  tcplife: (e, family) => ({
    ...connection(e, family),
    lport: Math.floor(Number(e["ports"]) / 2 ** 32),
    rport: Number(e["ports"]) % 2 ** 32,
    tx_bytes: BigInt(e["tx_b"] ?? 0),
    rx_bytes: BigInt(e["rx_b"] ?? 0),
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

/** Runs a tool over events without a kernel; returns its standard output. */
async function play(tool: Tool, args: string[], events: readonly Event[]): Promise<string> {
  const ring = newRing(65536);
  for (const event of events) ring.push(encodeEvent(event, tool.layout.event));
  const terminal = newTerminal();
  await runStream(toRun(tool, parse(tool, args).values), newKernel(ring), terminal);
  return terminal.text();
}

/** What bcc prints but for what docs/differences.md tells: names in CSV that hold a comma are quoted. */
function mended(stdout: string): string {
  return stdout.replaceAll(",a,b,", ',"a,b",');
}

const WALL_TIME = /\b\d\d:\d\d:\d\d\b/g;

for (const [name, load] of Object.entries(tools)) {
  const cases = (golden.cases as unknown as Case[]).filter((c) => c.tool === name && c.input?.events);
  Deno.test(`${name} has bcc's outputs to compare with`, () => assert.ok(cases.length > 0));
  for (const { args, input, stdout } of cases) {
    Deno.test(`${[name, ...args].join(" ")} prints what bcc prints, to the byte`, async () => {
      const events = (input.events ?? []).map(([map, event]) =>
        translate[name]?.(event, map.includes("ipv4") ? 2 : 10) ?? {}
      );
      const output = await play((await load()).default, args, events);
      assert.equal(output.replace(WALL_TIME, "12:34:56"), mended(stdout));
    });
  }
}
