import assert from "node:assert/strict";
import { schema } from "../schema.ts";
import { tools } from "../../tools/mod.ts";
import tcplife from "../../tools/tcplife.ts";
import tcpretrans from "../../tools/tcpretrans.ts";
import softirqs from "../../tools/softirqs.ts";
import { tablesOf } from "./table.ts";

const types = (tool: Parameters<typeof tablesOf>[0]) =>
  Object.fromEntries(tablesOf(tool).events.columns.map(({ key, type }) => [key, type]));

Deno.test("tablesOf gives columns the types that their declarations say", () => {
  assert.deepEqual(types(tcplife), {
    time: "time",
    tool: "string",
    pid: "int32",
    comm: "string",
    ip: "int32",
    laddr: "string",
    lport: "int32",
    raddr: "string",
    rport: "int32",
    tx_bytes: "int64",
    rx_bytes: "int64",
    duration_ms: "double",
    open: "int64",
    uid: "int64",
    netns: "int64",
    cgroup_id: "int64",
    container: "string",
    unit: "string",
    cgroup: "string",
    tid: "int32",
    conn_id: "string",
    host: "string",
  });
  const { start, partial, count, dist_us, conn_id } = types(softirqs);
  assert.deepEqual([start, partial, count, dist_us, conn_id], ["time", "flag", "int64", "int64_list", undefined]);
});

Deno.test("tablesOf tells a tool's counts from its events", () => {
  const tables = tablesOf(tcpretrans);
  assert.equal(tables.of({ tool: "tcpretrans", laddr: "10.0.0.1", retransmits: 5 }).name, "tcpretrans_count");
  assert.equal(tables.of({ tool: "tcpretrans", laddr: "10.0.0.1", type: "R" }).name, "tcpretrans");
});

for (const [name, load] of Object.entries(tools)) {
  const { default: tool } = await load();

  Deno.test(`tablesOf has every key of ${name}'s schema once, and types that agree with it`, () => {
    const shapes = schema(tool)["oneOf"] as { title: string; properties: Record<string, { type?: unknown }> }[];
    const tables = tablesOf(tool);
    const count = tool.count?.columns.at(-1)?.key;
    const all = [tables.events, ...count === undefined ? [] : [tables.of({ [count]: 1 })]];
    for (const [i, table] of all.entries()) {
      const properties = shapes[i]?.properties ?? {};
      const keys = table.columns.map((c) => c.key);
      assert.deepEqual(keys.filter((key) => !["conn_id", "host"].includes(key)).sort(), Object.keys(properties).sort());
      assert.deepEqual(keys, [...new Set(keys)]);
      for (const { key, type } of table.columns) {
        const said = [properties[key]?.type ?? []].flat().find((one) => one !== "null");
        if (said !== undefined) assert.equal(JSON_TYPES[type], said, key);
      }
    }
  });
}

const JSON_TYPES = {
  time: "string",
  flag: "boolean",
  int32: "integer",
  int64: "integer",
  double: "number",
  string: "string",
  int64_list: "array",
  string_list: "array",
};
