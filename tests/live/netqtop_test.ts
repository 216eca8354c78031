import assert from "node:assert/strict";
import { plans, readJson, run, type Running, start } from "./nettrace.ts";
import { chooseQueue, join, type Network, newNetwork, sendFrames } from "./network.ts";

interface Queue {
  start: string;
  end: string;
  partial: boolean;
  direction: "tx" | "rx";
  queue: number;
  packets: number;
  bytes: number;
  packets_0_63: number;
  packets_64_511: number;
  packets_512_2047: number;
  packets_2048_16383: number;
  packets_16384_65535: number;
  packets_65536: number;
  avg_size_bytes: number;
  bytes_per_s: number;
  packets_per_s: number;
}

const QUEUES = 4, HEADER = 14;
const LONG = ["-i", "3600"]; // an interval that the test ends
const SIZES = ["0_63", "64_511", "512_2047", "2048_16383", "16384_65535", "65536"] as const;

// Both sides of each bound, and how many frames of that size, header included: a prime number each.
const FRAMES: [size: number, count: number][] = [
  [14, 2],
  [63, 3],
  [64, 5],
  [511, 7],
  [512, 11],
  [2047, 13],
  [2048, 17],
  [16383, 19],
  [16384, 23],
  [65535, 29],
  [65536, 31],
];

const classOf = (size: number) =>
  size < 64 ? 0 : size < 512 ? 1 : size < 2048 ? 2 : size < 16384 ? 3 : size < 65536 ? 4 : 5;

/** What these frames are counted as, when their header is not. */
function expected(frames: typeof FRAMES, less: number) {
  const classes = SIZES.map(() => 0);
  let packets = 0, bytes = 0;
  for (const [size, count] of frames) {
    packets += count;
    bytes += count * (size - less);
    classes[classOf(size - less)]! += count;
  }
  return { packets, bytes, classes };
}

const sum = (rows: readonly Queue[]) => ({
  packets: rows.reduce((sum, r) => sum + r.packets, 0),
  bytes: rows.reduce((sum, r) => sum + r.bytes, 0),
  classes: SIZES.map((size) => rows.reduce((sum, r) => sum + r[`packets_${size}`], 0)),
});

/** Ends it and gives its records; fails if anything was lost. */
async function records(tracer: Running): Promise<Queue[]> {
  const { stdout, stderr, code } = await tracer.stop();
  const { rows, summary } = readJson(stdout);
  assert.deepEqual([summary.lost, code], [0, 0], stderr);
  return rows as unknown as Queue[];
}

const of = (rows: readonly Queue[], direction: "tx" | "rx") => rows.filter((row) => row.direction === direction);

/** Two networks, joined by nq0 here and nq1 there. */
function pair(): Disposable & { here: Network; there: Network } {
  using cleanup = new DisposableStack();
  const here = cleanup.use(newNetwork()), there = cleanup.use(newNetwork());
  join(here, "nq0", there, "nq1", QUEUES);
  const owner = cleanup.move();
  return { here, there, [Symbol.dispose]: () => owner.dispose() };
}

