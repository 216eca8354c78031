import assert from "node:assert/strict";
import { readEnum } from "../../src/kernel/btf_enum.ts";
import { firewall, nft, OPEN_PORT } from "./firewall.ts";
import { plans, run, start, type Summary, whole } from "./nettrace.ts";
import { type Ready, traffic } from "./traffic.ts";

/** A record of tcpdrop's JSON. */
interface Drop {
  pid: number | null;
  comm: string | null;
  ip: 4 | 6;
  saddr: string;
  sport: number;
  daddr: string;
  dport: number;
  state: string | null;
  flags: string;
  reason: string | null;
  reason_code: number | null;
  stack: string[];
  netns: number;
}

interface Seen {
  ready: Ready;
  /** Those of the scenario's network namespace. */
  drops: Drop[];
  summary: Summary;
  stderr: string;
}

const CLOSED_PORT = 9;

const codes = readEnum(Deno.readFileSync("/sys/kernel/btf/vmlinux"), "skb_drop_reason");
const codeOf = new Map(Array.from(codes ?? [], ([n, name]) => [name.replace("SKB_DROP_REASON_", ""), n]));
const lacksReasons = codes === undefined; // before 5.17
const [major = 0, minor = 0] = Deno.osRelease().split(".").map(Number);
const tellsReceiver = major > 6 || (major === 6 && minor >= 11);

/** Traces the scenario with the arguments that its ready line asks for; fails if anything was lost. */
async function traced(...args: Parameters<typeof tracedOnce>): Promise<Seen> {
  const seen = await whole(() => tracedOnce(...args));
  assert.equal(seen.summary.lost, 0, seen.stderr);
  return seen;
}

async function tracedOnce(
  options: Record<string, string | number>,
  args: (ready: Ready) => string[] = () => [],
  rules?: string,
): Promise<Seen> {
  await using made = await traffic("drop", options);
  if (rules !== undefined) await nft(made.ready, rules);
  await using tracer = await start(["tcpdrop", "--json", ...args(made.ready)]);
  await made.go();
  const { code, stdout, stderr } = await tracer.stop();
  assert.equal(code, 0, stderr);
  const lines = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  const { summary } = lines.pop();
  const drops = (lines as Drop[]).filter((drop) => drop.netns === made.ready.netns);
  return { ready: made.ready, drops, summary, stderr };
}

/** What there was, once each, with how often. */
function tally(drops: readonly Drop[], fact: (drop: Drop) => unknown): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const drop of drops) counts[String(fact(drop))] = (counts[String(fact(drop))] ?? 0) + 1;
  return counts;
}

const where = (drop: Drop) => (drop.stack[0] ?? "").replace(/\+.*/, "");
const isMarker = (drop: Drop) => drop.dport === CLOSED_PORT;
const test = (title: string, fn: () => Promise<void>, ignore = lacksReasons) =>
  Deno.test({ name: `tcpdrop ${title}`, fn, ignore });

test("shows 97 IPv4, 89 IPv6 and 83 v4-mapped SYNs to a closed port, each once and right", async () => {
  const { drops, summary, stderr } = await traced({ mode: "refused", v4: 97, v6: 89, mapped: 83 });
  const syns = drops.filter((drop) => drop.flags === "SYN");
  assert.deepEqual(tally(syns, (d) => `${d.ip} ${d.saddr} > ${d.daddr}:${d.dport}`), {
    "4 127.0.0.1 > 127.0.0.1:9": 97 + 1 + 83 + 1,
    "6 ::1 > ::1:9": 89 + 1,
  });
  assert.equal(new Set(syns.map((d) => `${d.ip} ${d.sport}`)).size, syns.length, "each has a port of its own");
  for (const drop of syns) {
    assert.deepEqual([drop.pid, drop.comm, drop.state], [null, null, null], "nobody's socket was found");
    assert.equal(drop.reason, lacksReasons ? null : "NO_SOCKET");
    assert.equal(drop.reason_code, lacksReasons ? null : codeOf.get("NO_SOCKET"));
    assert.equal(where(drop), drop.ip === 4 ? "tcp_v4_rcv" : "tcp_v6_rcv");
    assert.ok(drop.stack.length > 5 && drop.stack.every((frame) => /^[\w.]+\+0x[0-9a-f]+$/.test(frame)));
  }
  if (!lacksReasons) assert.equal(drops.length, syns.length, "answers to these are not dropped");
  else assert.match(stderr, /^nettrace: this kernel gives no reasons/m);
  assert.equal(summary.lost, 0, stderr);
}, false);

