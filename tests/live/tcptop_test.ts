import assert from "node:assert/strict";
import { holdMap } from "./bpf.ts";
import { objectsOf } from "./bpf_objects.ts";
import { plans, readJson, run, start, type Summary, whole } from "./nettrace.ts";
import { type Connection, type Done, is_since, type Ready, traffic } from "./traffic.ts";

interface Bytes {
  start: string;
  end: string;
  partial: boolean;
  pid: number | null;
  comm: string | null;
  ip: 4 | 6;
  laddr: string;
  lport: number;
  raddr: string;
  rport: number;
  rx_bytes: number;
  tx_bytes: number;
  netns: number;
  container?: string | null;
}

type Options = Record<string, string | number>;

const LONG = "3600"; // an interval that the test ends

/** What a tracer counts of the scenario's bytes, in the network namespaces that it made. */
async function traced(plan: string, options: Options, args: (ready: Ready) => string[] = () => [LONG]) {
  return await whole(async () => {
    await using made = await traffic("bytes", options);
    await using tracer = await start(["tcptop", "--plan", plan, "--json", ...args(made.ready)]);
    const done = await made.go();
    const { rows, summary } = readJson((await tracer.stop()).stdout);
    const here = (rows as unknown as Bytes[]).filter(({ netns }) =>
      netns === undefined || netns === made.ready.netns || netns === done.server_netns
    );
    return { rows: here, summary, done, ready: made.ready };
  });
}

/** A row for one end of a connection, without what differs from run to run. */
function rowOf(end: Connection, rx_bytes: number, tx_bytes: number) {
  const { pid, comm, family: ip, laddr, lport, raddr, rport } = end;
  return { pid, comm, ip, laddr, lport, raddr, rport, rx_bytes, tx_bytes };
}

const facts = ({ pid, comm, ip, laddr, lport, raddr, rport, rx_bytes, tx_bytes }: Bytes) => ({
  pid,
  comm,
  ip,
  laddr,
  lport,
  raddr,
  rport,
  rx_bytes,
  tx_bytes,
});

const byPid = (a: { pid: number | null }, b: { pid: number | null }) => (a.pid ?? 0) - (b.pid ?? 0);

/** Fails unless both ends are counted to the byte, and nothing else is. */
function assertExact(rows: readonly Bytes[], done: Done, from: "client" | "server" = "client"): void {
  const { sent = NaN, received = NaN, connections } = done;
  const expected = connections.map((end) =>
    (end.comm === "client") === (from === "client") ? rowOf(end, 0, sent) : rowOf(end, received, 0)
  );
  assert.deepEqual(rows.map(facts).toSorted(byPid), expected.toSorted(byPid));
}

/** Fails if anything was lost but what may be of sockets of the machine's that nobody had open at the start. */
function assertNothingLost({ lost_by: { first_read: _, first_write: __, ...others } }: Summary): void {
  assert.ok(Object.values(others).every((n) => n === 0), JSON.stringify(others));
}

// Each call that sends with one that receives; all are exact on every kernel and with every plan.
const CALLS: [how: string, take: string][] = [
  ["send", "recv"],
  ["write", "read"],
  ["writev", "readv"],
  ["sendmsg", "recvmsg"],
  ["sendmmsg", "recvmmsg"],
  ["sendfile", "splice"],
  ["splice", "peek"],
  ["zerocopy", "trunc"],
  ["uring", "uring"],
  ["uring_write", "uring_read"],
  ["send", "waitall"],
];
const SIZES = "7,1009,65537,300007";

/** True if this kernel has no such connections, as it was built. */
async function isUnsupported(options: Options): Promise<boolean> {
  await using made = await traffic("bytes", options);
  return made.unsupported !== undefined;
}

