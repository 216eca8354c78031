import assert from "node:assert/strict";
import { plans, readJson, type Row, start, type Summary, whole } from "./nettrace.ts";
import { type Done, type Ready, traffic } from "./traffic.ts";

interface Retransmit extends Row {
  type: "R" | "L";
  kind: string;
  state: string;
  seq: number;
}

interface Seen {
  ready: Ready;
  done: Done;
  rows: Retransmit[];
  summary: Summary;
}

/** Traces the scenario retransmit; fails if a retransmit was lost. */
const traced = (...args: Parameters<typeof tracedOnce>) => whole(() => tracedOnce(...args));

async function tracedOnce(
  plan: string,
  options: Record<string, string | number>,
  args: (ready: Ready) => string[] = () => [],
): Promise<Seen> {
  await using made = await traffic("retransmit", options);
  await using tracer = await start(["tcpretrans", "--plan", plan, "--json", ...args(made.ready)]);
  const done = await made.go();
  const { stdout, stderr } = await tracer.stop();
  const { rows, summary } = readJson(stdout);
  assert.equal(summary.lost_by["ring_full"], 0, stderr);
  const here = (rows as Retransmit[]).filter((row) => row.netns === made.ready.netns);
  return { ready: made.ready, done, rows: here, summary };
}

const kinds = (rows: readonly Retransmit[]) => [...new Set(rows.map((r) => r.kind))].sort();
/** Both ends: connections to different ports may have the same local one. */
const ends = (r: Retransmit) => `${r.laddr} ${r.lport} ${r.raddr} ${r.rport}`;
const sockets = (rows: readonly Retransmit[]) => new Set(rows.map(ends)).size;
const everything = { v4: 5, v6: 3, mapped: 2 };

