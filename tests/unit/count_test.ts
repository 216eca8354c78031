import assert from "node:assert/strict";
import { parse, toRun } from "../../src/cli.ts";
import { runCount } from "../../src/count.ts";
import { schema } from "../../src/schema.ts";
import type { Tool } from "../../src/tool.ts";
import tcpconnect from "../../tools/tcpconnect.ts";
import { encodeEvent, newKernel, newRing, newTerminal } from "./fake_kernel.ts";

const AF_INET = 2, AF_INET6 = 10;

/** What is printed of counts, each told by its family and remote port. */
async function printed(tool: Tool, args: string[], counts: [family: number, rport: number, count: number][]) {
  const layout = tool.layout.count ?? assert.fail("it counts");
  const entries = counts.flatMap(([family, rport, count]) => [...encodeEvent({ family, rport, count }, layout)]);
  const terminal = newTerminal();
  const kernel = newKernel(newRing(4096), { object: { entries: () => Uint8Array.from(entries) } });
  await runCount(toRun(tool, parse(tool, ["-c", ...args]).values), kernel, terminal);
  return terminal.text();
}

const three: [number, number, number][] = [[AF_INET6, 1, 99], [AF_INET, 2, 5], [AF_INET, 3, 4294967301]];

Deno.test("runCount prints counts in order, IPv4 before IPv6", async () => {
  const ports = (text: string) => text.split("\n").slice(3, -1).map((line) => Number(line.split(/ +/)[2]));
  assert.deepEqual(ports(await printed(tcpconnect, [], three)), [3, 2, 1]);
  const count = tcpconnect.count ?? assert.fail("it counts");
  const ascending: Tool = { ...tcpconnect, count: { ...count, order: "ascending" } };
  assert.deepEqual(ports(await printed(ascending, [], three)), [2, 3, 1]);
});

Deno.test("runCount prints JSON that its schema describes, and a summary", async () => {
  const lines = (await printed(tcpconnect, ["--json"], three)).trimEnd().split("\n").map((line) => JSON.parse(line));
  const titles = schema(tcpconnect)["oneOf"] as { title: string; required: string[] }[];
  assert.deepEqual(Object.keys(lines[0]), titles.find((t) => t.title === "count")?.required);
  assert.deepEqual(lines.slice(0, 3).map((row) => row.connects), [4294967301, 5, 99]);
  assert.deepEqual([lines[3].summary.printed, lines[3].summary.lost], [3, 0]);
});

Deno.test("runCount prints headings alone where nothing was counted", async () => {
  assert.match(await printed(tcpconnect, [], []), /^Tracing.*\n\nLADDR +RADDR +RPORT +CONNECTS +\n$/);
});
