import assert from "node:assert/strict";
import { facts, plans, readJson, type Row, start, type Summary, whole } from "./nettrace.ts";
import { type Connection, type Done, type Ready, traffic } from "./traffic.ts";

interface LifeRow extends Row {
  tx_bytes: number;
  rx_bytes: number;
  duration_ms: number;
}

const WAYS = [
  "active",
  "passive",
  "half_closed",
  "shutdown_both",
  "reset_by_client",
  "reset_by_server",
  "exit_of_client",
  "exit_of_server",
  "killed_client",
  "killed_server",
  "unread_data",
  "last_reference_in_child",
  "server_leaves_child",
  "both_at_once",
];

/** Traces sessions that end in a way; both ends of each are in `connections`. */
const lives = (...args: Parameters<typeof livesOnce>) => whole(() => livesOnce(...args));

async function livesOnce(
  plan: string,
  options: Record<string, string | number>,
  args: (ready: Ready) => string[] = () => [],
): Promise<{ rows: LifeRow[]; done: Done; lost: number; summary: Summary }> {
  await using made = await traffic("close", options);
  await using tracer = await start(["tcplife", "--plan", plan, "--json", ...args(made.ready)]);
  const done = await made.go();
  const { rows, summary } = readJson((await tracer.stop()).stdout);
  return {
    rows: rows.filter((row) => row.netns === made.ready.netns) as LifeRow[],
    done,
    lost: summary.lost,
    summary,
  };
}

function assertSame(rows: readonly Row[], connections: readonly Connection[]): void {
  assert.deepEqual(rows.map(facts).sort(), connections.map(facts).sort());
}

for (const plan of await plans("tcplife")) {
  Deno.test(`tcplife (${plan}) says how many of more sessions than it has room for it does not show`, async () => {
    const n = 211, room = 101; // both ends of all are open at once, beside those of others
    await using made = await traffic("accept", { v4: n });
    const options = ["--plan", plan, "--json", "--open", "--sockets", String(room)];
    await using tracer = await start(["tcplife", ...options]);
    await made.go();
    const { rows, summary } = readJson((await tracer.stop()).stdout);
    const { birth_full = 0 } = summary.lost_by;
    const others = rows.filter((row) => row.netns !== made.ready.netns).length;
    assert.ok(rows.length > others && rows.length - others <= room, `${rows.length} rows`);
    assert.ok(rows.length - others + birth_full >= 2 * n, JSON.stringify(summary));
    if (others === 0) assert.equal(rows.length, room);
  });

  for (const way of WAYS) {
    Deno.test(`tcplife (${plan}) shows both ends of sessions that end by ${way}, each with its owner`, async () => {
      const { rows, done, lost } = await lives(plan, { way, n: 3, family: "4" });
      assertSame(rows, done.connections);
      assert.equal(rows.length, 2 * 3);
      assert.equal(lost, 0);
    });
  }

  for (const family of ["6", "mapped"]) {
    Deno.test(`tcplife (${plan}) shows sessions of family ${family}`, async () => {
      const { rows, done } = await lives(plan, { way: "active", n: 5, family });
      assertSame(rows, done.connections);
      assert.equal(rows.length, 2 * 5);
    });
  }

  Deno.test(`tcplife (${plan}) counts the bytes of both directions, and the time`, async () => {
    const { rows } = await lives(plan, { way: "unread_data", n: 1, family: "4" });
    const [client, server] = ["client", "server"].map((comm) => rows.find((row) => row.comm === comm));
    // bytes_acked counts the SYN, and bytes_received the byte that the client left unread.
    assert.deepEqual([client?.tx_bytes, client?.rx_bytes], [1, 1]);
    assert.equal(server?.rx_bytes, 0);
    for (const row of rows) assert.ok(row.duration_ms > 0 && row.duration_ms < 60_000);
  });

  Deno.test(`tcplife (${plan}) -L and -D keep a port and leave others out, of clients, too`, async () => {
    const both = { way: "active", n: 3, family: "4", port: 4242 };
    const local = await lives(plan, both, () => ["-L", "4242"]);
    assertSame(local.rows, local.done.connections.filter((c) => c.lport === 4242));
    assert.equal(local.rows.length, 3);
    const remote = await lives(plan, both, () => ["-D", "4242"]);
    assertSame(remote.rows, remote.done.connections.filter((c) => c.rport === 4242));
    assert.equal(remote.rows.length, 3);
    const clients = await lives(plan, both, () => ["-L", "1024-4241,4243-65535"]);
    assertSame(clients.rows, clients.done.connections.filter((c) => c.lport !== 4242));
  });

  Deno.test(`tcplife (${plan}) --comm keeps the owner's sessions in whatever context they end`, async () => {
    for (const way of ["active", "reset_by_server"]) {
      const { rows, done } = await lives(plan, { way, n: 3, family: "4" }, () => ["--comm", "client"]);
      assertSame(rows, done.connections.filter((c) => c.comm === "client"));
      assert.equal(rows.length, 3);
    }
  });
}

Deno.test("tcplife --open shows at the end the sessions that are still open", async () => {
  await using made = await traffic("accept", { v4: 5, v6: 3, mapped: 2 });
  await using tracer = await start(["tcplife", "--json", "--open", "--netns", String(made.ready.netns)]);
  const { connections } = await made.go();
  const { rows } = readJson((await tracer.stop()).stdout);
  assertSame(rows.filter((row) => row.pid === made.ready.pid), connections);
  assert.equal(rows.filter((row) => row.pid === made.ready.client).length, connections.length);
  assert.ok(rows.every((row) => (row as LifeRow & { open: number }).open === 1));
});

Deno.test("tcplife shows nobody for a connection that was never accepted", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  await using tracer = await start(["tcplife", "--json", "--lport", String(port)]);
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.close();
  listener.close();
  const { rows } = readJson((await tracer.stop()).stdout);
  assert.equal(rows.length, 1);
  assert.deepEqual([rows[0]?.pid, rows[0]?.comm, rows[0]?.uid, rows[0]?.cgroup_id], [null, null, null, null]);
});