for (const plan of await plans("tcptop")) {
  const test = (title: string, fn: () => Promise<void>, ignore = false) =>
    Deno.test({ name: `tcptop (${plan}) ${title}`, fn, ignore });

  for (const [how, take] of CALLS) {
    test(`counts what ${how} sends and ${take} receives, to the byte, on IPv4, IPv6 and v4-mapped`, async () => {
      for (const family of ["4", "6", "mapped"]) {
        const { rows, done, summary } = await traced(plan, { how, take, family, sizes: SIZES });
        assertExact(rows, done);
        assertNothingLost(summary);
      }
    });
  }

  for (const [how, take] of [["send", "recv"], ["sendfile", "splice"], ["zerocopy", "peek"]] as const) {
    test(`counts ${how} and ${take} between network namespaces, each end in its own`, async () => {
      for (const family of ["4", "6", "mapped"]) {
        const options = { how, take, family, sizes: SIZES, veth: 1, from: "server", client6: 1 };
        const { rows, done, ready } = await traced(plan, options);
        assertExact(rows, done, "server");
        const [server, client] = rows.toSorted((a, b) => b.tx_bytes - a.tx_bytes);
        assert.deepEqual([client?.netns, server?.netns], [ready.netns, done.server_netns]);
      }
    });
  }

  test("counts of a connection that is older than tracing what was sent and read since, the first read included", async () => {
    for (const [how, take] of CALLS.slice(0, 7)) {
      const { rows, done, summary } = await traced(plan, { how, take, before: 10007, unread: 1009, sizes: "103,5003" });
      assertExact(rows, done);
      assert.equal(done.received, (done.sent ?? 0) + 1009);
      assertNothingLost(summary);
    }
  });

  test("counts a socket that is closed before its interval ends", async () => {
    for (const from of ["client", "server"] as const) {
      const { rows, done } = await traced(plan, { from, close: 1, before: 17, sizes: "5003", family: "6" });
      assertExact(rows, done, from);
    }
  });

  test("has a row for each process that shares a socket", async () => {
    const { rows, done, ready } = await traced(plan, { sizes: "1009", shared: 5003 });
    const sent = new Map(rows.filter((row) => row.tx_bytes > 0).map((row) => [row.pid, row.tx_bytes]));
    // The iterator finds one process that has the socket open.
    const wanted: [number, number][] = plan === "iterator"
      ? [[ready.client, 1009 + 5003]]
      : [[ready.client, 1009], [done.child ?? 0, 5003]];
    assert.deepEqual([...sent].toSorted(), wanted.toSorted());
    assert.equal(rows.find((row) => row.pid === ready.pid)?.rx_bytes, 1009 + 5003);
  });

  test("counts each byte in one interval", async () => {
    const sizes = Array.from({ length: 16 }, () => 1_000_003).join();
    const { rows, done } = await traced(plan, { sizes }, () => ["1"]);
    const sum = (of: (row: Bytes) => number) => rows.reduce((n, row) => n + of(row), 0);
    assert.deepEqual([sum((row) => row.tx_bytes), sum((row) => row.rx_bytes)], [done.sent, done.received]);
    for (const row of rows) assert.ok(row.tx_bytes >= 0 && row.rx_bytes >= 0 && row.end > row.start);
  });

  test("counts what is read from a socket whose memory was another's, of which no end was seen", async () => {
    const SOCKETS = 23, SIZE = 5003;
    await using tracer = await start(["tcptop", "--plan", plan, "--json", LONG]);
    const ids = objectsOf(tracer.pid).filter(({ kind }) => kind === "map").map(({ id }) => id);
    using taken = holdMap(ids, "taken_before");
    const converse = async <T>(then: () => T) => {
      await using crowd = new AsyncDisposableStack();
      const netns: number[] = [];
      for (let n = 0; n < SOCKETS; n++) {
        const made = crowd.use(await traffic("bytes", { sizes: SIZE }));
        await made.go();
        netns.push(made.ready.netns);
      }
      return { netns, then: then() };
    };
    const first = await converse(() => taken.entries()), former = first.then;
    const until_ms = performance.now() + 20_000;
    while ([...taken.entries().keys()].some((key) => former.has(key))) {
      assert.ok(performance.now() < until_ms, "the ends of sockets were not seen");
      await new Promise((next) => setTimeout(next, 10));
    }
    for (const [key, value] of former) taken.set(key, value); // as if the kernel had not told of their ends
    const second = await converse(() => taken.entries());
    const { rows } = readJson((await tracer.stop()).stdout);
    const here = [...first.netns, ...second.netns];
    const received = (rows as unknown as Bytes[]).filter(({ netns }) => here.includes(netns));
    assert.equal(received.reduce((sum, { rx_bytes }) => sum + rx_bytes, 0), 2 * SOCKETS * SIZE);
    const readAgain = [...former].filter(([key, value]) => (second.then.get(key) ?? value) !== value);
    assert.ok(readAgain.length > 0, "no memory was used again");
  }, !is_since("5.12"));

  test("--pid, --comm, --lport and -6 leave others out", async () => {
    const options = { sizes: "5003", family: "4" };
    const kept = async (args: (ready: Ready) => string[]) =>
      (await traced(plan, options, (ready) => [...args(ready), LONG])).rows.map((row) => row.comm);
    assert.deepEqual(await kept(({ client }) => ["-p", String(client)]), ["client"]);
    assert.deepEqual(await kept(({ client }) => ["-p", `!${client}`]), ["server"]);
    assert.deepEqual(await kept(() => ["--comm", "serv*"]), ["server"]);
    assert.deepEqual(await kept(({ ports }) => ["--lport", String(ports[0])]), ["server"]);
    assert.deepEqual(await kept(() => ["-6"]), []);
  });

  test("--by sums up by what it is told", async () => {
    const by = async (what: string) => {
      const { rows, done, ready } = await traced(plan, { sizes: "1009,5003" }, ({ netns }) => {
        return ["--netns", String(netns), "--by", what, LONG];
      });
      const kept = rows.map(({ rx_bytes, tx_bytes }) => [rx_bytes, tx_bytes]).toSorted();
      return { rows, done, ready, kept };
    };
    const ends = [[0, 6012], [6012, 0]];
    assert.deepEqual((await by("conn")).kept, ends);
    assert.deepEqual((await by("pid")).kept, ends);
    assert.deepEqual((await by("comm")).rows.map((row) => row.comm).toSorted(), ["client", "server"]);
    const { rows: addresses, kept } = await by("raddr");
    assert.deepEqual([addresses.map((row) => row.raddr), kept], [["127.0.0.1"], [[6012, 6012]]]);
    const { rows: containers, kept: all } = await by("container");
    assert.deepEqual([containers.map((row) => row.container), all], [[null], [[6012, 6012]]]);
  });

  if (plan !== "tracepoint") continue; // the others have no way to see these

  test("of MPTCP connections counts each byte once", async () => {
    const { rows, done } = await traced(plan, { sizes: SIZES, mptcp: 1 });
    assertExact(rows, done);
  }, await isUnsupported({ mptcp: 1 }));

  test("counts what is sent through kTLS, and read from it, as it was before it was encrypted", async () => {
    for (const [how, take] of [["send", "recv"], ["sendfile", "recv"], ["write", "peek"]] as const) {
      const { rows, done } = await traced(plan, { tls: 1, how, take, before: 1009, sizes: SIZES });
      assertExact(rows, done);
    }
  }, await isUnsupported({ tls: 1 }));
}

