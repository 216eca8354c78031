import assert from "node:assert/strict";
import { binary, decoded, plans, readJson, run, start, type Summary, whole } from "./nettrace.ts";
import { pinMap } from "./pinned_map.ts";
import { type Connection, type Done, type Ready, traffic } from "./traffic.ts";

/** A record of tcpconnect's JSON. */
interface Connect {
  time: string;
  tool: string;
  pid: number;
  comm: string;
  ip: 4 | 6;
  saddr: string;
  lport: number;
  daddr: string;
  dport: number;
  result: string | null;
  latency_ms: number | null;
  uid: number;
  netns: number;
  cgroup_id: number;
}

interface Seen {
  ready: Ready;
  done: Done;
  /** The rows of the scenario's network namespace. */
  rows: Connect[];
  summary: Summary;
  stderr: string;
}

/** Traces connects made in one way, with the arguments that the ready line asks for. */
const traced = (...args: Parameters<typeof tracedOnce>) => whole(() => tracedOnce(...args));

async function tracedOnce(
  plan: string,
  options: Record<string, string | number>,
  args: (ready: Ready) => string[] = () => [],
  tool = "tcpconnect",
): Promise<Seen> {
  await using made = await traffic("connect", options);
  await using tracer = await start([tool, "--plan", plan, "--json", ...args(made.ready)]);
  const done = await made.go();
  const { code, stdout, stderr } = await tracer.stop();
  assert.equal(code, 0, stderr);
  const { rows, summary } = readJson(stdout) as unknown as { rows: Connect[]; summary: Summary };
  assert.equal(rows.length, summary.printed);
  return { ready: made.ready, done, rows: rows.filter((row) => row.netns === made.ready.netns), summary, stderr };
}

const lossless = (seen: Seen) => assert.equal(seen.summary.lost, 0, seen.stderr);

const shown = (row: Connect) => `${row.pid} ${row.comm} ${row.ip} ${row.saddr} ${row.lport} ${row.daddr} ${row.dport}`;

/** What a row must say of a connection: one to an IPv4 address is of IPv4, whatever its socket. */
function expected(c: Connection): string {
  const plain = (address: string) => address.replace(/^::ffff:/, "");
  return `${c.pid} ${decoded(c).comm} ${c.mapped ? 4 : c.family} ${plain(c.laddr)} ${c.lport} ${
    plain(c.raddr)
  } ${c.rport}`;
}

/** Fails unless the rows are exactly the connections, in any order. */
function assertShown(rows: readonly Connect[], connections: readonly Connection[]): void {
  assert.deepEqual(rows.map(shown).sort(), connections.map(expected).sort());
}

/** Runs a tracer that prints a table, has something done once it traces, and looks at rows as they come. */
async function traceTable<Did>(
  words: readonly string[],
  act: () => Promise<Did>,
  look: (did: Did, rows: (count: number) => Promise<string[]>) => Promise<void>,
): Promise<Did> {
  const [command = "", ...args] = words;
  const tracer = new Deno.Command(command, { args, stdin: "null", stdout: "piped" }).spawn();
  const reader = tracer.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const lines = async (count: number): Promise<string[]> => {
    while (text.split("\n").length <= count) text += (await reader.read()).value ?? assert.fail("it ended");
    return text.split("\n").slice(0, count);
  };
  await lines(2); // the intro and the heading: tracing has begun
  const did = await act();
  await look(did, async (count) => (await lines(2 + count)).slice(2));
  tracer.kill("SIGINT");
  assert.equal((await reader.read()).done, true);
  await tracer.status;
  return did;
}

const some = { v4: 17, v6: 13, mapped: 11 };

