import assert from "node:assert/strict";
import { assertSame, binary, decoded, plans, readJson, type Row, run, start, type Summary, whole } from "./nettrace.ts";
import { pinMap } from "./pinned_map.ts";
import { type Done, lacks, type Ready, traffic } from "./traffic.ts";

interface Seen {
  ready: Ready;
  done: Done;
  /** The rows of the scenario's network namespace. */
  rows: Row[];
  summary: Summary;
  stderr: string;
}

/** Traces a scenario with the arguments that its ready line asks for. */
const traced = (...args: Parameters<typeof tracedOnce>) => whole(() => tracedOnce(...args));

async function tracedOnce(
  plan: string,
  scenario: string,
  options: Record<string, string | number>,
  args: (ready: Ready) => string[] = () => [],
): Promise<Seen> {
  await using made = await traffic(scenario, options);
  await using tracer = await start(["tcpaccept", "--plan", plan, "--json", ...args(made.ready)]);
  const done = await made.go();
  const { code, stdout, stderr } = await tracer.stop();
  assert.equal(code, 0, stderr);
  const { rows, summary } = readJson(stdout);
  assert.equal(rows.length, summary.printed);
  return { ready: made.ready, done, rows: rows.filter((row) => row.netns === made.ready.netns), summary, stderr };
}

const lacksMultishot = await lacks("5.19", "uring", { n: 1, mode: "multishot" });
const lacksMptcp = await lacks("6.1", "mptcp", { n: 1 }); // in the kernel since 5.6, in Debian's since 5.15

/** Fails unless the rows are exactly these connections; what the kernel left out may be of them. */
const shows = ({ rows, summary, done }: Seen, wanted = done.connections) =>
  assertSame(rows, wanted, summary.lost_by["missed"]);
/** Fails if anything was lost but what the kernel left out. */
const lossless = ({ summary, stderr }: Seen) => assert.equal(summary.lost, summary.lost_by["missed"], stderr);
/** Fails unless rows and those lost by the cause add up to what there was; what the kernel left out may be of it. */
function accounted({ rows, summary }: Seen, cause: string, count: number): void {
  const told = rows.length + (summary.lost_by[cause] ?? 0);
  const missed = summary.lost_by["missed"] ?? 0;
  assert.ok(told <= count && told + missed >= count, `${told} told and ${missed} missed of ${count}`);
}

const everything = { v4: 97, v6: 89, mapped: 83 };

