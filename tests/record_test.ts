// Recordings of real traffic by the real executable, under what happens to recorders. As root.
import assert from "node:assert/strict";
import { assertSame, commandLine, facts, type Row, run, start } from "./live/nettrace.ts";
import { type Connection, traffic } from "./live/traffic.ts";

const TOOLS = ["tcpaccept", "+", "tcplife", "+", "tcpconnect"];
const FAMILIES = ["4", "6", "mapped"];

async function inDirectory(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "nettrace-record-" });
  try {
    await test(`${dir}/recording`);
  } finally {
    await Deno.remove(dir, { recursive: true });
    for (const namespace of held.splice(0)) namespace.close();
  }
}

interface Seen {
  rows: (Row & { conn_id: string })[];
  stderr: string;
}

/** The events in files, as they are recorded. */
async function recorded(dir: string, tool: string): Promise<Seen> {
  const { code, stdout, stderr } = await run(["replay", tool, dir, "--json"]);
  assert.equal(code, 0, stderr);
  const lines = stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  return { rows: lines.filter((line) => !("summary" in line)), stderr };
}

/** Network namespaces that are held, as the next one would have the number of one that is gone. */
const held: Deno.FsFile[] = [];

/** Makes sessions that begin and end, and returns both ends of each. */
async function sessions(family: string, n: number): Promise<{ netns: number; connections: Connection[] }> {
  await using made = await traffic("close", { way: "active", n, family });
  held.push(Deno.openSync(`/proc/${made.ready.pid}/ns/net`));
  const { connections } = await made.go();
  return { netns: made.ready.netns, connections };
}

const names = (dir: string) => Array.from(Deno.readDirSync(dir), ({ name }) => name).sort();

Deno.test("record has every event of three tools at once, on IPv4, IPv6 and v4-mapped, and replay shows each", async () => {
  await inDirectory(async (dir) => {
    const made: Awaited<ReturnType<typeof sessions>>[] = [];
    {
      await using recorder = await start(["record", "-o", dir, ...TOOLS]);
      for (const family of FAMILIES) made.push(await sessions(family, 7));
      const { code, stdout, stderr } = await recorder.stop();
      assert.deepEqual([code, stdout, stderr], [0, "", ""]);
    }
    const tool = async (name: string) => (await recorded(dir, name)).rows;
    const [accepts, lives, connects] = [await tool("tcpaccept"), await tool("tcplife"), await tool("tcpconnect")];
    for (const { netns, connections } of made) {
      const of = (rows: readonly Row[]) => rows.filter((row) => row.netns === netns);
      assertSame(of(lives), connections);
      assert.equal(of(lives).length, 2 * 7);
      assert.equal(of(accepts).length, 7);
      assert.equal(of(connects).length, 7);
      const ends = new Set(connections.map(facts));
      assert.ok(of(accepts).every((row) => ends.has(facts(row))));
    }
    for (const name of names(dir)) {
      assert.match(name, /^tcp\w+-[\w.]+-\d{8}T\d{6}Z\.jsonl\.zst$/);
      assert.equal((Deno.statSync(`${dir}/${name}`).mode ?? 0) & 0o777, 0o640);
    }
    assert.equal((Deno.statSync(dir).mode ?? 0) & 0o777, 0o750);
  });
});

Deno.test("record gives the events of a connection the same conn_id in all tools, and another to each connection", async () => {
  await inDirectory(async (dir) => {
    let netns = 0;
    {
      await using recorder = await start(["record", "-o", dir, "--compress", "none", ...TOOLS, "+", "tcptracer"]);
      netns = (await sessions("4", 11)).netns;
      assert.equal((await recorder.stop()).code, 0);
    }
    const events = names(dir).flatMap((name) =>
      Deno.readTextFileSync(`${dir}/${name}`).trim().split("\n").map((line) => JSON.parse(line))
    ).filter((line) => line.netns === netns);
    const ids = Map.groupBy(events, ({ conn_id }) => conn_id);
    assert.equal(ids.size, 11);
    for (const of of ids.values()) {
      const tools = of.map(({ tool }) => tool).sort();
      const twice = ["tcplife", "tcplife"], four = ["tcptracer", "tcptracer", "tcptracer", "tcptracer"];
      assert.deepEqual(tools, ["tcpaccept", "tcpconnect", ...twice, ...four]);
    }
  });
});