for (const plan of await plans("tcpretrans")) {
  const test = (title: string, fn: () => Promise<void>) => Deno.test(`tcpretrans (${plan}) ${title}`, fn);

  test("shows each tail loss probe and each retransmit after a timeout, as many as TCP itself counts", async () => {
    const { rows, done, ready } = await traced(plan, { mode: "data", ...everything, at_least: 2 });
    assert.ok(rows.length >= 2 * (5 + 3 + 2));
    assert.deepEqual([rows.length, rows.length], [done.retransmits, done.all_retransmits]);
    assert.equal(sockets(rows), 5 + 3 + 2);
    assert.equal(rows.filter((r) => r.kind === "probe").length, 5 + 3 + 2);
    assert.deepEqual(kinds(rows), ["probe", "rto"]);
    for (const row of rows) {
      assert.deepEqual([row.pid, row.comm, row.state], [ready.client, "client", "ESTABLISHED"]);
      assert.equal(row.type, row.kind === "probe" ? "L" : "R");
      assert.ok(ready.ports.includes(row.rport));
    }
    const first = rows.find((r) => r.kind === "probe");
    const again = rows.find((r) => r.kind === "rto" && first && ends(r) === ends(first));
    assert.equal(again?.seq, first?.seq);
  });

  test("shows the retransmits of accepted sockets as their acceptor's", async () => {
    const { rows, done, ready } = await traced(plan, { mode: "reply", ...everything });
    assert.deepEqual([rows.length, rows.length], [done.retransmits, done.all_retransmits]);
    assert.equal(sockets(rows), 5 + 3 + 2);
    assert.equal(sockets(rows.filter((r) => r.laddr.startsWith("::ffff:"))), 2);
    for (const row of rows) {
      assert.deepEqual([row.pid, row.comm], [done.server, "traffic"]);
      assert.ok(ready.ports.includes(row.lport));
    }
  });

  test("shows fast retransmits", async () => {
    const { rows, done } = await traced(plan, { mode: "fast", ...everything });
    assert.deepEqual([rows.length, rows.length], [done.retransmits, done.all_retransmits]);
    assert.equal(sockets(rows.filter((r) => r.kind === "fast")), 5 + 3 + 2);
  });

  test("shows SYNs that are sent again", async () => {
    const { rows, done, ready } = await traced(plan, { mode: "syn", ...everything });
    assert.deepEqual([rows.length, rows.length], [done.retransmits, done.all_retransmits]);
    assert.equal(sockets(rows), 5 + 3 + 2);
    for (const row of rows) {
      assert.deepEqual([row.kind, row.type, row.state, row.pid], ["syn", "R", "SYN_SENT", ready.client]);
    }
  });

  test("shows SYN-ACKs that are sent again as the listener's", async () => {
    const { rows, done, ready } = await traced(plan, { mode: "synack", ...everything });
    assert.equal(rows.length, done.all_retransmits);
    assert.equal(rows.filter((r) => r.kind === "syn").length, done.retransmits);
    const replies = rows.filter((r) => r.kind === "synack");
    assert.equal(sockets(replies), 5 + 3 + 2);
    assert.equal(sockets(replies.filter((r) => r.raddr.startsWith("::ffff:"))), 2);
    for (const row of replies) {
      assert.deepEqual([row.state, row.pid, row.comm], ["NEW_SYN_RECV", done.server, "traffic"]);
      assert.ok(ready.ports.includes(row.lport) && row.seq > 0);
    }
  });

  test("-l shows tail loss probes that send new data besides", async () => {
    const without = await traced(plan, { mode: "new_data", ...everything });
    assert.equal(without.rows.length, without.done.all_retransmits);
    const { rows, done } = await traced(plan, { mode: "new_data", ...everything }, () => ["-l"]);
    const news = rows.filter((r) => r.kind === "new_data");
    assert.equal(rows.length - news.length, done.all_retransmits);
    assert.equal(news.length, 5 + 3 + 2);
    for (const row of news) {
      assert.equal(row.type, "L");
      const old = rows.find((r) => r.kind === "rto" && ends(r) === ends(row));
      assert.equal(row.seq, ((old?.seq ?? 0) + 1) % 2 ** 32); // one byte was sent before
    }
  });

  test("-c counts the retransmits of each connection, IPv4 first and then upwards", async () => {
    await using made = await traffic("retransmit", { mode: "data", ...everything, at_least: 2 });
    await using tracer = await start(["tcpretrans", "--plan", plan, "-c", "--netns", String(made.ready.netns)]);
    const done = await made.go();
    const [intro, empty, heading, ...rows] = (await tracer.stop()).stdout.trimEnd().split("\n");
    assert.deepEqual([intro, empty], ["Tracing retransmits ... Hit Ctrl-C to end", ""]);
    assert.equal(heading, "LADDR:LPORT               RADDR:RPORT               RETRANSMITS");
    const read = rows.map((row) => {
      const [, end = "", count] = /^\[([\d.:]+)\]#\d+ +<-> \[[\d.:]+\]#\d+ +(\d+)$/.exec(row) ?? [];
      return { ip: end.includes(":") ? 6 : 4, count: Number(count) };
    });
    assert.equal(read.length, 5 + 3 + 2);
    assert.equal(read.reduce((sum, { count }) => sum + count, 0), done.retransmits);
    assert.deepEqual(read, read.toSorted((a, b) => a.ip - b.ip || a.count - b.count));
  });

  test("-4, -6 and the filters leave others out", async () => {
    const cases: [(ready: Ready) => string[], number][] = [
      [() => ["-4"], 5 + 2],
      [() => ["-6"], 3],
      [({ client }) => ["-p", String(client)], 10],
      [({ client }) => ["-p", `!${client}`], 0],
      [() => ["--raddr", "::1"], 3],
      [() => ["--netns", "/proc/self/ns/net"], 0],
    ];
    const seen = await Promise.all(cases.map(([args]) => traced(plan, { mode: "data", ...everything }, args)));
    for (const [i, { rows }] of seen.entries()) assert.equal(sockets(rows), cases[i]?.[1], String(cases[i]?.[0]));
  });
}

Deno.test("tcpretrans prints the table that bcc prints, with sequence numbers and kinds if asked", async () => {
  for (const args of [[], ["-s"], ["-s", "--show-kind"]]) {
    await using made = await traffic("retransmit", { mode: "data", v4: 1 });
    await using tracer = await start(["tcpretrans", ...args, "--netns", String(made.ready.netns)]);
    await made.go();
    const [intro, heading, row = ""] = (await tracer.stop()).stdout.split("\n");
    const sequence = args.includes("-s"), kind = args.includes("--show-kind");
    assert.equal(intro, "Tracing retransmits ... Hit Ctrl-C to end");
    assert.equal(
      heading,
      "TIME     PID     IP LADDR:LPORT          T> RADDR:RPORT          " + (kind ? "KIND     " : "") +
        (sequence ? "STATE        SEQ       " : "STATE"),
    );
    const end = (kind ? "probe    " : "") + (sequence ? "ESTABLISHED  \\d+" : "ESTABLISHED");
    assert.match(
      row,
      new RegExp(
        `^\\d\\d:\\d\\d:\\d\\d ${
          String(made.ready.client).padEnd(7)
        } 4  127\\.0\\.0\\.1:\\d+ +L> 127\\.0\\.0\\.1:\\d+ +${end}$`,
      ),
    );
  }
});
