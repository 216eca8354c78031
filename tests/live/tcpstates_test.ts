import assert from "node:assert/strict";
import { newJournal } from "./journal.ts";
import { commandLine, plans, readJson, type Row, start, type Summary, whole } from "./nettrace.ts";
import { type Connection, type Done, type Ready, traffic } from "./traffic.ts";

interface Change extends Omit<Row, "pid" | "comm"> {
  pid: number | null;
  comm: string | null;
  skaddr: string;
  oldstate: string;
  newstate: string;
  duration_ms: number;
}

interface Seen {
  rows: Change[];
  done: Done;
  ready: Ready;
  summary: Summary;
  stderr: string;
}

/** Traces a scenario of traffic in its network namespace only. */
const changes = (...args: Parameters<typeof changesOnce>) => whole(() => changesOnce(...args));

async function changesOnce(
  plan: string,
  scenario: string,
  options: Record<string, string | number>,
  args: (ready: Ready) => string[] = () => [],
): Promise<Seen> {
  await using made = await traffic(scenario, options);
  const { ready } = made;
  const common = ["--plan", plan, "--json", "--netns", String(ready.netns)];
  await using tracer = await start(["tcpstates", ...common, ...args(ready)]);
  const done = await made.go();
  const { stdout, stderr } = await tracer.stop();
  const { rows, summary } = readJson(stdout);
  return { rows: rows as unknown as Change[], done, ready, summary, stderr };
}