Deno.test("what was recorded until about a second before a SIGKILL can be read, and the next run goes on beside it", async () => {
  await inDirectory(async (dir) => {
    const before = { netns: 0, connections: [] as Connection[] };
    let after: Connection[] = [];
    {
      await using recorder = await start(["record", "-o", dir, ...TOOLS]);
      Object.assign(before, await sessions("4", 13));
      const until_ms = performance.now() + 10_000; // a bounded wait for what takes a second
      for (;;) {
        const { rows } = await recorded(dir, "tcplife");
        if (rows.filter((row) => row.netns === before.netns).length === 26) break;
        assert.ok(performance.now() < until_ms, "it is on the disk within about a second");
      }
      after = (await sessions("6", 5)).connections;
      await recorder.stop("SIGKILL");
    }
    assert.ok(names(dir).every((name) => name.endsWith(".jsonl.zst.open")));
    const { rows, stderr } = await recorded(dir, "tcplife");
    assertSame(rows.filter((row) => row.netns === before.netns), before.connections);
    const made = new Set([...before.connections, ...after].map(facts));
    for (const row of rows.filter((row) => row.comm === before.connections[0]?.comm)) assert.ok(made.has(facts(row)));
    assert.match(stderr, /has no end, as recording was cut off/);
    {
      await using recorder = await start(["record", "-o", dir, ...TOOLS]);
      const { netns } = await sessions("4", 3);
      assert.equal((await recorder.stop()).code, 0);
      const { rows } = await recorded(dir, "tcplife");
      assert.equal(rows.filter((row) => row.netns === netns).length, 6);
      assert.equal(rows.filter((row) => row.netns === before.netns).length, 26);
    }
  });
});

Deno.test("record begins new files on SIGHUP, and no event is lost or twice", async () => {
  await inDirectory(async (dir) => {
    const made: Connection[] = [];
    const spaces = new Set<number>();
    {
      await using recorder = await start(["record", "-o", dir, "tcplife"]);
      for (let files = 1; files <= 3; files++) {
        const { netns, connections } = await sessions("4", 7);
        made.push(...connections);
        spaces.add(netns);
        Deno.kill(recorder.pid, "SIGHUP");
        const until_ms = performance.now() + 10_000;
        while (names(dir).length <= files) {
          assert.ok(performance.now() < until_ms, "a new file begins");
          await new Promise((done) => setTimeout(done, 5)); // of a bounded poll
        }
      }
      assert.equal((await recorder.stop()).code, 0);
    }
    assert.equal(names(dir).length, 4);
    const { rows, stderr } = await recorded(dir, "tcplife");
    assertSame(rows.filter((row) => spaces.has(row.netns)), made);
    assert.equal(stderr, "");
  });
});

Deno.test("replay prints what the live tool printed at the same time, byte for byte", async () => {
  await inDirectory(async (dir) => {
    let table = "";
    {
      await using recorder = await start(["record", "-o", dir, "tcpaccept"]);
      await using tracer = await start(["tcpaccept", "--lport", "1-65535"]);
      for (const family of ["v4", "v6", "mapped"]) {
        await using made = await traffic("accept", { [family]: 17 });
        await made.go();
      }
      table = (await tracer.stop()).stdout;
      assert.equal((await recorder.stop()).code, 0);
    }
    const rows = table.split("\n").slice(0, -1); // rows end with blanks, so nothing is to be trimmed
    assert.ok(rows.length > 3 * 17);
    const { stdout } = await run(["replay", "tcpaccept", dir, "--lport", "1-65535"]);
    const shown = stdout.split("\n");
    const from = shown.indexOf(rows[1] ?? "");
    assert.equal(shown[0], rows[0]);
    assert.deepEqual(shown.slice(from, from + rows.length - 1), rows.slice(1));
  });
});

