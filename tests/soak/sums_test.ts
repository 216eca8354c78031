import assert from "node:assert/strict";
import type { Batch, Ledger } from "./ledger.ts";
import { tallies } from "./tallies.ts";
import type { Row } from "./tally.ts";

const batch: Batch = {
  kind: "active",
  reach: "v4",
  first: 0,
  count: 2,
  sent: 1,
  received: 1,
  client: 7,
  server: 5,
  port: 1024,
};
const again = (state: string, pid: number, n = 0): Row => ({
  state,
  pid,
  laddr: "127.1.0.0",
  lport: 2048 + n,
  raddr: "127.0.0.1",
  rport: 1024,
});

/** What is said of these rows where the client of socket 0 says that it sent one segment again, and the kernel counted so many. */
function judged(rows: Row[], all_retransmits: number) {
  const none = { drops: 0, retransmits: 0 };
  const ledger: Ledger = {
    batches: [batch],
    mishaps: new Map([[0, { client: { drops: 0, retransmits: 1 }, server: none }]]),
    done: { done: true, sockets: 2, all_retransmits, lo_packets: 0, lo_bytes: 0 },
  };
  const tally = tallies["tcpretrans"]!();
  for (const row of rows) tally.take(row);
  const { produced, seen, missing, wrong } = tally.judge(ledger);
  return [produced, seen, missing, wrong];
}

Deno.test("the tally of tcpretrans takes what closed sockets sent again for as many as the kernel counted beyond what others say", () => {
  const open = again("ESTABLISHED", 7), closed = again("FIN_WAIT1", 7, 1);
  assert.deepEqual(judged([open, closed], 2), [2, 2, 0, 0]);
  assert.deepEqual(judged([open], 2), [2, 1, 1, 0]);
  assert.deepEqual(judged([open, closed, closed], 2), [2, 2, 0, 1]);
  assert.deepEqual(judged([closed], 2), [2, 1, 1, 0]);
});

Deno.test("the tally of tcpretrans finds them wrong if they are of a process that never had the socket, or of no socket", () => {
  const open = again("ESTABLISHED", 7);
  assert.deepEqual(judged([open, again("LAST_ACK", 5)], 2), [2, 2, 0, 1]);
  assert.deepEqual(judged([open, again("CLOSING", 7, 2)], 2), [2, 2, 0, 1]);
});
