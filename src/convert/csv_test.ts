import assert from "node:assert/strict";
import { type Column, recordColumns, sampleColumns } from "../column.ts";
import { newClock } from "../output/clock.ts";
import { compileRow, csvFormat, type Fields, jsonFormat } from "../output/row.ts";
import { accept, converted, ODD_COMM, segment } from "../../tests/unit/recordings.ts";
import { tools } from "../../tools/mod.ts";
import type { Tool } from "../tool.ts";
import { csv } from "./csv.ts";
import { tablesOf } from "./table.ts";

const BYTES = 1024, ROWS = 50;
const INTERVAL = { start_ns: { offset: 0, size: 8 }, end_ns: { offset: 8, size: 8 }, partial: { offset: 16, size: 1 } };

/** Records of random bytes, as `--json` and as `--csv` prints them. */
function printed(columns: readonly Column[], fields: Fields): { json: string; csv: string }[] {
  const u8 = new Uint8Array(BYTES), out = new Uint8Array(1 << 17);
  const views = { u8, u16: new Uint16Array(u8.buffer), u32: new Uint32Array(u8.buffer) };
  const lookups = {
    names: new Proxy({}, { get: () => (n: number) => `name ${n}` }),
    symbol: (low: number, high: number) => `symbol${low}+0x${high.toString(16)}`,
    cgroups: { text: () => '/a "b", c' },
  };
  const clock = newClock({ seconds: 1_600_000_000, nanoseconds: 0 });
  const [json, csv] = [jsonFormat, csvFormat("\r\n")].map((format) =>
    compileRow(columns, fields, format, views, out, clock, lookups)
  );
  const text = (row = json) => new TextDecoder().decode(out.subarray(0, row?.(0, 0)));
  return Array.from({ length: ROWS }, (_, n) => {
    crypto.getRandomValues(u8);
    for (let word = 0; word < views.u32.length; word += 2) {
      views.u32[word + 1] = n % 2 ? 0 : (views.u32[word + 1] as number) & 0xffff; // which JSON's numbers hold
      if (n === 0) views.u32[word] = 0;
    }
    return { json: text(json), csv: text(csv) };
  });
}

function fieldsOf({ layout, sample }: Tool): Fields {
  const moved = Object.entries(layout.sample?.fields ?? {}).map(([name, { offset, size }]) =>
    [name, { offset: offset + 24, size }] as const
  );
  return sample ? { ...INTERVAL, ...Object.fromEntries(moved) } : layout.event?.fields ?? {};
}

for (const [name, load] of Object.entries(tools)) {
  const { default: tool } = await load();

  Deno.test(`csv has what --csv prints of ${name}, and columns that it leaves out`, () => {
    const columns = (tool.sample ? sampleColumns : recordColumns)(name, tool.columns);
    const { events } = tablesOf(tool);
    let text = "";
    const output = { write: (bytes: Uint8Array) => void (text += new TextDecoder().decode(bytes)) };
    const segment = { path: "", tool: name, host: "web1", start: "", events: 0, lost_by: {} };
    const writer = csv.open(output, events, new Set());
    const rows = printed(columns, fieldsOf(tool));
    for (const { json } of rows) writer.add(JSON.parse(json), events, segment);
    writer.flush();
    const others = events.columns.length - columns.length - 1;
    const more = ",".repeat(others + 1) + "web1\r\n";
    const head = events.columns.map((c) => c.key).join(",") + "\r\n";
    assert.equal(head.slice(0, columns.map((c) => c.key).join().length), columns.map((c) => c.key).join());
    assert.equal(text, head + rows.map((row) => row.csv.replace(/\r\n$/, more)).join(""));
  });
}

Deno.test("csv quotes what a process chose for its name", async () => {
  const { text } = await converted([segment("tcpaccept", { ...accept, comm: ODD_COMM })], { to: "csv", output: "{}" });
  assert.equal(
    text("tcpaccept.csv"),
    "time,tool,pid,comm,ip,raddr,rport,laddr,lport,uid,netns,cgroup_id,container,unit,cgroup,tid,conn_id,host\r\n" +
      '2026-11-20T06:00:01.000000001Z,tcpaccept,907,"a""b,c\r\n\ufffd😀",6,2001:db8::2,50000,2001:db8::1,22,0,4026531840,5000,' +
      ",,,,00000000000000aa,web1\r\n",
  );
});
