import assert from "node:assert/strict";
import { accept, converted, drop, life, ODD_COMM, segment, softirq } from "../../tests/unit/recordings.ts";

async function ecs(tool: string, event: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { text } = await converted([segment(tool, event)], { to: "ecs", output: "{}/x" });
  return JSON.parse(text("x"));
}

Deno.test("ecs has a client and a server where the tool tells who connected", async () => {
  const server = { ip: "2001:db8::1", port: 22 }, client = { ip: "2001:db8::2", port: 50000 };
  assert.deepEqual(await ecs("tcpaccept", accept), {
    "@timestamp": "2026-11-20T06:00:01.000000001Z",
    ecs: { version: "8.11.0" },
    event: {
      kind: "event",
      category: ["network"],
      type: ["connection", "start"],
      action: "connection-accepted",
      module: "nettrace",
      dataset: "nettrace.tcpaccept",
    },
    host: { name: "web1", os: { type: "linux", kernel: "6.18.1" } },
    network: { type: "ipv6", transport: "tcp" },
    source: client,
    destination: server,
    client,
    server,
    process: { pid: 907, name: "sshd" },
    user: { id: "0" },
    nettrace: { netns: 4026531840, cgroup_id: 5000, conn_id: "00000000000000aa" },
  });
  const connect = { ...accept, tool: "tcpconnect", saddr: "10.0.0.1", lport: 5, daddr: "10.0.0.2", dport: 80 };
  const { client: from, server: to } = await ecs("tcpconnect", connect);
  assert.deepEqual([from, to], [{ ip: "10.0.0.1", port: 5 }, { ip: "10.0.0.2", port: 80 }]);
});

Deno.test("ecs has source and destination alone where it does not, with bytes, and durations in nanoseconds", async () => {
  const { source, destination, client, event, network, process, user, nettrace } = await ecs("tcplife", life);
  assert.deepEqual(source, { ip: "::ffff:10.0.0.1", port: 443, bytes: 9007199254740991 });
  assert.deepEqual(destination, { ip: "::ffff:10.0.0.2", port: 40000, bytes: 0 });
  assert.deepEqual([client, process, user], [undefined, undefined, undefined]);
  assert.deepEqual(network, { type: "ipv4", transport: "tcp" });
  assert.equal((event as { duration: number }).duration, 12_500_000);
  assert.deepEqual(nettrace, { open: 0, netns: 4026531840, conn_id: "00000000000000bb" });
});

Deno.test("ecs has a packet's source and destination, and what a process chose for its name as it is", async () => {
  const { source, destination, process, nettrace } = await ecs("tcpdrop", drop);
  assert.deepEqual([source, destination], [{ ip: "10.0.0.9", port: 1 }, { ip: "10.0.0.1", port: 65535 }]);
  assert.deepEqual(process, { pid: 12, name: ODD_COMM });
  assert.deepEqual(nettrace, {
    flags: "SYN|ACK",
    reason: "NO_SOCKET",
    reason_code: 3,
    stack: ["tcp_v4_rcv+0x1", "ip_rcv+0x2"],
    netns: 4026531840,
    cgroup_id: 77,
  });
});

Deno.test("ecs has a socket that listens as a server, and a tracer's types as its events'", async () => {
  const listening = { ...accept, tool: "solisten", addr: "::", port: 80 };
  const { server, source } = await ecs("solisten", listening);
  assert.deepEqual([server, source], [{ ip: "::", port: 80 }, undefined]);
  for (const [type, action] of [["connect", "connection-made"], ["close", "connection-closed"]]) {
    const { event } = await ecs("tcptracer", { ...accept, tool: "tcptracer", type });
    assert.equal((event as { action: string }).action, action);
  }
});

Deno.test("ecs has what was counted in an interval as a metric", async () => {
  const { event, nettrace, network } = await ecs("softirqs", softirq);
  assert.deepEqual(event, {
    kind: "metric",
    category: ["network"],
    type: ["info"],
    action: "counted",
    start: softirq.start,
    end: softirq.end,
    module: "nettrace",
    dataset: "nettrace.softirqs",
  });
  assert.deepEqual([nettrace, network], [
    { partial: false, softirq: "net_rx", count: 5, dist_us: [0, 3, 2] },
    undefined,
  ]);
});