for (const plan of await plans("tcpaccept")) {
  const test = (title: string, fn: () => Promise<void>, ignore = false) =>
    Deno.test({ name: `tcpaccept (${plan}) ${title}`, fn, ignore });
  const looksUpDescriptors = plan === "tracepoint" || plan === "raw_tracepoint";

  for (const call of ["accept", "accept4"]) {
    test(`shows 97 IPv4, 89 IPv6 and 83 v4-mapped ${call}s, each once and right`, async () => {
      const seen = await traced(plan, "accept", { ...everything, call, uid: 4711 });
      const { connections } = seen.done;
      assert.equal(connections.length, 97 + 89 + 83);
      assert.equal(connections.filter((c) => c.family === 4).length, 97);
      assert.equal(connections.filter((c) => c.raddr.startsWith("::ffff:")).length, 83);
      shows(seen);
      for (const row of seen.rows) {
        assert.equal(row.uid, 4711);
        assert.equal(row.tool, "tcpaccept");
        assert.match(row.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
      }
      lossless(seen);
    });
  }

  test("shows times between start and end of the traffic, in order", async () => {
    const before_ms = Date.now();
    const seen = await traced(plan, "accept", { v4: 13 });
    const times_ms = seen.rows.map((r) => Date.parse(r.time));
    assert.deepEqual(times_ms, times_ms.toSorted((a, b) => a - b));
    assert.ok((times_ms[0] ?? 0) >= before_ms - 1 && (times_ms.at(-1) ?? Infinity) <= Date.now() + 1);
  });

  test("shows nonblocking accepts by several threads and processes", async () => {
    const threads = await traced(plan, "accept", { v4: 31, v6: 29, nonblock: 1, threads: 3, parallel: 1 });
    shows(threads);
    const children = await traced(plan, "accept", { v4: 31, mapped: 29, children: 3, parallel: 1 });
    assert.equal(children.done.connections.length, 60);
    shows(children);
  });

  test("shows full IPv6 addresses", async () => {
    const seen = await traced(plan, "accept", { v6: 7, addr6: "fd00:1234:5678:9abc:def0:1234:5678:9abc" });
    shows(seen);
    assert.ok(seen.rows.every((r) => r.laddr === "fd00:1234:5678:9abc:def0:1234:5678:9abc"));
  });

  for (const options of [{ threads: 5 }, { threads: 5, call: "accept4" }, { children: 3 }]) {
    test(`shows the accepts of callers that waited before it began (${JSON.stringify(options)})`, async () => {
      const seen = await traced(plan, "preblocked", options);
      assert.ok(seen.done.connections.length >= 2 * 3);
      shows(seen);
    });
  }

  test("-p leaves other processes out", async () => {
    const seen = await traced(plan, "accept", { v4: 41, children: 2 }, (ready) => ["-p", String(ready.pids[0])]);
    const wanted = seen.done.connections.filter((c) => c.pid === seen.ready.pids[0]);
    assert.ok(wanted.length > 0 && wanted.length < 41);
    shows(seen, wanted);
  });

  test("-P leaves other ports out, in lists and ranges", async () => {
    const ports = { ports: "80,81,82,8000,8001,8002", n: 11 };
    const wanted: [string, number[]][] = [["80,81", [80, 81]], ["8000-8001,82", [82, 8000, 8001]], ["1-79", []]];
    for (const [list, kept] of wanted) {
      const seen = await traced(plan, "ports", ports, () => [`-P${list}`]);
      const expected = seen.done.connections.filter((c) => kept.includes(c.lport));
      assert.equal(expected.length, 11 * kept.length);
      shows(seen, expected);
    }
  });

  test("-4 and -6 leave the other family of sockets out", async () => {
    const four = await traced(plan, "accept", { v4: 17, v6: 13, mapped: 11 }, () => ["-4"]);
    const ipv4 = four.done.connections.filter((c) => c.family === 4);
    assert.equal(ipv4.length, 17);
    shows(four, ipv4);
    const six = await traced(plan, "accept", { v4: 17, v6: 13, mapped: 11 }, () => ["-6"]);
    const ipv6 = six.done.connections.filter((c) => c.family === 6);
    assert.equal(ipv6.length, 13 + 11);
    shows(six, ipv6);
  });

  test("--mntnsmap keeps the mount namespaces in the map and leaves others out", async () => {
    for (const inside of [true, false]) {
      using map = pinMap({ valueSize: 4 });
      const seen = await traced(plan, "accept", { v4: 7, mntns: 1 }, (ready) => {
        map.add(BigInt(ready.mntns) + (inside ? 0n : 1n));
        return ["--mntnsmap", map.path];
      });
      shows(seen, inside ? seen.done.connections : []);
    }
  });

  test("--cgroupmap keeps the cgroups in the map and leaves others out", async () => {
    using group = await newCgroup();
    for (const inside of [true, false]) {
      using map = pinMap({ valueSize: 8 });
      const seen = await traced(plan, "accept", { v4: 7, cgroup: group.path }, (ready) => {
        map.add(BigInt(ready.cgroup_id ?? 0) + (inside ? 0n : 1n));
        return ["--cgroupmap", map.path];
      });
      shows(seen, inside ? seen.done.connections : []);
      for (const row of seen.rows) assert.equal(row.cgroup_id, seen.ready.cgroup_id);
    }
  });

  test("shows no failed accepts", async () => {
    const seen = await traced(plan, "failed", { n: 13 });
    assert.ok((seen.done.failures ?? 0) >= 13);
    shows(seen);
    lossless(seen);
  });

  for (
    const [title, options, missing] of [
      ["single accepts", { mode: "single" }, false],
      ["single accepts by its polling thread", { mode: "single", sqpoll: 1 }, false],
      ["multishot accepts", { mode: "multishot" }, lacksMultishot],
    ] as const
  ) {
    test(`shows io_uring's ${title}`, async () => {
      const seen = await traced(plan, "uring", { n: 23, ...options });
      shows(seen);
      assert.equal(seen.done.connections.length, 23);
      lossless(seen);
    }, missing);
  }

  for (const mode of ["direct", "multishot_direct"]) {
    test(`shows io_uring's accepts into fixed files, or counts them as lost (${mode})`, async () => {
      const seen = await traced(plan, "uring", { n: 23, mode });
      assert.equal(seen.done.connections.length, 23);
      if (looksUpDescriptors) assert.equal(seen.rows.length, 0);
      accounted(seen, "direct", 23);
    }, mode === "multishot_direct" && lacksMultishot);
  }

  test("shows the accepts of a multishot request that is older than the tracing, or counts them as lost", async () => {
    const seen = await traced(plan, "uring", { n: 23, mode: "multishot", armed: "before" });
    assert.equal(seen.done.connections.length, 23);
    if (looksUpDescriptors) assert.equal(seen.rows.length, 0);
    accounted(seen, "armed_before", 23);
  }, lacksMultishot);

  test("shows MPTCP connections once", async () => {
    const seen = await traced(plan, "mptcp", { n: 19 });
    shows(seen);
    assert.equal(seen.done.connections.length, 19);
    assert.equal(seen.done.special, 19);
  }, lacksMptcp);

  test("shows connections that begin with data in the SYN", async () => {
    const seen = await traced(plan, "tfo", { n: 19 });
    shows(seen);
    assert.equal(seen.done.special, 19);
  });

  test("shows accepts whose descriptor another thread closes at once, or counts them as lost", async () => {
    const seen = await traced(plan, "fdrace", { n: 499, by: "close" });
    accounted(seen, "fd_gone", 499);
    if (!looksUpDescriptors) lossless(seen);
  });

  test("accounts for every event of a flood through a ring of one page", async () => {
    const seen = await traced(plan, "flood", { n: 1009 }, ({ netns }) => ["--buffer", "4K", "--netns", String(netns)]);
    assert.equal(seen.done.accepted, 1009);
    accounted(seen, "ring_full", 1009);
    // Many of these connections were reset before they were accepted, and still have their port.
    assert.deepEqual([...new Set(seen.rows.map((r) => r.lport))], seen.ready.ports);
    if (seen.summary.lost > 0) {
      assert.match(seen.stderr, new RegExp(`lost ${seen.summary.lost} events?: .*ring was full.*--buffer`));
    } else assert.equal(seen.stderr, "");
  });

  test("names a hostile thread so that JSON is whole and nothing steers a terminal", async () => {
    const hostile = "\\x1b[2J\\x0a\"',\\\\\\xff";
    const seen = await traced(plan, "accept", { v4: 3, comm: hostile });
    shows(seen);
    for (const format of [[], ["--csv"]]) {
      await using made = await traffic("accept", { v4: 3, comm: hostile });
      await using tracer = await start(["tcpaccept", "--plan", plan, "-p", String(made.ready.pid), ...format]);
      const done = await made.go();
      const { stdout } = await tracer.stop();
      if (format.length === 0) {
        // deno-lint-ignore no-control-regex
        assert.doesNotMatch(stdout, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
        assert.equal(stdout.split("\n").length, 1 + 3 + 1);
      } else {
        const comm = decoded(done.connections[0] as Done["connections"][number]).comm.replaceAll('"', '""');
        assert.equal(stdout.split(`,"${comm}",`).length, 3 + 1);
      }
    }
  });
}

/** A cgroup of version 2, wherever that is mounted. */
async function newCgroup(): Promise<Disposable & { path: string }> {
  const mounts = await Deno.readTextFile("/proc/self/mounts");
  const root = /^\S+ (\S+) cgroup2 /m.exec(mounts)?.[1];
  assert.ok(root, "cgroup2 is mounted");
  const path = `${root}/nettrace-test-${Deno.pid}`;
  Deno.mkdirSync(path);
  return { path, [Symbol.dispose]: () => Deno.removeSync(path) };
}

Deno.test("tcpaccept prints the table that bcc prints", async () => {
  await using made = await traffic("accept", { v4: 1, port: 8080, comm: "a-long-comm-name" });
  await using tracer = await start(["tcpaccept", "-T", "-t", "-p", String(made.ready.pid)]);
  const { connections: [c] } = await made.go();
  const { stdout } = await tracer.stop();
  assert.equal(
    stdout.replace(/^\d\d:\d\d:\d\d/m, "12:34:56"),
    "TIME     TIME(s)  PID     COMM         IP RADDR            RPORT LADDR            LPORT\n" +
      `12:34:56 0.000    ${String(c?.pid).padEnd(7)} a-long-comm- 4  127.0.0.1        ` +
      `${String(c?.rport).padEnd(5)} 127.0.0.1        ${String(c?.lport).padEnd(5)}\n`,
  );
});

Deno.test("tcpaccept ends cleanly by SIGINT, SIGTERM and SIGHUP", async () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    await using tracer = await start(["tcpaccept", "--json"]);
    const { code, stdout, stderr } = await tracer.stop(signal);
    assert.deepEqual([code, stderr], [0, ""], signal);
    readJson(stdout);
  }
});

