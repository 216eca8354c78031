import assert from "node:assert/strict";
import { newRandom, type Random } from "../../tests/fuzz/random.ts";
import { tools } from "../../tools/mod.ts";
import tcplife from "../../tools/tcplife.ts";
import type { Column } from "../column.ts";
import { newConnections } from "../record/connection.ts";
import { recordingColumns } from "../record/recorder.ts";
import { parseTime } from "../record/time.ts";
import { showable } from "../show.ts";
import type { Tool } from "../tool.ts";
import { newEncoder } from "./encode.ts";
import { compileScan } from "./scan.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** A scanner of a tool's lines, and the encoder of what JSON.parse makes of them. */
function readersOf(tool: Tool, shown: readonly string[] = []) {
  const { event } = tool.layout;
  if (!event) return undefined;
  const given = new Map([["show", shown]]);
  const columns = recordingColumns({ tool, given }, newConnections().of(tool) !== undefined);
  const all = new Uint8Array(3 * event.size), scanned = all.subarray(event.size, 2 * event.size);
  const encoded = new Uint8Array(event.size);
  const scanner = compileScan(columns, event.fields, event.size, all);
  const encoder = newEncoder(columns, event.fields, event.size, encoded);
  /** True if the line is scanned, which must then be as it is encoded. */
  const same = (line: Uint8Array): boolean => {
    if (scanner === undefined) return false;
    all.fill(255); // as events before may have left anything
    const bytes = new Uint8Array(line.length + scanner.reach);
    bytes.set(line);
    const behind = scanner.scan(new DataView(bytes.buffer), 0, event.size), text = new TextDecoder().decode(line);
    if (behind < 0) return false;
    assert.equal(behind, line.length, `${text} ends where its line does`);
    const record = JSON.parse(text), time = { seconds: 0, nanoseconds: 0 };
    assert.deepEqual(Object.keys(record), columns.map(({ key }) => key));
    assert.equal(record.tool, tool.name);
    assert.ok(parseTime(record.time, time));
    assert.deepEqual(Array.from(scanner.time), [time.seconds, time.nanoseconds], text);
    encoder.encode(record, 0);
    assert.deepEqual(scanned, encoded, text);
    assert.ok(all.every((byte, i) => byte === 255 || Math.floor(i / event.size) === 1), "no other's");
    return true;
  };
  return { columns, isCompiled: scanner !== undefined, same };
}

const { same } = readersOf(tcplife)!;
const scans = (text: string) => same(encode(text + "\n"));

const record = {
  time: "2026-11-20T06:00:01.000000001Z",
  tool: "tcplife",
  pid: 181,
  comm: "nginx",
  ip: 4,
  laddr: "192.0.2.1",
  lport: 80,
  raddr: "192.0.2.9",
  rport: 40001,
  tx_bytes: 5_000_000_000,
  rx_bytes: 0,
  duration_ms: 12.34,
  open: 0,
  uid: 33,
  netns: 4026531840,
  cgroup_id: 4242,
  conn_id: "0123456789abcdef",
};

Deno.test("compileScan reads what the encoder makes of the same record", () => {
  const both = (change: Record<string, unknown>) => {
    assert.ok(scans(JSON.stringify({ ...record, ...change })), JSON.stringify(change));
  };
  both({});
  both({ pid: null, comm: null, uid: null, cgroup_id: null });
  both({ comm: "" });
  both({ comm: "a b:{}[],123456" });
  both({ duration_ms: 0 });
  both({ duration_ms: 0.01 });
  both({ duration_ms: 99_999_999_999.99 });
  both({ tx_bytes: 2 ** 49 });
  both({ tx_bytes: 999_999_999_999_999 });
  both({ lport: 65536 + 80 });
  const six = [
    "::",
    "::1",
    "1::",
    "fe80::1",
    "2001:db8::8:800:200c:417a",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8",
    "::ffff:192.0.2.1",
    "::ffff:102:304",
  ];
  for (const raddr of six) both({ ip: 6, laddr: "2001:db8::1", raddr });
});

