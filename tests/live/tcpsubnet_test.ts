import assert from "node:assert/strict";
import { plans, readJson, run, start, whole } from "./nettrace.ts";
import { traffic } from "./traffic.ts";

interface Subnet {
  partial: boolean;
  subnet: string;
  tx_bytes?: number;
  rx_bytes?: number;
}

const LONG = ["-i", "3600"]; // an interval that the test ends
const SIZES = "7,1009,65537,300007", SUM = 7 + 1009 + 65537 + 300007;

/** What a tracer counts of the scenario's bytes. */
async function traced(plan: string, options: Record<string, string | number>, ...args: string[]) {
  const { rows } = await whole(async () => {
    await using made = await traffic("bytes", { sizes: SIZES, ...options });
    const netns = options["veth"] ? [] : ["--netns", String(made.ready.netns)];
    await using tracer = await start(["tcpsubnet", "--plan", plan, "--json", ...LONG, ...netns, ...args]);
    await made.go();
    return readJson((await tracer.stop()).stdout);
  });
  return (rows as unknown as Subnet[]).map(({ subnet, tx_bytes, rx_bytes }) => [subnet, tx_bytes, rx_bytes] as const);
}

for (const plan of await plans("tcpsubnet")) {
  const test = (title: string, fn: () => Promise<void>) => Deno.test(`tcpsubnet (${plan}) ${title}`, fn);

  test("counts what is sent to bcc's subnets, to the byte, over sockets of IPv4 and v4-mapped ones", async () => {
    for (const options of [{ family: "4" }, { family: "mapped" }, { family: "4", from: "server", how: "sendfile" }]) {
      assert.deepEqual(await traced(plan, options), [["127.0.0.1/32", SUM, undefined]]);
    }
    const mapped = { family: "mapped", client6: 1, veth: 1 };
    assert.deepEqual(await traced(plan, mapped, "192.0.2.2/32"), [["192.0.2.2/32", SUM, undefined]]);
    assert.deepEqual(await traced(plan, { family: "6" }), [], "which are of IPv4");
  });

  test("counts what is sent to subnets of IPv6", async () => {
    const list = "0.0.0.0/0,2001:db8::2/128,::1/128";
    assert.deepEqual(await traced(plan, { family: "6" }, list), [["::1/128", SUM, undefined]]);
    assert.deepEqual(await traced(plan, { family: "6", veth: 1 }, list), [["2001:db8::2/128", SUM, undefined]]);
    assert.deepEqual(await traced(plan, { family: "4" }, "::/0"), []);
  });

  test("--rx counts what is received, and --both both", async () => {
    assert.deepEqual(await traced(plan, {}, "--rx"), [["127.0.0.1/32", undefined, SUM]]);
    assert.deepEqual(await traced(plan, { how: "splice", take: "splice" }, "--both"), [["127.0.0.1/32", SUM, SUM]]);
    const old = { before: 10007, unread: 1009, take: "peek" };
    assert.deepEqual(await traced(plan, old, "--both"), [["127.0.0.1/32", SUM, SUM + 1009]]);
  });

  test("counts for the first of overlapping subnets, and with --longest for the smallest", async () => {
    const list = "127.0.0.0/8,127.0.0.1/32,0.0.0.0/0";
    assert.deepEqual(await traced(plan, {}, list), [["127.0.0.0/8", SUM, undefined]]);
    assert.deepEqual(await traced(plan, {}, "--longest", list), [["127.0.0.1/32", SUM, undefined]]);
  });

  test("takes a thousand subnets", async () => {
    const list = Array.from({ length: 1000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`).join();
    assert.deepEqual(await traced(plan, {}, `${list},127.0.0.0/8`), [["127.0.0.0/8", SUM, undefined]]);
  });

  test("--comm keeps one side of it", async () => {
    assert.deepEqual(await traced(plan, {}, "--both", "--comm", "client"), [["127.0.0.1/32", SUM, 0]]);
    assert.deepEqual(await traced(plan, {}, "--both", "--comm", "server"), [["127.0.0.1/32", 0, SUM]]);
  });
}

/** What it prints for people of the scenario's bytes. */
async function printed(...args: string[]): Promise<string> {
  await using made = await traffic("bytes", { sizes: "1000003" });
  await using tracer = await start(["tcpsubnet", ...LONG, "--netns", String(made.ready.netns), ...args]);
  await made.go();
  const { code, stdout } = await tracer.stop();
  assert.equal(code, 0);
  return stdout;
}

Deno.test("tcpsubnet prints bcc's rows in bcc's units, with an interval that Ctrl-C ends labelled as partial", async () => {
  const head = "Tracing\\.\\.\\. Output every 3600 secs\\. Hit Ctrl-C to end\n(?:.*\\(plan \\w+\\)\n)?" +
    "partial interval of \\d+\\.\\d{3} s:\n\\[\\d\\d/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d\\]\n";
  const units: [string[], string][] = [
    [[], "127.0.0.1/32          1000003"],
    [["-f", "K"], "127.0.0.1/32             976"],
    [["-f", "m"], "127.0.0.1/32               7"],
    [["-f", "b"], "127.0.0.1/32          8000024"],
    [["--both"], "SUBNET                    TX     RX\n127.0.0.1/32          1000003 1000003"],
  ];
  for (const [args, rows] of units) assert.match(await printed(...args), new RegExp(`^${head}${rows}\n$`));
});

Deno.test("tcpsubnet -J prints bcc's JSON and nothing else", async () => {
  const stdout = await printed("-J", "-f", "K");
  assert.match(
    stdout,
    /^\{"date": "\d\d\/\d\d\/\d\d", "time": "\d\d:\d\d:\d\d", "partial": true, "entries": \{"127\.0\.0\.1\/32": 976\.5654296875\}\}\n$/,
  );
  const { stdout: idle } = await run(["tcpsubnet", "-J", "-i", "1", "--count", "1", "198.51.100.0/24"]);
  assert.match(idle, /^\{"date": "[\d/]+", "time": "[\d:]+", "entries": \{\}\}\n$/);
});

Deno.test("tcpsubnet refuses what is no subnet, unit or interval with a sentence, on standard error", async () => {
  const refused: [string[], RegExp][] = [
    [["1.2.3.4"], /A subnet is like 10\.0\.0\.0\/8 or 2001:db8::\/32, not '1\.2\.3\.4'/],
    [["1.2.3.4/40"], /prefix of 1\.2\.3\.4 must be a whole number from 0 to 32, not '40'/],
    [["10.1/16"], /A subnet is like/],
    [["-f", "G"], /--format takes one of b, k, m, B, K, M/],
    [["-i", "0"], /interval in seconds must be/],
    [["--rx", "--both"], /exclude each other/],
    [["-J", "--json"], /exclude each other/],
  ];
  for (const [args, sentence] of refused) {
    const { code, stdout, stderr } = await run(["tcpsubnet", ...args]);
    assert.deepEqual([code, stdout, stderr.trim().split("\n").length], [2, "", 1], stderr);
    assert.match(stderr, sentence);
  }
});