Deno.test("tcpaccept ends quietly when its reader has gone", async () => {
  await using made = await traffic("accept", { v4: 5 });
  const shell = new Deno.Command("sh", {
    args: ["-c", `"$0" tcpaccept -p ${made.ready.pid}; echo "code $?" >&2`, binary],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = shell.stdout.getReader();
  await reader.read(); // the heading: tracing has begun
  await reader.cancel();
  await made.go();
  assert.equal(await new Response(shell.stderr).text(), "code 0\n");
  await shell.status;
});

Deno.test("tcpaccept counts what a reader that stopped reading never got, and still ends", async () => {
  await using made = await traffic("flood", { n: 3001 });
  const child = new Deno.Command(binary, {
    args: ["tcpaccept", "--json", "--buffer", "64K"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await untilTracing(child.pid);
  await made.go();
  child.kill("SIGINT");
  const stderr = await new Response(child.stderr).text();
  assert.equal((await child.status).code, 0);
  const stdout = await new Response(child.stdout).text();
  const whole = stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line)).filter((r) =>
    r.netns === made.ready.netns
  );
  const lost = [...stderr.matchAll(/(\d+) because/g)].reduce((sum, [, n]) => sum + Number(n), 0);
  assert.equal(whole.length + lost, 3001, stderr);
});

/** Waits until a process has a BPF link among its descriptors and its main thread waits. */
async function untilTracing(pid: number): Promise<void> {
  for (;;) {
    await new Promise((done) => setTimeout(done, 5));
    const [, , count] = Deno.readTextFileSync(`/proc/${pid}/syscall`).split(" ");
    if (count === "0x1") return;
  }
}

Deno.test("tcpaccept says what is wrong with a pinned map, and exits 1", async () => {
  const absent = await run(["tcpaccept", "--cgroupmap", "/sys/fs/bpf/nettrace-none"]);
  assert.equal(absent.code, 1);
  assert.match(
    absent.stderr,
    /^nettrace: No BPF map is pinned at \/sys\/fs\/bpf\/nettrace-none .*bpftool map create.*\n$/,
  );
  using map = pinMap({ keySize: 4, valueSize: 8 });
  const narrow = await run(["tcpaccept", "--cgroupmap", map.path]);
  assert.equal(narrow.code, 1);
  assert.match(narrow.stderr, /^nettrace: What is pinned at .* keys of 8 bytes.*\n$/);
});