const ACTIVE = ["ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "CLOSE"],
  PASSIVE = ["ESTABLISHED", "CLOSE_WAIT", "LAST_ACK", "CLOSE"];
const RESET = ["ESTABLISHED", "CLOSE"];
/** What the client and the server go through from ESTABLISHED on. */
const WAYS: Record<string, [client: string[], server: string[]]> = {
  active: [ACTIVE, PASSIVE],
  passive: [PASSIVE, ACTIVE],
  half_closed: [ACTIVE, PASSIVE],
  shutdown_both: [ACTIVE, PASSIVE],
  reset_by_client: [RESET, RESET],
  reset_by_server: [RESET, RESET],
  exit_of_client: [ACTIVE, PASSIVE],
  exit_of_server: [PASSIVE, ACTIVE],
  killed_client: [ACTIVE, PASSIVE],
  killed_server: [PASSIVE, ACTIVE],
  unread_data: [RESET, RESET],
};

/** The lives of sockets: the changes of each, in order; an address lives again after CLOSE. */
function lives(rows: readonly Change[]): Change[][] {
  const open = new Map<string, Change[]>(), all: Change[][] = [];
  for (const row of rows) {
    const life = open.get(row.skaddr) ?? [];
    if (life.length === 0) all.push(life);
    life.push(row);
    if (row.newstate === "CLOSE") open.delete(row.skaddr);
    else open.set(row.skaddr, life);
  }
  return all;
}

/** The life of the connection's socket, found by its ends. */
function lifeOf(rows: readonly Change[], c: Connection): Change[] {
  const found = lives(rows).filter((life) => {
    const last = life.at(-1);
    return last?.lport === c.lport && last.rport === c.rport && last.laddr === c.laddr && last.raddr === c.raddr;
  });
  assert.equal(found.length, 1, `${c.comm} ${c.lport} ${c.rport}`);
  return found[0] ?? [];
}

const path = (life: readonly Change[]) => [life[0]?.oldstate, ...life.map((change) => change.newstate)];

/** What durations, which the kernel's clock tells, and times of day may be apart: how these differ is read each second. */
const APART_MS = 0.1;

for (const plan of await plans("tcpstates")) {
  const test = (title: string, fn: () => Promise<void>) => Deno.test(`tcpstates (${plan}) ${title}`, fn);

  for (const [way, [client, server]] of Object.entries(WAYS)) {
    test(`shows all changes of connections that end by ${way}, each with who made it or whose it is`, async () => {
      const { rows, done, summary } = await changes(plan, "close", { way, n: 3, family: "4" });
      assert.equal(done.connections.length, 2 * 3);
      for (const c of done.connections) {
        const life = lifeOf(rows, c);
        const isClient = c.comm === "client";
        const begin = isClient ? ["CLOSE", "SYN_SENT"] : ["LISTEN", "SYN_RECV"];
        assert.deepEqual(path(life), [...begin, ...isClient ? client : server]);
        // Until it is accepted, a connection is nobody's.
        const nobody = isClient ? 0 : 2;
        for (const [i, { pid, comm }] of life.entries()) {
          assert.deepEqual([pid, comm], i < nobody ? [null, null] : [c.pid, c.comm], `${path(life)} ${i}`);
        }
      }
      assert.equal(rows.length, 3 * (client.length + 1 + server.length + 1));
      assert.equal(summary.lost, summary.lost_by["missed"]);
    });
  }

  test("shows a close by a child that inherited the socket as the child's", async () => {
    const { rows, done } = await changes(plan, "close", { way: "last_reference_in_child", n: 3, family: "4" });
    for (const c of done.connections.filter((c) => c.comm === "client")) {
      const [, , closing, ...rest] = lifeOf(rows, c);
      assert.equal(closing?.newstate, "FIN_WAIT1");
      assert.equal(closing?.comm, "client");
      assert.notEqual(closing?.pid, c.pid);
      for (const change of rest) assert.equal(change.pid, c.pid);
    }
  });

  test("shows the time between two changes of a socket as the later one's duration, and none for the first", async () => {
    const { rows, done } = await changes(plan, "close", { way: "passive", n: 5, family: "6" });
    for (const c of done.connections) {
      const life = lifeOf(rows, c);
      assert.equal(life[0]?.duration_ms, 0);
      for (const [i, change] of life.slice(1).entries()) {
        const between_ms = Number(nanoseconds(change.time) - nanoseconds(life[i]?.time ?? "")) / 1e6;
        assert.ok(Math.abs(Number(change.duration_ms) - between_ms) < APART_MS, `${change.duration_ms}, ${between_ms}`);
      }
    }
  });

  test("shows IPv4, IPv6 and v4-mapped sockets, and -4 and -6 leave the other family of sockets out", async () => {
    for (
      const [family, ip, kept, left] of [["4", 4, "-4", "-6"], ["6", 6, "-6", "-4"], ["mapped", 6, "-6", "-4"]] as const
    ) {
      const options = { way: "active", n: 5, family };
      const { rows, done } = await changes(plan, "close", options, () => [kept]);
      // The client of a dual-stack listener has an IPv4 socket.
      const wanted = done.connections.filter((c) => c.family === ip);
      for (const c of wanted) assert.ok(lifeOf(rows, c).every((change) => change.ip === ip));
      assert.equal(rows.length, wanted.reduce((sum, c) => sum + lifeOf(rows, c).length, 0));
      assert.ok(wanted.length >= 5);
      const others = (await changes(plan, "close", options, () => [left])).rows;
      assert.ok(others.every((change) => change.ip !== ip));
    }
  });

  test("-L and -D keep a port and leave others out", async () => {
    const options = { way: "active", n: 3, family: "4", port: 4242 };
    const local = await changes(plan, "close", options, () => ["-L", "4242"]);
    assert.equal(local.rows.length, 3 * 5);
    assert.ok(local.rows.every((change) => change.lport === 4242));
    const remote = await changes(plan, "close", options, () => ["-D", "4242"]);
    assert.equal(remote.rows.length, 3 * 5);
    assert.ok(remote.rows.every((change) => change.rport === 4242));
    const others = await changes(plan, "close", options, () => ["-L", "1-4241", "-D", "80"]);
    assert.deepEqual(others.rows, []);
  });

  test("-p and --comm keep what is done by or to a process, and leave others and the unknown out", async () => {
    const options = { way: "passive", n: 3, family: "4" };
    const clients = await changes(plan, "close", options, () => ["--comm", "client"]);
    assert.equal(clients.rows.length, 3 * 5);
    assert.ok(clients.rows.every((change) => change.comm === "client"));
    const servers = await changes(plan, "close", options, () => ["--comm", "server"]);
    assert.equal(servers.rows.length, 3 * 3);
    assert.ok(servers.rows.every((change) => change.comm === "server" && change.duration_ms > 0));
    const pid = String(Deno.pid);
    assert.deepEqual((await changes(plan, "close", options, () => ["-p", pid])).rows, []);
    assert.ok((await changes(plan, "close", options, () => ["-p", `!${pid}`])).rows.length >= 3 * 8);
  });

  test("accounts for every change of many connections at once through a ring of one page", async () => {
    const n = 4001;
    const { rows, summary, stderr } = await changes(plan, "accept", { v4: n, parallel: 1 }, () => ["--buffer", "4K"]);
    assert.equal(rows.length + (summary.lost_by["ring_full"] ?? 0), 4 * n);
    if (rows.length < 4 * n) assert.match(stderr, /because the ring was full/);
  });

  test("shows all changes of more sockets than it has room for, and says what is missing of them", async () => {
    const n = 8209; // connections, whose ends are more than there is room for
    const { rows, summary, stderr } = await changes(plan, "accept", { v4: n }, () => ["--sockets", "16384"]);
    assert.equal(rows.length, 4 * n, stderr);
    for (const cause of ["since_full", "owner_full"]) {
      const told = (summary.lost_by[cause] ?? 0) + (summary.lost_by["missed"] ?? 0);
      assert.ok(told >= 2 * n - 16384, `${cause} ${stderr}`);
    }
  });
}

/** Nanoseconds since 1970 of a time in RFC 3339. */
function nanoseconds(time: string): bigint {
  const [second = "", fraction = ""] = time.replace("Z", "").split(".");
  return BigInt(Date.parse(`${second}Z`)) * 1_000_000n + BigInt(fraction);
}

Deno.test("tcpstates shows whoever listens, and who ends that", async () => {
  await using tracer = await start(["tcpstates", "--json", "-p", String(Deno.pid)]);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const { rows } = readJson((await tracer.stop()).stdout);
  const seen = (rows as unknown as Change[]).map((r) => [r.oldstate, r.newstate, r.lport, r.pid]);
  assert.deepEqual(seen, [["CLOSE", "LISTEN", port, Deno.pid], ["LISTEN", "CLOSE", port, Deno.pid]]);
});

Deno.test("tcpstates shows the owners of sockets that were open before it began", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const connecting = Deno.connect({ hostname: "127.0.0.1", port });
  const server = await listener.accept();
  const client = await connecting;
  await using tracer = await start(["tcpstates", "--json", "-p", String(Deno.pid), "-L", String(port)]);
  client.close();
  await server.read(new Uint8Array(1));
  server.close();
  const { rows } = readJson((await tracer.stop()).stdout);
  const seen = (rows as unknown as Change[]).map((r) => [r.newstate, r.pid]);
  assert.deepEqual(seen, ["CLOSE_WAIT", "LAST_ACK", "CLOSE"].map((state) => [state, Deno.pid]));
});