Deno.test("tcptop prints bcc's table, with an interval that Ctrl-C ends labelled as partial", async () => {
  await using made = await traffic("bytes", { sizes: "1000003" });
  await using tracer = await start(["tcptop", "-C", LONG, "--netns", String(made.ready.netns)]);
  await made.go();
  const { stdout, code } = await tracer.stop();
  const row = (name: string, kb: string) => `\\d+ +${name} +127\\.0\\.0\\.1:\\d+ +127\\.0\\.0\\.1:\\d+ +${kb}\n`;
  const rows = [row("client", "0 +976"), row("server", "976 +0")];
  const note = "(?:.*\\(plan \\w+\\)\n)?";
  const text = (order: string[]) =>
    `^Tracing\\.\\.\\. Output every 3600 secs\\. Hit Ctrl-C to end\n${note}partial interval of \\d+\\.\\d{3} s:\n\n` +
    `\\d\\d:\\d\\d:\\d\\d loadavg: .* \\d+\n\n` +
    `PID {5}COMM {9}LADDR {17}RADDR {18}RX_KB {2}TX_KB\n${order.join("")}$`;
  assert.ok([rows, rows.toReversed()].some((order) => new RegExp(text(order)).test(stdout)), stdout);
  assert.equal(code, 0);
});

Deno.test("tcptop sorts by what --sort says", async () => {
  for (const [sort, first] of [["rx", "server"], ["tx", "client"]] as const) {
    const [plan = ""] = await plans("tcptop");
    const { rows } = await traced(plan, { sizes: "5003" }, () => ["--sort", sort, LONG]);
    assert.equal(rows[0]?.comm, first);
  }
});

Deno.test("tcptop ends after as many reports as it is asked for, and prints none of dead sockets", async () => {
  await using made = await traffic("bytes", { close: 1 });
  await made.go();
  const { code, stdout } = await run(["tcptop", "-CS", "--netns", String(made.ready.netns), "1", "2"]);
  assert.match(stdout, /^Tracing\.\.\. Output every 1 secs\. Hit Ctrl-C to end\n(?:.*\(plan \w+\)\n)?\n\n$/);
  assert.equal(code, 0);
});

Deno.test("tcptop refuses what cannot be with a sentence, on standard error", async () => {
  const refused: [string[], RegExp][] = [
    [["0"], /interval in seconds must be a whole number from 1/],
    [["1", "0"], /number of reports must be/],
    [["--by", "x"], /--by takes one of conn, pid, comm, raddr, container/],
    [["--sort", "x"], /--sort takes one of rx, tx, both/],
    [["-4", "-6"], /exclude each other/],
  ];
  for (const [args, sentence] of refused) {
    const { code, stdout, stderr } = await run(["tcptop", ...args]);
    assert.deepEqual([code, stdout, stderr.trim().split("\n").length], [2, "", 1], stderr);
    assert.match(stderr, sentence);
  }
});
