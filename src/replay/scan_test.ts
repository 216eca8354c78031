import assert from "node:assert/strict";
import tcplife from "../../tools/tcplife.ts";
import { recordingColumns } from "../record/recorder.ts";
import { newEncoder } from "./encode.ts";
import { compileScan } from "./scan.ts";

const { event } = tcplife.layout;
const columns = recordingColumns({ tool: tcplife, given: new Map() }, true);
const scanned = new Uint8Array(event.size), encoded = new Uint8Array(event.size);
const scan = compileScan(columns, event.fields, scanned)!;
const encoder = newEncoder(columns, event.fields, event.size, encoded);

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

const scans = (text: string) => {
  const bytes = new TextEncoder().encode(text + "\n");
  return scan(bytes, 0, bytes.length - 1);
};

const both = (change: Record<string, unknown>) => {
  const changed = { ...record, ...change };
  assert.ok(scans(JSON.stringify(changed)), JSON.stringify(change));
  encoder.encode(changed, { seconds: 0, nanoseconds: 0 }, 0);
  assert.deepEqual(scanned, encoded, JSON.stringify(change));
};

Deno.test("compileScan reads what the encoder makes of the same record", () => {
  both({});
  both({ pid: null, comm: null, uid: null, cgroup_id: null });
  both({ comm: "" });
  both({ comm: "a b:{}[],1234567" });
  both({ duration_ms: 0 });
  both({ duration_ms: 0.01 });
  both({ tx_bytes: 2 ** 49 });
  const six = [
    "::",
    "::1",
    "1::",
    "fe80::1",
    "2001:db8::8:800:200c:417a",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8",
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
      ["192.0.2.1", "::ffff:192.0.2.1"],
      ["192.0.2.1", "1::2::3"],
      ["192.0.2.1", "1:2:3:4:5:6:7:8:9"],
      ["192.0.2.1", "12345::"],
      ["nginx", "ng\\\\u0069nx"],
      ["nginx", "zwölf"],
      ["nginx", "seventeen letters"],
      [":80,", ":-80,"],
      [":80,", ":080,"],
      [":80,", ": 80,"],
      [":12.34", ":1e3"],
      ["}", ',"more":1}'],
    ] as const
  ) {
    assert.ok(!scans(text.replace(from, to)), to);
  }
});