for (const plan of await plans("netqtop")) {
  const test = (title: string, fn: () => Promise<void>) => Deno.test(`netqtop (${plan}) ${title}`, fn);
  const trace = (network: Network, name: string, ...args: string[]) =>
    start(["netqtop", "--plan", plan, "--json", "-n", name, "--netns", network.path, ...args]);

  test("counts each packet that is sent under its queue and size, to the byte", async () => {
    using networks = pair();
    const { here } = networks;
    await using tracer = await trace(here, "nq0", ...LONG);
    for (let queue = 0; queue < QUEUES; queue++) {
      chooseQueue(here, "nq0", queue);
      for (const [size, count] of FRAMES) sendFrames(here, "nq0", size, count * (queue + 1));
    }
    const rows = await records(tracer);
    assert.deepEqual(rows.map((row) => [row.direction, row.queue]), [["tx", 0], ["tx", 1], ["tx", 2], ["tx", 3]]);
    for (const row of rows) {
      const wanted = expected(FRAMES.map(([size, count]) => [size, count * (row.queue + 1)]), 0);
      assert.deepEqual(sum([row]), wanted);
      assert.equal(row.avg_size_bytes, Number((wanted.bytes / wanted.packets).toFixed(2)));
    }
  });

  test("counts each packet that is received, without its Ethernet header, by the queue that the driver recorded", async () => {
    using networks = pair();
    const { here, there } = networks;
    await using tracer = await trace(there, "nq1", ...LONG);
    const sent: typeof FRAMES = [];
    for (let queue = 0; queue < QUEUES; queue++) {
      chooseQueue(here, "nq0", queue);
      for (const [size, count] of FRAMES) {
        if (size === HEADER) continue;
        sendFrames(here, "nq0", size, count * (queue + 1));
        sent.push([size, count * (queue + 1)]);
      }
    }
    const rows = await records(tracer);
    assert.equal(of(rows, "tx").length, 0);
    assert.deepEqual(sum(rows), expected(sent, HEADER));
    // veth hands the sender's queue on; where it records none, the kernel takes that for the number after the queue's.
    const perQueue = expected(FRAMES.slice(1), HEADER).packets;
    const recorded = [[0, 1], [1, 2], [2, 3], [3, 4]], unrecorded = [[0, 1 + 2], [1, 3], [2, 4]];
    const seen = rows.map((row) => [row.queue, row.packets / perQueue]);
    assert.deepEqual(seen, rows.length === QUEUES ? recorded : unrecorded);
  });

  test("counts lo in both directions, the header only when sending", async () => {
    using network = newNetwork();
    network.sh("ip link set lo up");
    await using tracer = await trace(network, "lo", ...LONG);
    for (const [size, count] of FRAMES.slice(1)) sendFrames(network, "lo", size, count);
    const rows = await records(tracer);
    assert.deepEqual(sum(of(rows, "tx")), expected(FRAMES.slice(1), 0));
    assert.deepEqual(sum(of(rows, "rx")), expected(FRAMES.slice(1), HEADER));
  });

  test("leaves out interfaces of the same index and name in other network namespaces, and others of this one", async () => {
    using networks = pair();
    using others = pair();
    const { here } = networks;
    here.sh("ip link add other type veth peer name peer; ip link set other up; ip link set peer up");
    const index = (network: Network) => network.sh("cat /sys/class/net/nq0/ifindex");
    assert.equal(index(here), index(others.here));
    await using tracer = await trace(here, "nq0", ...LONG);
    sendFrames(here, "nq0", 100, 7);
    sendFrames(others.here, "nq0", 100, 11);
    sendFrames(here, "other", 100, 13);
    assert.deepEqual(sum(await records(tracer)), expected([[100, 7]], 0));
  });

  test("--netns takes an inode number and pid:N, too", async () => {
    using networks = pair();
    const { here } = networks;
    const [program = "", ...args] = here.within;
    const inside = new Deno.Command(program, { args: [...args, "cat"], stdin: "piped", stdout: "null" }).spawn();
    try {
      while (Deno.statSync(`/proc/${inside.pid}/ns/net`).ino !== here.inode) {
        await new Promise((done) => setTimeout(done, 5)); // of a bounded poll
      }
      for (const netns of [String(here.inode), `pid:${inside.pid}`]) {
        await using tracer = await start(["netqtop", "--json", "-n", "nq0", ...LONG, "--netns", netns]);
        sendFrames(here, "nq0", 100, 7);
        assert.deepEqual(sum(await records(tracer)), expected([[100, 7]], 0), netns);
      }
    } finally {
      await inside.stdin.close();
      await inside.status;
    }
  });

  test("has intervals one after the other, and each packet in one of them", async () => {
    using networks = pair();
    const { here } = networks;
    await using tracer = await trace(here, "nq0", "-i", "0.1");
    let count = 0;
    for (let n = 0; n < 23; n++) {
      sendFrames(here, "nq0", 100, 101);
      count += 101;
      await tracer.says("stdout", new RegExp(`(?:.*"direction".*\\n){${n + 1}}`));
    }
    const rows = await records(tracer);
    assert.equal(sum(rows).packets, count);
    assert.ok(rows.length >= 23);
    let last_ms = 0;
    for (const row of rows) {
      assert.ok(Date.parse(row.start) >= last_ms - 1, "the clock may have been adjusted by some microseconds");
      last_ms = Date.parse(row.end);
      const spent_s = (last_ms - Date.parse(row.start)) / 1000;
      assert.ok(spent_s > 0);
      assert.ok(Math.abs(row.packets_per_s * spent_s / row.packets - 1) < 0.1, "rates are by the measured interval");
      assert.ok(Math.abs(row.bytes_per_s / row.packets_per_s - 100) < 0.01);
    }
  });

  test("follows an interface that is renamed, and one that comes again under the name, and says so", async () => {
    using networks = pair();
    const { here, there } = networks;
    await using tracer = await trace(here, "nq0", ...LONG);
    sendFrames(here, "nq0", 100, 7);
    here.sh("ip link set nq0 down; ip link set nq0 name wan0; ip link set wan0 up");
    sendFrames(here, "wan0", 100, 11);
    await tracer.says("stderr", /nq0 is called wan0 now/);
    here.sh("ip link add nq0 type veth peer name peer; ip link set nq0 up; ip link set peer up");
    sendFrames(here, "nq0", 100, 13); // who has its name now is another
    here.sh("ip link del wan0");
    await tracer.says("stderr", /wan0 has vanished/);
    join(here, "wan0", there, "nq1", 2);
    await tracer.says("stderr", /wan0 is new, with index \d+/);
    sendFrames(here, "wan0", 100, 17);
    assert.deepEqual(sum(await records(tracer)), expected([[100, 7 + 11 + 17]], 0));
  });

  test("goes on without an interface that does not come back, and without its namespace", async () => {
    using networks = pair();
    const { here } = networks;
    await using tracer = await trace(here, "nq0", "-i", "0.1");
    sendFrames(here, "nq0", 100, 7);
    await tracer.says("stdout", /direction/);
    here.sh("ip link del nq0");
    await tracer.says("stderr", /nq0 has vanished/);
    assert.equal(sum(await records(tracer)).packets, 7);

    using gone = new DisposableStack();
    const network = newNetwork();
    gone.use(network);
    await using other = await trace(network, "lo", "-i", "0.1");
    gone.dispose();
    await other.says("stderr", /not lead to the network namespace of lo any more/);
    assert.deepEqual(await records(other), []);
  });

  test("does not keep a network namespace alive", async () => {
    using networks = pair();
    const { here, there } = networks;
    using gone = new DisposableStack();
    const third = newNetwork();
    gone.use(third);
    join(third, "nq2", there, "nq3", 2);
    await using tracer = await trace(third, "nq2", ...LONG);
    gone.dispose();
    while (there.sh("ls /sys/class/net").includes("nq3")) { // it ends with its peer, which ends with its namespace
      await new Promise((done) => setTimeout(done, 20)); // of a bounded poll
    }
    assert.equal((await tracer.stop()).code, 0);
    assert.ok(here.inode > 0);
  });
}