test("shows 43 IPv4 and 41 IPv6 SYNs that a listener's filter drops, of the listener's owner", async () => {
  const { drops, ready } = await traced({ mode: "deaf_listener", v4: 43, v6: 41 });
  const facts = (d: Drop) => `${d.ip} ${d.dport} ${d.pid} ${d.comm} ${d.state} ${d.flags} ${d.reason}`;
  const owner = tellsReceiver ? `${ready.client} client LISTEN` : "null null null";
  assert.deepEqual(tally(drops.filter((drop) => !isMarker(drop)), facts), {
    [`4 ${OPEN_PORT} ${owner} SYN SOCKET_FILTER`]: 43,
    [`6 ${OPEN_PORT} ${owner} SYN SOCKET_FILTER`]: 41,
  });
  assert.equal(drops.filter(isMarker).length, 2);
});

test("shows data that 37 IPv4 and 31 IPv6 connections' filters drop, of their owner", async () => {
  const { drops, ready } = await traced({ mode: "deaf_connection", v4: 37, v6: 31 });
  const data = drops.filter((drop) => drop.flags === "PSH|ACK");
  const owner = tellsReceiver ? `${ready.client} client ESTABLISHED` : "null null null";
  assert.deepEqual(tally(data, (d) => `${d.ip} ${d.pid} ${d.comm} ${d.state} ${d.reason}`), {
    [`4 ${owner} SOCKET_FILTER`]: 37,
    [`6 ${owner} SOCKET_FILTER`]: 31,
  });
});

for (const hook of ["input", "output"] as const) {
  test(`shows 29 IPv4, 23 IPv6 and 19 v4-mapped SYNs that a firewall drops (${hook})`, async () => {
    const counts = { v4: 29, v6: 23, mapped: 19 };
    const { drops, ready } = await traced({ mode: "abandoned", ...counts }, undefined, firewall(hook));
    const owner = hook === "output" ? `${ready.client} client SYN_SENT` : "null null null";
    const dropped = drops.filter((drop) => drop.dport === OPEN_PORT);
    assert.deepEqual(tally(dropped, (d) => `${d.ip} ${d.pid} ${d.comm} ${d.state} ${d.flags} ${d.reason}`), {
      [`4 ${owner} SYN NETFILTER_DROP`]: 29 + 19,
      [`6 ${owner} SYN NETFILTER_DROP`]: 23,
    });
  });
}

test("shows no packet of connections that lose nothing, and with --all those that are freed", async () => {
  const quiet = await traced({ mode: "closed", v4: 17, v6: 13 });
  assert.deepEqual(quiet.drops.filter((drop) => !isMarker(drop)), []);
  assert.equal(quiet.drops.length, 2);
  const all = await traced({ mode: "closed", v4: 17, v6: 13 }, () => ["--all"]);
  const freed = all.drops.filter((drop) => !isMarker(drop));
  for (const { reason } of freed) assert.match(String(reason), /^(NOT_SPECIFIED|QUEUE_PURGE|SKB_CONSUMED)$/);
  // What the kernel frees of a connection is its own affair: 6.18 frees one for each, 7.2 none for some.
  const purged = tally(freed.filter((drop) => drop.reason === "QUEUE_PURGE"), (drop) => drop.ip);
  if (major === 6 && minor === 18) assert.deepEqual(purged, { 4: 17, 6: 13 });
  if (major > 6) assert.ok(purged[4] && purged[4] <= 17 && purged[6] && purged[6] <= 13, JSON.stringify(purged));
});

test("-4 and -6 leave the other packets out, those of IPv6 sockets by what they send", async () => {
  const counts = { mode: "refused", v4: 11, v6: 7, mapped: 5 };
  const four = await traced(counts, () => ["-4"]);
  assert.deepEqual(tally(four.drops, (d) => d.ip), { 4: 11 + 1 + 5 + 1 });
  const six = await traced(counts, () => ["-6"]);
  assert.deepEqual(tally(six.drops, (d) => d.ip), { 6: 7 + 1 });
});

test("--netns-id, --pid-netns and --netns leave other network namespaces out", async () => {
  const asked: [string, (ready: Ready) => string, number][] = [
    ["--netns-id", (ready) => String(ready.netns), 11 + 1],
    ["--pid-netns", (ready) => String(ready.client), 11 + 1],
    ["--netns", (ready) => `pid:${ready.client}`, 11 + 1],
    ["--pid-netns", () => String(Deno.pid), 0],
  ];
  for (const [option, value, expected] of asked) {
    const { drops, summary } = await traced({ mode: "refused", v4: 11 }, (ready) => [option, value(ready)]);
    assert.equal(drops.length, expected, option);
    if (expected > 0) assert.equal(summary.printed, expected, option);
  }
});