Deno.test("record --for ends by itself, and what samples is recorded beside what streams", async () => {
  await inDirectory(async (dir) => {
    const { code, stderr } = await run(["record", "-o", dir, "--for", "2s", "tcplife", "+", "softirqs", "1"]);
    assert.deepEqual([code, stderr], [0, ""]);
    const { stdout } = await run(["replay", "softirqs", dir]);
    assert.match(stdout, /^Tracing soft irq event time\.\.\. Hit Ctrl-C to end\.\n\nSOFTIRQ +TOTAL_usecs\n/);
    assert.match(stdout, /net_rx|timer|sched|rcu/);
  });
});

Deno.test("two recorders in one directory have files of their own", async () => {
  await inDirectory(async (dir) => {
    await using one = await start(["record", "-o", dir, "tcplife"]);
    await using two = await start(["record", "-o", dir, "tcplife"]);
    const { netns } = await sessions("4", 5);
    assert.deepEqual([(await one.stop()).code, (await two.stop()).code], [0, 0]);
    assert.equal(names(dir).length, 2);
    for (const name of names(dir)) {
      const { rows } = await recorded(`${dir}/${name}`, "tcplife");
      assert.equal(rows.filter((row) => row.netns === netns).length, 10);
    }
  });
});

Deno.test("record ends with a sentence when its directory goes away", async () => {
  await inDirectory(async (dir) => {
    await using recorder = await start(["record", "-o", dir, "tcplife"]);
    await Deno.remove(dir, { recursive: true });
    await sessions("4", 3);
    await recorder.says("stderr", /Cannot write to .*: somebody removed it, or its directory\.\n/);
  });
});