Deno.test("tcpstates -Y sends every change to the systemd journal, too", async () => {
  using journal = newJournal();
  for (const family of ["4", "6"]) {
    const { code, rows, summary, entries } = await whole(async () => {
      await using made = await traffic("close", { way: "active", n: 3, family });
      await using tracer = await start(["tcpstates", "-Y", "--json", "--netns", `${made.ready.netns}`], journal.mount);
      const { promise: count, resolve } = Promise.withResolvers<number>();
      const coming = journal.entries(count); // before there are any: a queue of datagrams is short
      await made.go();
      const { code, stdout } = await tracer.stop();
      const { rows, summary } = readJson(stdout);
      resolve(rows.length - (summary.lost_by["unlogged"] ?? 0));
      return { code, rows: rows as unknown as Change[], summary, entries: await coming };
    }, "unlogged"); // as what this test does not read in time is
    const { missed = 0 } = summary.lost_by;
    assert.deepEqual([code, summary.lost], [0, missed]);
    assert.ok(rows.length <= 3 * 10 && rows.length + missed >= 3 * 10, `${rows.length} rows, ${missed} missed`);
    assert.equal(entries.length, rows.length);
    for (const [i, row] of rows.entries()) {
      const owner = row.pid === null ? {} : { OBJECT_PID: String(row.pid), OBJECT_COMM: row.comm };
      assert.deepEqual(entries[i], {
        SYSLOG_IDENTIFIER: "tcpstates",
        PRIORITY: "5",
        _SOURCE_REALTIME_TIMESTAMP: String(nanoseconds(row.time) / 1000n),
        ...owner,
        [`OBJECT_IPV${family}_SOURCE_ADDRESS`]: row.laddr,
        OBJECT_TCP_SOURCE_PORT: String(row.lport),
        [`OBJECT_IPV${family}_DESTINATION_ADDRESS`]: row.raddr,
        OBJECT_TCP_DESTINATION_PORT: String(row.rport),
        OBJECT_TCP_OLD_STATE: row.oldstate,
        OBJECT_TCP_NEW_STATE: row.newstate,
        OBJECT_TCP_SPAN_TIME: String(Math.round(row.duration_ms * 1000)),
        MESSAGE: `${
          row.comm ?? "-"
        } ${row.laddr} ${row.lport} → ${row.raddr} ${row.rport} ${row.oldstate} → ${row.newstate}`,
      });
    }
  }
});