Deno.test("compileScan leaves what is not exactly so to others", () => {
  const text = JSON.stringify(record);
  assert.ok(scans(text));
  for (let i = 0; i < text.length; i++) {
    assert.ok(!scans(text.slice(0, i) + text.slice(i + 1)) || /[\d.a-z]/.test(text[i] ?? ""), `without ${i}`);
  }
  for (
    const [from, to] of [
      ["192.0.2.1", "192.0.2.256"],
      ["192.0.2.1", "192.0.02.1"],
      ["192.0.2.1", "2001:db8::1"], // of an ip that is 4
      ["192.0.2.1", "1::2::3"],
      ["192.0.2.1", "1:2:3:4:5:6:7:8:9"],
      ["192.0.2.1", "12345::"],
      ['"ip":4', '"ip":6'],
      ["nginx", "ng\\\\u0069nx"],
      ["nginx", "zwölf"],
      ["nginx", "seventeen letters"],
      [":80,", ":-80,"],
      [":80,", ":080,"],
      [":80,", ": 80,"],
      [":80,", ":null,"],
      [":12.34", ":1e3"],
      [":12.34", ":12."],
      [":12.34", ":12.3456"],
      [":12.34", ":1000000000000.5"],
      [":5000000000", ":1000000000000000"],
      ["06:00:01", "06:00:61"],
      [".000000001Z", ".001Z"],
      ["0123456789abcdef", '012345678\\"abcdef'],
      ["0123456789abcdef", "012345678\nabcdef"],
      ["}", ',"more":1}'],
      ["}", "} "],
    ] as const
  ) {
    assert.ok(!scans(text.replace(from, to)), to);
  }
  assert.ok(!scans(text.replace(/"20.{19}/, '"' + "\0".repeat(20))), "no time");
});

const COMMS = ["", "nginx", "kube-apiserver", "a b:{}[],123456", 'say "x"', "C:\\", "zwölf", "\ufffd", "\x1b[2J"];
const ADDRESSES = ["192.0.2.1", "0.0.0.0", "255.255.255.255", "::", "2001:db8::5", "::ffff:192.0.2.1", "1:0:2::3"];
const NUMBERS = [0, 9, 10, 99, 100, 9999, 10000, 65535, 65536, 99999999, 4294967295, 4294967296, 999999999999999, 1e15];

/** A value as the recorder writes one, or nearly so. */
function valueOf({ cell, known }: Column, random: Random, six: boolean): string {
  if (random.in(known === undefined ? 50 : 3)) return "null";
  const number = () => random.in(2) ? random.one(NUMBERS) : Math.floor(10 ** (random.below(16000) / 1000));
  switch (cell.kind) {
    case "time": {
      const time = new Date(1e9 * random.below(5000)).toISOString().slice(0, 19);
      return `"${time}.${String(random.below(1e9)).padStart(9, "0")}Z"`;
    }
    case "text":
      return JSON.stringify(cell.text);
    case "comm":
      return JSON.stringify(random.one(COMMS));
    case "ip_version":
      return random.in(20) ? "5" : six ? "6" : "4";
    case "address":
      return JSON.stringify(random.in(20) ? "" : random.one(ADDRESSES.filter((a) => a.includes(":") === six)));
    case "enum":
      return random.in(9) ? `"${random.below(99)}"` : JSON.stringify(random.one(cell.names.filter(Boolean)));
    case "ms":
      return random.in(9) ? String(number()) : (number() / 1000).toFixed(cell.digits);
    case "hex":
    case "connection":
      return `"${number().toString(16).padStart(16, random.one(["0", "f"]))}"`;
    case "int":
      return String(number() - 99);
    case "query":
      return random.in(2) ? "null" : '"example.com"';
    case "cgroup":
    case "named":
      return '"x.service"';
    case "stack":
      return '["tcp_v4_rcv+0x2b"]';
    default:
      return String(number());
  }
}

/** With one byte more, less or otherwise. */
function damaged(line: Uint8Array, random: Random): Uint8Array {
  const at = random.below(line.length - 1);
  const byte = random.in(2) ? random.below(256) : '0.,:"\\{}nefF '.charCodeAt(random.below(13));
  const added = random.in(3) ? [] : [byte];
  return Uint8Array.of(...line.subarray(0, at), ...added, ...line.subarray(random.in(3) ? at : at + 1));
}

const QUICK = ["tcpaccept", "tcpconnect", "tcpv4connect", "tcpconnlat", "tcplife", "tcpstates", "tcptracer"];

for (const [name, load] of Object.entries(tools)) {
  Deno.test(`${name}: what is scanned of made-up lines, and of damaged ones, is what JSON.parse tells`, async () => {
    const tool = (await load()).default, random = newRandom(1);
    for (const shown of [[], ["tid"], Object.keys(showable)]) {
      const readers = readersOf(tool, shown);
      assert.equal(readers?.isCompiled ?? false, QUICK.includes(name) && shown.length < 2, "it is quick");
      if (!readers?.isCompiled) continue;
      const { columns, same } = readers;
      const counts = { whole: 0, damaged: 0 };
      for (let i = 0; i < 3000; i++) {
        const six = random.in(2);
        const values = columns.map((column) => `"${column.key}":${valueOf(column, random, six)}`);
        const line = encode(`{${values.join(",")}}\n`);
        if (same(line)) counts.whole++;
        for (let n = 0; n < 3; n++) if (same(damaged(line, random))) counts.damaged++;
      }
      assert.ok(counts.whole > 200 && counts.damaged > 100, `${JSON.stringify(counts)} were scanned`);
    }
  });
}
