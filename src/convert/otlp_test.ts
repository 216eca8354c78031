import assert from "node:assert/strict";
import { accept, converted, drop, header, life, ODD_COMM, segment, softirq } from "../../tests/unit/recordings.ts";

interface KeyValue {
  key: string;
  value: Record<string, unknown>;
}
interface LogRecord {
  timeUnixNano: string;
  eventName: string;
  attributes: KeyValue[];
}

interface ResourceLogs {
  resource: { attributes: KeyValue[] };
  scopeLogs: { scope: unknown; logRecords: LogRecord[] }[];
}

/** What the lines hold; the first of each is looked at. */
async function lines(...contents: string[]): Promise<ResourceLogs[][]> {
  const { text } = await converted(contents, { to: "otlp-jsonl", output: "{}/x" });
  return text("x").trimEnd().split("\n").map((line) => JSON.parse(line).resourceLogs);
}

async function record(tool: string, event: Record<string, unknown>): Promise<LogRecord> {
  const [line] = await lines(segment(tool, event));
  const record = line?.[0]?.scopeLogs[0]?.logRecords[0];
  assert.ok(record);
  return record;
}

const values = ({ attributes }: LogRecord) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

Deno.test("otlp-jsonl tells of the resource and the scope once a line", async () => {
  const [line] = await lines(segment("tcpaccept", accept, accept));
  assert.equal(line?.length, 1);
  assert.deepEqual(line?.[0]?.resource, {
    attributes: [
      { key: "service.name", value: { stringValue: "nettrace" } },
      { key: "service.version", value: { stringValue: "0.1.0 (abc)" } },
      { key: "host.name", value: { stringValue: "web1" } },
      { key: "os.type", value: { stringValue: "linux" } },
      { key: "os.version", value: { stringValue: "6.18.1" } },
    ],
  });
  const scopes = line?.[0]?.scopeLogs.map(({ scope, logRecords }) => [scope, logRecords.length]);
  assert.deepEqual(scopes, [[{ name: "nettrace", version: "0.1.0 (abc)" }, 2]]);
});

Deno.test("otlp-jsonl has a record by the semantic conventions, whole numbers of 64 bits as text", async () => {
  const { attributes, ...rest } = await record("tcpaccept", accept);
  assert.deepEqual(rest, {
    timeUnixNano: "1795154401000000001",
    observedTimeUnixNano: "1795154401000000001",
    severityNumber: 9,
    severityText: "INFO",
    eventName: "nettrace.tcpaccept",
  });
  assert.deepEqual(attributes, [
    { key: "network.local.address", value: { stringValue: "2001:db8::1" } },
    { key: "network.local.port", value: { intValue: "22" } },
    { key: "network.peer.address", value: { stringValue: "2001:db8::2" } },
    { key: "network.peer.port", value: { intValue: "50000" } },
    { key: "process.pid", value: { intValue: "907" } },
    { key: "thread.name", value: { stringValue: "sshd" } },
    { key: "process.user.id", value: { intValue: "0" } },
    { key: "network.type", value: { stringValue: "ipv6" } },
    { key: "network.transport", value: { stringValue: "tcp" } },
    { key: "client.address", value: { stringValue: "2001:db8::2" } },
    { key: "client.port", value: { intValue: "50000" } },
    { key: "server.address", value: { stringValue: "2001:db8::1" } },
    { key: "server.port", value: { intValue: "22" } },
    { key: "nettrace.netns", value: { intValue: "4026531840" } },
    { key: "nettrace.cgroup_id", value: { intValue: "5000" } },
    { key: "nettrace.conn_id", value: { stringValue: "00000000000000aa" } },
  ]);
});

Deno.test("otlp-jsonl has no attribute for what is not known, and knows IPv4 on an IPv6 socket", async () => {
  assert.deepEqual(values(await record("tcplife", life)), {
    "network.local.address": "::ffff:10.0.0.1",
    "network.local.port": "443",
    "network.peer.address": "::ffff:10.0.0.2",
    "network.peer.port": "40000",
    "nettrace.tx_bytes": "9007199254740991",
    "nettrace.rx_bytes": "0",
    "network.type": "ipv4",
    "network.transport": "tcp",
    "nettrace.duration_ms": 12.5,
    "nettrace.open": "0",
    "nettrace.netns": "4026531840",
    "nettrace.conn_id": "00000000000000bb",
  });
});

Deno.test("otlp-jsonl has a packet's ends as source and destination, and lists as arrays", async () => {
  const dropped = await record("tcpdrop", drop);
  const { "source.address": from, "destination.port": to, "thread.name": name, "client.address": client } = values(
    dropped,
  );
  assert.deepEqual([from, to, name, client], ["10.0.0.9", "65535", ODD_COMM, undefined]);
  assert.deepEqual(dropped.attributes.find(({ key }) => key === "nettrace.stack")?.value, {
    arrayValue: { values: [{ stringValue: "tcp_v4_rcv+0x1" }, { stringValue: "ip_rcv+0x2" }] },
  });
  const { attributes } = await record("softirqs", softirq);
  assert.deepEqual(attributes.find(({ key }) => key === "nettrace.dist_us")?.value, {
    arrayValue: { values: [{ intValue: "0" }, { intValue: "3" }, { intValue: "2" }] },
  });
  assert.deepEqual(attributes.find(({ key }) => key === "nettrace.partial")?.value, { boolValue: false });
});

Deno.test("otlp-jsonl keeps hosts apart in one line, and its lines below what the collector takes", async () => {
  const other = JSON.stringify(header("tcpaccept", "web2")) + "\n" + JSON.stringify(accept) + "\n";
  const [both] = await lines(segment("tcpaccept", accept), other);
  const hosts = both?.map((r) => r.resource.attributes[2]?.value);
  assert.deepEqual(hosts, [{ stringValue: "web1" }, { stringValue: "web2" }]);
  const many = Array.from({ length: 2000 }, () => ({ ...accept, comm: "\u0800".repeat(5) }));
  const { text } = await converted([segment("tcpaccept", ...many)], { to: "otlp-jsonl", output: "{}/x" });
  const sizes = text("x").trimEnd().split("\n").map((line) => new TextEncoder().encode(line).length);
  assert.ok(sizes.length > 1 && Math.max(...sizes) < 1024 * 1024, String(sizes));
  assert.equal(text("x").split('"timeUnixNano"').length - 1, 2000);
});