Deno.test("tcpstates -Y tells the journal a name with a line break whole, and shows it harmless", async () => {
  using journal = newJournal();
  const made = await traffic("accept", { v4: 1, comm: "a\\x0aMESSAGE=b\\x1b" });
  await using _tracer = await start(["tcpstates", "-Y", "-p", String(made.ready.pid)], journal.mount);
  await made.go();
  await made[Symbol.asyncDispose](); // ends the acceptor, which closes its socket
  const [entry] = await journal.entries(1);
  assert.equal(entry?.["OBJECT_COMM"], "a\nMESSAGE=b\x1b");
  assert.match(entry?.["MESSAGE"] ?? "", /^a\?MESSAGE=b\? 127\.0\.0\.1 /);
});

Deno.test("tcpstates -Y counts what the journal does not take, and goes on", async () => {
  using journal = newJournal();
  await using made = await traffic("accept", { v4: 1009, parallel: 1 });
  await using tracer = await start(["tcpstates", "-Y", "--json", "--netns", String(made.ready.netns)], journal.mount);
  await made.go(); // and nobody reads the journal
  const { stdout, stderr } = await tracer.stop();
  const { rows, summary } = readJson(stdout);
  assert.equal(rows.length, 4 * 1009);
  const { unlogged = 0 } = summary.lost_by;
  assert.ok(unlogged > 0 && unlogged < 4 * 1009);
  assert.match(stderr, new RegExp(`${unlogged} not logged`));
  assert.equal((await journal.entries(4 * 1009 - unlogged)).length, 4 * 1009 - unlogged);
});

Deno.test("tcpstates -Y says where there is no journal, and exits 1", async () => {
  const [command, args] = commandLine(["tcpstates", "-Y"], "mount -t tmpfs tmpfs /run");
  const { code, stderr } = await new Deno.Command(command, { args, stdin: "null" }).output();
  assert.equal(code, 1);
  assert.match(new TextDecoder().decode(stderr), /^nettrace: No systemd journal .*ENOENT.* leave out -Y.*\n$/);
});