/** Runs a shell script in which `$1` is nettrace and `$2` a file system of so many kilobytes. */
async function onSmallDisk(kilobytes: number, script: string): Promise<{ code: number; out: string; err: string }> {
  const dir = await Deno.makeTempDir({ prefix: "nettrace-record-" });
  try {
    const [command, args] = commandLine([dir], `mount -t tmpfs -o size=${kilobytes}k tmpfs ${dir}`);
    const words = args.map((word) => word === 'exec "$@"' ? script : word.replace('exec "$@"', script));
    const { code, stdout, stderr } = await new Deno.Command(command, { args: words, stdin: "null" }).output();
    return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const TRAFFIC = Deno.env.get("TRAFFIC") ?? new URL("../out/traffic", import.meta.url).pathname;

/** Records a flood until the disk is full, and replays it; \`$1\` is nettrace, \`$2\` the disk. */
const flood = (options: string) => `
  "$1" record -o "$2/rec" --compress none ${options} tcplife 2>"$2.err" & recorder=$!
  until ls "$2/rec" 2>/dev/null | grep -q open; do kill -0 $recorder || exit 9; done
  echo go | ${TRAFFIC} flood n=5000 >/dev/null
  kill -INT $recorder 2>/dev/null; wait $recorder; echo "code $?"
  cat "$2.err" >&2; rm "$2.err"
  "$1" replay tcplife "$2/rec" --json | tail -1; ls "$2/rec"`;

Deno.test("a full disk ends record with a sentence, and what is there can be read", async () => {
  const { out, err } = await onSmallDisk(1000, flood(""));
  assert.match(out, /^code 1\n/);
  assert.match(err, /The disk of .* is full, so recording ended; what was written can be read/);
  assert.match(out, /"summary":\{"printed":[1-9]\d\d+,/);
});

/** A file system of which nothing more goes to the disk once `fail` was called. Its disk is a file in memory. */
async function withFailingDisk(test: (dir: string, fail: () => void) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "nettrace-disk-" });
  const sh = (script: string) => {
    const { success, stdout, stderr } = new Deno.Command("sh", { args: ["-ec", script, "sh", dir] }).outputSync();
    assert.ok(success, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout).trim();
  };
  using undo = new DisposableStack();
  undo.defer(() => Deno.removeSync(dir, { recursive: true }));
  sh('mkdir "$1/memory" "$1/disk"; mount -t tmpfs -o size=6m tmpfs "$1/memory"; truncate -s 64M "$1/memory/image"');
  undo.defer(() => sh('umount "$1/memory"'));
  sh('mkfs.ext4 -q -O ^has_journal -m 0 "$1/memory/image"; mount -o loop "$1/memory/image" "$1/disk"');
  undo.defer(() => sh('umount "$1/disk"'));
  await test(`${dir}/disk`, () => sh('dd if=/dev/zero of="$1/memory/rest" bs=1k 2>/dev/null || true'));
}

Deno.test("a disk that does not take what was written ends record with a sentence that says so, and nothing seems complete", async () => {
  await withFailingDisk(async (dir, fail) => {
    await using recorder = await start(["record", "-o", `${dir}/rec`, "--compress", "none", "tcplife"]);
    fail();
    await sessions("4", 1009); // more than what fits into blocks that the disk has already
    await recorder.says("stderr", /The disk did not take what was written to .*\.open \(.*\), so recording ended: /);
    assert.ok(names(`${dir}/rec`).every((name) => name.endsWith(".open")));
  });
  await withFailingDisk(async (dir, fail) => {
    await using recorder = await start(["record", "-o", `${dir}/rec`, "--compress", "none", "tcplife"]);
    Deno.kill(recorder.pid, "SIGSTOP"); // so that what it writes last is what the disk does not take
    fail();
    await sessions("4", 1009);
    Deno.kill(recorder.pid, "SIGINT");
    const { code, stderr } = await recorder.stop("SIGCONT");
    assert.equal(code, 1, stderr);
    assert.match(stderr, /The disk did not take what was written to /);
    assert.ok(names(`${dir}/rec`).every((name) => name.endsWith(".open")));
  });
  for (const namespace of held.splice(0)) namespace.close();
});

Deno.test("with --on-full drop-oldest a full disk ends nothing, and the newest is there", async () => {
  const { out, err } = await onSmallDisk(1200, flood("--on-full drop-oldest --rotate 300K"));
  assert.match(out, /^code 0\n/, err);
  assert.match(out, /"summary":\{"printed":[1-9]\d\d+,/);
});

Deno.test("replay --follow shows what is recorded meanwhile, across files", async () => {
  await inDirectory(async (dir) => {
    await using recorder = await start(["record", "-o", dir, "tcplife"]);
    const [command, args] = commandLine(["replay", "tcplife", dir, "--follow", "--json"]);
    const child = new Deno.Command(command, { args, stdin: "null", stdout: "piped", stderr: "null" }).spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const shows = async (netns: number, n: number) => {
      while (text.split(`"netns":${netns},`).length - 1 < n) text += (await lines.read()).value ?? assert.fail(text);
    };
    const first = await sessions("4", 5);
    await shows(first.netns, 10);
    Deno.kill(recorder.pid, "SIGHUP");
    const second = await sessions("6", 7);
    await shows(second.netns, 14);
    child.kill("SIGINT");
    for (let more = await lines.read(); !more.done; more = await lines.read()) text += more.value;
    assert.equal((await child.status).code, 0);
    const rows = text.trim().split("\n").map((line) => JSON.parse(line)) as Row[];
    assertSame(rows.filter((row) => row.netns === first.netns), first.connections);
    assertSame(rows.filter((row) => row.netns === second.netns), second.connections);
    assert.equal((await recorder.stop()).code, 0);
  });
});