test("--lport, --rport and -p leave other packets out", async () => {
  const asked: [(ready: Ready) => string[], number][] = [
    [() => ["--lport", String(OPEN_PORT)], 11],
    [() => ["--lport", String(CLOSED_PORT)], 1],
    [() => ["--rport", `${CLOSED_PORT},${OPEN_PORT}`], 0],
    [() => ["--laddr", "127.0.0.0/8"], 11 + 1],
    [() => ["--laddr", "10.0.0.0/8"], 0],
    [(ready) => ["-p", String(ready.client)], tellsReceiver ? 11 : 0],
    [() => ["-p", String(Deno.pid)], 0],
  ];
  for (const [args, expected] of asked) {
    const { drops } = await traced({ mode: "deaf_listener", v4: 11 }, args);
    assert.equal(drops.length, expected, args({ client: 0 } as Ready).join(" "));
  }
});

test("-c counts drops by reason and by the function that drops", async () => {
  for (
    const [options, reason] of [
      [{ mode: "refused", v4: 97, v6: 89 }, "NO_SOCKET"],
      [{ mode: "deaf_listener", v4: 43, v6: 41 }, "SOCKET_FILTER"],
    ] as const
  ) {
    await using made = await traffic("drop", options);
    await using tracer = await start(["tcpdrop", "-c", "--json", "--netns", String(made.ready.netns)]);
    await made.go();
    const lines = (await tracer.stop()).stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    const { summary } = lines.pop();
    const counted = Object.fromEntries(
      lines.map((c) => [`${c.reason} ${c.function.replace(/\+0x[0-9a-f]+$/, "")}`, c.drops]),
    );
    const markers = reason === "NO_SOCKET" ? {} : { "NO_SOCKET tcp_v4_rcv": 1, "NO_SOCKET tcp_v6_rcv": 1 };
    const more = reason === "NO_SOCKET" ? 1 : 0;
    assert.deepEqual(counted, {
      ...markers,
      [`${reason} tcp_v4_rcv`]: options.v4 + more,
      [`${reason} tcp_v6_rcv`]: options.v6 + more,
    });
    assert.equal(summary.lost, 0);
    for (const { reason, reason_code } of lines) assert.equal(reason_code, codeOf.get(reason));
  }
});

test("prints bcc's table, with stacks below the rows, and --explain says what the reason means", async () => {
  for (const explain of [false, true]) {
    await using made = await traffic("drop", { mode: "refused", v4: 1 });
    const options = explain ? ["--explain"] : [];
    await using tracer = await start(["tcpdrop", "--netns-id", String(made.ready.netns), ...options]);
    await made.go();
    const { stdout } = await tracer.stop();
    const [heading, ...blocks] = stdout.split(/^(?=\d\d:)/m);
    assert.equal(
      heading,
      "TIME     PID     IP SADDR:SPORT          > DADDR:DPORT          STATE (FLAGS)        REASON (CODE)\n",
    );
    assert.equal(blocks.length, 2);
    const reason = `NO_SOCKET \\(${codeOf.get("NO_SOCKET")}\\)`;
    const row =
      `\\d\\d:\\d\\d:\\d\\d 0       4  127\\.0\\.0\\.1:\\d+ +> 127\\.0\\.0\\.1:9          - \\(SYN\\)              ${reason}\n`;
    const explanation = explain ? "  Nothing listens on that port.*\n" : "";
    for (const block of blocks) {
      assert.match(
        block,
        new RegExp(`^${row}${explanation}\ttcp_v4_rcv\\+0x[0-9a-f]+\n(\t[\\w.]+\\+0x[0-9a-f]+\n)+\n$`),
      );
    }
  }
});

test("refuses --netns-id with --pid-netns, and a process that does not exist", async () => {
  const both = await run(["tcpdrop", "--netns-id", "4026531840", "--pid-netns", "1"]);
  assert.equal(both.code, 2);
  assert.match(both.stderr, /exclude each other/);
  const none = await run(["tcpdrop", "--pid-netns", "4194304"]);
  assert.equal(none.code, 2);
  assert.match(none.stderr, /\/proc\/4194304\/ns\/net/);
}, false);

for (const plan of await plans("tcpdrop")) {
  test(`(${plan}) tells the owner of a connection that was accepted while it ran`, async () => {
    const { drops, ready } = await traced({ mode: "deaf_connection", v4: 3 }, () => ["--plan", plan]);
    const data = drops.filter((drop) => drop.flags === "PSH|ACK");
    assert.deepEqual(data.map((drop) => drop.pid), Array(3).fill(ready.client));
  }, lacksReasons || !tellsReceiver);
}