const cells = (line: string) => line.trim().split(/ {2,}|(?<=\)) /);

Deno.test("netqtop prints the table that bcc prints, with a line for each queue in use", async () => {
  using networks = pair();
  const { here } = networks;
  for (const within of [true, false]) {
    const where = within ? [] : ["--netns", here.path];
    const args = ["netqtop", "-n", "nq0", "-t", ...LONG, ...where];
    await using tracer = await start(args, undefined, within ? here.within : []);
    chooseQueue(here, "nq0", 2);
    sendFrames(here, "nq0", 1400, 1499);
    const lines = (await tracer.stop()).stdout.split("\n");
    assert.match(lines[0] ?? "", /^partial interval of \d+\.\d{3} s:$/);
    assert.match(lines[1] ?? "", /^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/);
    assert.deepEqual(lines.slice(2, 4), [
      "TX",
      " QueueID    avg_size   [0, 64)    [64, 512)  [512, 2K)  [2K, 16K)  [16K, 64K) BPS        PPS        ",
    ]);
    const tx = lines.slice(4, 9).map(cells);
    assert.deepEqual(tx.map(([queue, average, , , packets]) => [queue, average, packets]), [
      ["0", "0", "0"],
      ["1", "0", "0"],
      ["2", "1.37K", "1.46K"],
      ["3", "0", "0"],
      ["Total", "1.37K", "1.46K"],
    ]);
    assert.deepEqual([lines[9], lines[10]], ["", "RX"]);
    assert.equal(lines.at(-2), "-".repeat(95));
    assert.equal(lines.length, 4 + 5 + 3 + 5 + 2);
  }
});

Deno.test("netqtop counts queues by what is in use, before its first packet by /sys/class/net", async () => {
  using networks = pair();
  await using tracer = await start(["netqtop", "-n", "nq0", ...LONG], undefined, networks.here.within);
  const lines = (await tracer.stop()).stdout.split("\n");
  assert.deepEqual(lines.slice(4, 9).map((line) => cells(line)[0]), ["0", "1", "2", "3", "Total"]);
});

Deno.test("netqtop ends after --count reports, in CSV with a header", async () => {
  using network = newNetwork();
  network.sh("ip link set lo up");
  const { code, stdout } = await run(["netqtop", "-n", "lo", "--netns", network.path, "-i", "0.05", "--count", "3"]);
  assert.deepEqual([code, stdout.match(/^TX$/gm)?.length], [0, 3]);
  assert.ok(!stdout.includes("partial"));
  const csv = await run(["netqtop", "-n", "lo", "--netns", network.path, "-i", "0.05", "--count", "1", "--csv"]);
  assert.match(
    csv.stdout,
    /^time,tool,start,end,partial,direction,queue,packets,bytes,avg_size_bytes,packets_0_63,.*\r\n$/,
  );
});

Deno.test("netqtop refuses what cannot be with a sentence, on standard error", async () => {
  const refused: [string[], RegExp][] = [
    [[], /netqtop needs -n\/--name/],
    [["-n", "nosuch0"], /There is no interface 'nosuch0'/],
    [["-n", "sixteen-letters-"], /name has 1 to 15 bytes/],
    [["-n", "lo", "-i", "0"], /interval must be 0\.01/],
    [["-n", "lo", "-i", "-1"], /interval must be 0\.01/],
    [["-n", "lo", "-i", "1e"], /interval must be 0\.01/],
    [["-n", "lo", "--count", "0"], /number of reports must be/],
    [["-n", "lo", "--netns", "/nowhere"], /no network namespace at \/nowhere/],
    [["-n", "lo", "--netns", "1"], /No process is in the network namespace 1/],
  ];
  for (const [args, sentence] of refused) {
    const { code, stdout, stderr } = await run(["netqtop", ...args]);
    assert.deepEqual([code, stdout, stderr.trim().split("\n").length], [2, "", 1], stderr);
    assert.match(stderr, sentence);
  }
});