for (const plan of await plans("tcpconnect")) {
  const test = (title: string, fn: () => Promise<void>) => Deno.test(`tcpconnect (${plan}) ${title}`, fn);

  test("shows 97 IPv4, 89 IPv6 and 83 v4-mapped connects, each once and right", async () => {
    const seen = await traced(plan, { v4: 97, v6: 89, mapped: 83, uid: 4711 });
    assert.equal(seen.rows.length, 97 + 89 + 83);
    assertShown(seen.rows, seen.done.connections);
    assert.equal(seen.rows.filter((r) => r.ip === 4).length, 97 + 83);
    for (const row of seen.rows) {
      assert.equal(row.uid, 4711);
      assert.equal(row.tool, "tcpconnect");
      assert.deepEqual([row.result, row.latency_ms], [null, null]);
      assert.match(row.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    }
    lossless(seen);
  });

  for (const way of ["nonblocking", "refused", "unanswered", "aborted", "fast_open", "deferred"]) {
    test(`shows connects that are ${way.replace("_", " ")}, with the port that they come from`, async () => {
      const seen = await traced(plan, { ...some, way });
      assertShown(seen.rows, seen.done.connections);
      assert.equal(seen.rows.length, 17 + 13 + 11);
      lossless(seen);
    });
  }

  test("shows connects without an answer while they wait for it, each once", async () => {
    await using made = await traffic("connect", { ...some, way: "unanswered" });
    const words = [binary, "tcpconnect", "--plan", plan, "-L", "-p", String(made.ready.pid)];
    const { connections } = await traceTable(words, () => made.go(), async ({ connections }, rows) => {
      const lines = await rows(connections.length);
      assert.deepEqual(lines.map((line) => line.trim().replace(/ +/g, " ")).sort(), connections.map(expected).sort());
    });
    assert.equal(connections.length, 17 + 13 + 11);
  });

  test("-d shows the name that DNS gave the destination, whichever IP the answer came over", async () => {
    for (const options of [{ v4: 2 }, { v6: 2 }]) {
      await using made = await traffic("connect", { ...options, name: "www.exa\x1b[mple.org" });
      const inside = ["nsenter", `--net=/proc/${made.ready.pid}/ns/net`, binary];
      const words = [...inside, "tcpconnect", "--plan", plan, "-d", "-p", String(made.ready.pid)];
      await traceTable(words, () => made.go(), async (_, rows) => {
        for (const line of await rows(2)) assert.match(line, / \d+ +www\.exa\?\?mple\.org$/);
      });
    }
  });

  test("-d tells of loopback addresses without an answer that they are local", async () => {
    await using made = await traffic("connect", { v4: 1, v6: 1, spread: 1 });
    const words = [binary, "tcpconnect", "--plan", plan, "-d", "-p", String(made.ready.pid)];
    await traceTable(words, () => made.go(), async (_, rows) => {
      for (const line of await rows(2)) assert.match(line, / localhost$/);
    });
  });

  test("leaves out connects for which no source port is free", async () => {
    const seen = await traced(plan, { way: "without_port", v4: 13 });
    assertShown(seen.rows, seen.done.connections);
    assert.equal(seen.rows.length, 1);
  });

  for (
    const [way, result] of [
      ["ok", "ok"],
      ["fast_open", "ok"],
      ["refused", "ECONNREFUSED"],
      ["timed_out", "ETIMEDOUT"],
      ["aborted", "aborted"],
      ["unanswered", "pending"],
    ] as const
  ) {
    test(`--result tells ${result} of connects that are ${way.replace("_", " ")}, and how long they took`, async () => {
      const seen = await traced(plan, { way, v4: 2, v6: 1, mapped: 2 }, () => ["--result"]);
      lossless(seen);
      assertShown(seen.rows, seen.done.connections);
      for (const row of seen.rows) {
        assert.equal(row.result, result);
        assert.ok((row.latency_ms ?? 0) > (way === "timed_out" ? 900 : 0) && (row.latency_ms ?? Infinity) < 60_000);
      }
    });
  }

  test("shows connects of several threads and processes", async () => {
    for (const options of [{ threads: 3 }, { children: 3 }]) {
      const seen = await traced(plan, { ...some, ...options });
      assertShown(seen.rows, seen.done.connections);
      assert.equal(seen.rows.length, 17 + 13 + 11);
    }
  });

  test("-p leaves other processes out", async () => {
    const seen = await traced(plan, { v4: 41, children: 2 }, (ready) => ["-p", String(ready.pids[0])]);
    const wanted = seen.done.connections.filter((c) => c.pid === seen.ready.pids[0]);
    assert.ok(wanted.length > 0 && wanted.length < 41);
    assertShown(seen.rows, wanted);
  });

  test("-u leaves other users out", async () => {
    assert.equal((await traced(plan, { v4: 7, uid: 4711 }, () => ["-u", "4711"])).rows.length, 7);
    assert.equal((await traced(plan, { v4: 7, uid: 4711 }, () => ["-u", "0"])).rows.length, 0);
  });

  test("-P leaves other destination ports out", async () => {
    const seen = await traced(plan, { ...some, port: 8000, port6: 8001 }, () => ["-P", "79,8001"]);
    assertShown(seen.rows, seen.done.connections.filter((c) => c.rport === 8001));
    assert.equal(seen.rows.length, 13 + 11);
  });

  test("--localport leaves other source ports out", async () => {
    const isKept = (port: number) => port % 32 < 16; // the kernel takes ports that are near to each other
    const ranges = Array.from({ length: 65536 / 32 }, (_, i) => `${32 * i}-${32 * i + 15}`).join();
    for (const way of ["ok", "unanswered"]) {
      const seen = await traced(plan, { v4: 211, way }, () => ["--localport", ranges]);
      const wanted = seen.done.connections.filter((c) => isKept(c.lport));
      assert.ok(wanted.length > 0 && wanted.length < 211);
      assertShown(seen.rows, wanted);
    }
  });

  test("-4 shows connects to IPv4 addresses through sockets of both families", async () => {
    const seen = await traced(plan, some, () => ["-4"]);
    assertShown(seen.rows, seen.done.connections.filter((c) => c.family === 4 || c.mapped));
    assert.equal(seen.rows.length, 17 + 11);
  });

  test("-6 shows connects through IPv6 sockets, v4-mapped ones as such", async () => {
    const seen = await traced(plan, some, () => ["-6"]);
    assert.equal(seen.rows.length, 13 + 11);
    assert.ok(seen.rows.every((row) => row.ip === 6));
    assert.equal(seen.rows.filter((r) => r.saddr.startsWith("::ffff:") && r.daddr.startsWith("::ffff:")).length, 11);
  });

  test("--mntnsmap and --cgroupmap keep what is in the map and leave others out", async () => {
    for (const inside of [true, false]) {
      using map = pinMap({ valueSize: 4 });
      const seen = await traced(plan, { v4: 7, mntns: 1 }, (ready) => {
        map.add(BigInt(ready.mntns) + (inside ? 0n : 1n));
        return ["--mntnsmap", map.path];
      });
      assert.equal(seen.rows.length, inside ? 7 : 0);
    }
    for (const inside of [true, false]) {
      using map = pinMap({ valueSize: 8 });
      const { rows } = await traced(plan, { v4: 1 });
      map.add(BigInt(rows[0]?.cgroup_id ?? 0) + (inside ? 0n : 1n)); // the cgroup of this test
      const seen = await traced(plan, { v4: 7 }, () => ["--cgroupmap", map.path]);
      assert.equal(seen.rows.length, inside ? 7 : 0);
    }
  });

  test("shows MPTCP connects once", async () => {
    await using made = await traffic("mptcp", { n: 19 });
    if (made.unsupported !== undefined) return;
    await using tracer = await start(["tcpconnect", "--plan", plan, "--json", "-p", String(made.ready.client)]);
    const { connections } = await made.go();
    const { rows } = readJson((await tracer.stop()).stdout) as unknown as { rows: Connect[] };
    const ends = connections.map((c) => `${c.raddr} ${c.rport} ${c.laddr} ${c.lport}`);
    assert.deepEqual(rows.map((r) => `${r.saddr} ${r.lport} ${r.daddr} ${r.dport}`).sort(), ends.sort());
    assert.equal(rows.length, 19);
  });

  test("accounts for every connect of a burst through a ring of one page", async () => {
    await using made = await traffic("connect", { v4: 1009 });
    const own = ["--netns", String(made.ready.netns)];
    await using tracer = await start(["tcpconnect", "--plan", plan, "--json", "--buffer", "4K", ...own]);
    Deno.kill(tracer.pid, "SIGSTOP");
    await made.go();
    Deno.kill(tracer.pid, "SIGCONT");
    const { rows, summary } = readJson((await tracer.stop()).stdout);
    const seen = rows.filter((row) => row.netns === made.ready.netns).length;
    const lost = summary.lost_by["ring_full"] ?? 0;
    assert.ok(lost > 0);
    assert.equal(seen + lost, 1009);
  });

  test("accounts for more unanswered connects at once than it can keep", async () => {
    const seen = await traced(plan, { v4: 16411, children: 5, way: "unanswered" }, (ready) => [
      "--result",
      "--buffer=4M",
      `--netns=${ready.netns}`,
    ]);
    const full = seen.summary.lost_by["attempt_full"] ?? 0;
    assert.ok(full > 0 && full === seen.summary.lost, seen.stderr);
    assert.equal(seen.rows.length + full, 16411);
    assert.match(seen.stderr, /because too many connects were unanswered at once/);
  });

  test("-c accounts for connects to more destinations than it can tell apart", async () => {
    await using made = await traffic("connect", { v4: 16411, children: 5, spread: 1, way: "refused" });
    await using tracer = await start(["tcpconnect", "--plan", plan, "-c", "--json", `--netns=${made.ready.netns}`]);
    await made.go();
    const { stdout, stderr } = await tracer.stop();
    const { rows, summary } = readJson(stdout);
    const full = summary.lost_by["count_full"] ?? 0;
    assert.ok(full > 0 && full === summary.lost, stderr);
    assert.equal(rows.length + full, 16411);
    assert.match(stderr, /not counted, because there was no room/);
  });

  test("-c counts connects by source, destination and its port, as bcc prints it", async () => {
    await using made = await traffic("connect", { ...some, port: 8000, port6: 8001 });
    await using tracer = await start(["tcpconnect", "--plan", plan, "-c", "-p", String(made.ready.pid)]);
    await made.go();
    const { stdout, stderr } = await tracer.stop();
    assert.equal(stderr, "");
    assert.equal(
      stdout,
      "Tracing connect ... Hit Ctrl-C to end\n\n" +
        "LADDR                     RADDR                     RPORT                CONNECTS  \n" +
        "127.0.0.1                 127.0.0.1                 8000                 17        \n" +
        "127.0.0.1                 127.0.0.1                 8001                 11        \n" +
        "::1                       ::1                       8001                 13        \n",
    );
  });

  test("-c counts connects that have no answer yet, and leaves out what filters leave out", async () => {
    const options = { ...some, way: "unanswered", port: 8000, port6: 8001 };
    for (const [args, counts] of [[["-6"], [13, 11]], [["-P8000"], [17]], [["-P1"], []]] as const) {
      await using made = await traffic("connect", options);
      await using tracer = await start([
        "tcpconnect",
        "--plan",
        plan,
        "-c",
        "--json",
        "-p",
        `${made.ready.pid}`,
        ...args,
      ]);
      await made.go();
      const { rows, summary } = readJson((await tracer.stop()).stdout);
      assert.deepEqual(rows.map((row) => (row as unknown as { connects: number }).connects), counts);
      assert.deepEqual([summary.printed, summary.lost], [counts.length, 0]);
    }
  });
}

Deno.test("tcpconnect prints the table that bcc prints, and its result besides", async () => {
  await using made = await traffic("connect", { v4: 1, port: 8080, comm: "a-long-comm-name", uid: 4711 });
  await using tracer = await start(["tcpconnect", "-t", "-U", "-L", "-p", String(made.ready.pid)]);
  await using results = await start(["tcpconnect", "--result", "-p", String(made.ready.pid)]);
  const { connections: [c] } = await made.go();
  const pid = String(c?.pid).padEnd(7);
  assert.equal(
    (await tracer.stop()).stdout,
    "Tracing connect ... Hit Ctrl-C to end\n" +
      "TIME(s)  UID   PID     COMM         IP SADDR            LPORT  DADDR            DPORT \n" +
      `0.000    4711  ${pid} a-long-comm- 4  127.0.0.1        ${String(c?.lport).padEnd(6)} 127.0.0.1        8080   \n`,
  );
  assert.equal(
    (await results.stop()).stdout.replace(/\d+\.\d{3}\n$/, "1.234\n"),
    "Tracing connect ... Hit Ctrl-C to end\n" +
      "PID     COMM         IP SADDR            DADDR            DPORT  RESULT       LAT(ms)\n" +
      `${pid} a-long-comm- 4  127.0.0.1        127.0.0.1        8080   ok           1.234\n`,
  );
});

Deno.test("tcpconnect -c counts in CSV", async () => {
  await using made = await traffic("connect", { v4: 3, port: 8080 });
  await using tracer = await start(["tcpconnect", "-c", "--csv", "-p", String(made.ready.pid)]);
  await made.go();
  const { stdout } = await tracer.stop();
  assert.equal(
    stdout.replace(/^2[^,]*Z,/m, "TIME,"),
    "time,tool,ip,laddr,raddr,rport,connects\r\nTIME,tcpconnect,4,127.0.0.1,127.0.0.1,8080,3\r\n",
  );
});

Deno.test("tcpv4connect prints the table of 2015: connects to IPv4 addresses, and no others", async () => {
  await using made = await traffic("connect", {
    v4: 1,
    v6: 1,
    mapped: 1,
    port: 80,
    port6: 8080,
    comm: "a-long-comm-name",
  });
  await using tracer = await start(["tcpv4connect", "-t", "-p", String(made.ready.pid)]);
  await made.go();
  const pid = String(made.ready.pid).padEnd(6);
  assert.equal(
    (await tracer.stop()).stdout.replace(/^0\.\d{3}/gm, "0.000"),
    "TIME(s)  PID    COMM         SADDR            DADDR            DPORT\n" +
      `0.000    ${pid} a-long-comm- 127.0.0.1        127.0.0.1        80  \n` +
      `0.000    ${pid} a-long-comm- 127.0.0.1        127.0.0.1        8080\n`,
  );
});

Deno.test("tcpconnect -c and -d exclude each other", async () => {
  const { code, stderr } = await run(["tcpconnect", "-c", "-d"]);
  assert.deepEqual([code, stderr], [2, "nettrace: -c/--count and -d/--dns exclude each other: give one of them.\n"]);
});
