import assert from "node:assert/strict";
import tcpaccept from "../../tools/tcpaccept.ts";
import tcpdrop from "../../tools/tcpdrop.ts";
import tcplife from "../../tools/tcplife.ts";
import tcpretrans from "../../tools/tcpretrans.ts";
import tcptracer from "../../tools/tcptracer.ts";
import solisten from "../../tools/solisten.ts";
import { encodeEvent, type Event } from "../../tests/unit/fake_kernel.ts";
import { parseAddress } from "../filter.ts";
import type { Tool } from "../tool.ts";
import { newConnections } from "./connection.ts";

const SERVER = parseAddress("192.0.2.1") as Uint8Array, CLIENT = parseAddress("192.0.2.2") as Uint8Array;

const fromServer = { laddr: SERVER, raddr: CLIENT, lport: 80, rport: 40001, netns: 1, family: 2 };
const fromClient = { laddr: CLIENT, raddr: SERVER, lport: 40001, rport: 80, netns: 1, family: 2 };
const dropped = { saddr: CLIENT, daddr: SERVER, sport: 40001, dport: 80, netns: 1, family: 2 };

/** Gives the ids of events of several tools, in one table. */
function recorder() {
  const connections = newConnections();
  const writers = new Map<Tool, ReturnType<typeof connections.of>>();
  return (tool: Tool, time_ns: number, event: Event): string => {
    if (!writers.has(tool)) writers.set(tool, connections.of(tool));
    const bytes = encodeEvent({ time_ns, ...event }, tool.layout.event!);
    const out = new Uint8Array(32);
    const end = writers.get(tool)?.(out, 0, new Uint32Array(bytes.buffer), 0);
    return new TextDecoder().decode(out.subarray(0, end));
  };
}

Deno.test("conn_id is the same for both ends and all tools", () => {
  const id = recorder();
  const accepted = id(tcpaccept, 1e9, fromServer);
  assert.match(accepted, /^[0-9a-f]{16}$/);
  assert.equal(id(tcpretrans, 2e9, fromClient), accepted);
  assert.equal(id(tcpdrop, 3e9, dropped), accepted);
  assert.equal(id(tcplife, 4e9, fromServer), accepted);
  assert.equal(id(tcplife, 4e9 + 1, fromClient), accepted);
});

Deno.test("conn_id differs by port, address and network namespace", () => {
  const id = recorder();
  const ids = [
    fromServer,
    { ...fromServer, rport: 40002 },
    { ...fromServer, raddr: SERVER },
    { ...fromServer, netns: 2 },
    { ...fromServer, lport: 40001, rport: 80 },
  ].map((event) => id(tcpaccept, 1e9, event));
  assert.equal(new Set(ids).size, 5);
});

Deno.test("conn_id is another one for the next connection of the same addresses and ports", () => {
  const id = recorder();
  const first = id(tcpaccept, 1e9, fromServer);
  assert.equal(id(tcplife, 2e9, fromServer), first);
  const second = id(tcpaccept, 3e9, fromServer);
  assert.notEqual(second, first);
  assert.equal(id(tcplife, 4e9, fromServer), second);
  const third = id(tcptracer, 5e9, { ...fromClient, type: 1 });
  assert.notEqual(third, second);
  assert.equal(id(tcptracer, 5e9 + 1, { ...fromServer, type: 2 }), third);
  assert.equal(id(tcpaccept, 5e9 + 2, fromServer), third);
});

Deno.test("conn_id is right for tools whose events come after another's later ones", () => {
  const id = recorder();
  const first = id(tcplife, 2e9, fromServer);
  assert.equal(id(tcpaccept, 1e9, fromServer), first);
  const second = id(tcpaccept, 3e9, fromServer);
  assert.notEqual(second, first);
});

Deno.test("conn_id is kept for 60000 connections at once", () => {
  const id = recorder();
  const of = (i: number) => ({ ...fromServer, rport: i % 60000, netns: 1 + Math.floor(i / 60000) });
  const ids = Array.from({ length: 60000 }, (_, i) => id(tcpretrans, 1e9 + i, of(i)));
  assert.equal(new Set(ids).size, 60000);
  for (let i = 0; i < 60000; i += 997) assert.equal(id(tcpretrans, 2e9 + i, of(i)), ids[i]);
});

Deno.test("conn_id is in no event that is not of a connection", () => {
  assert.equal(newConnections().of(solisten), undefined);
});
