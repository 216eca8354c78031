import assert from "node:assert/strict";
import { openRecording } from "../record/reader.ts";
import { reportHtml } from "./html.ts";
import { reportJson } from "./json.ts";
import { lossSentences } from "./losses.ts";
import type { Report } from "./model.ts";
import { summarise } from "./summary.ts";
import { reportText } from "./text.ts";

export const HOSTILE = "</script><img src=x onerror=alert(1)>";

const time = (s: number) => new Date(Date.UTC(2026, 10, 20, 6, 0, 0) + s * 1000).toISOString();
const header = (tool: string, s: number) => ({
  time: time(s),
  tool,
  header: { schema: 1, host: "web1", boot_id: "b", clock_offset_ns: "0" },
});
const footer = (tool: string, s: number, lost_by: Record<string, number> = {}) => ({
  time: time(s),
  tool,
  footer: { events: 0, lost: 0, lost_by },
});

/** The report on segments of these lines. */
function reportOn(segments: readonly (readonly unknown[])[], most = 10, range = {}): Report {
  const dir = Deno.makeTempDirSync();
  try {
    const paths = segments.map((lines, i) => {
      Deno.writeTextFileSync(`${dir}/${i}.jsonl`, lines.map((line) => JSON.stringify(line) + "\n").join(""));
      return `${dir}/${i}.jsonl`;
    });
    using recording = openRecording(paths, range);
    return summarise(recording, range, "0.1.0", () => {})(most);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

/** A section's table as JSON has it. */
function tableOf(report: Report, section: string, table: string) {
  const sections = reportJson(report)["sections"] as Record<
    string,
    Record<string, { rows: unknown[]; others?: unknown }>
  >;
  return sections[section]?.[table];
}

const connect = (s: number, result: string, latency_ms: number, dport = 443) => ({
  time: time(s),
  tool: "tcpconnlat",
  pid: 1,
  comm: "curl",
  daddr: "2001:db8::1",
  dport,
  result,
  latency_ms,
});

Deno.test("connects are told by result, target and latency, and failed ones have no latency", () => {
  const report = reportOn([[
    header("tcpconnlat", 0),
    connect(1, "ok", 10),
    connect(2, "ok", 30),
    connect(3, "ETIMEDOUT", 127_000),
    connect(4, "ECONNREFUSED", 1, 80),
    connect(5, "ETIMEDOUT", 127_000),
    footer("tcpconnlat", 10),
  ]]);
  assert.deepEqual(tableOf(report, "connects_tcpconnlat", "failed_by_result"), {
    rows: [{ result: "ETIMEDOUT", connects: 2, per_s: 0.2 }, { result: "ECONNREFUSED", connects: 1, per_s: 0.1 }],
  });
  assert.deepEqual(tableOf(report, "connects_tcpconnlat", "failed_by_target")?.rows, [
    { result: "ETIMEDOUT", target: "[2001:db8::1]:443", connects: 2, per_s: 0.2 },
    { result: "ECONNREFUSED", target: "[2001:db8::1]:80", connects: 1, per_s: 0.1 },
  ]);
  assert.deepEqual(tableOf(report, "connects_tcpconnlat", "slowest")?.rows, [
    { time: time(2), pid: 1, comm: "curl", target: "[2001:db8::1]:443", latency_ms: 30 },
    { time: time(1), pid: 1, comm: "curl", target: "[2001:db8::1]:443", latency_ms: 10 },
  ]);
  assert.deepEqual(tableOf(report, "connects_tcpconnlat", "by_target")?.rows, [
    { target: "[2001:db8::1]:443", connects: 4, failed: 2, p50_ms: 10, p99_ms: 30, max_ms: 30 },
    { target: "[2001:db8::1]:80", connects: 1, failed: 1, p50_ms: null, p99_ms: null, max_ms: null },
  ]);
  assert.deepEqual(report.sections.map(({ notes }) => notes), [["3 of 5 connects failed."]]);
  assert.deepEqual(report.sections[0]?.charts.map(({ kind }) => kind), ["series", "series", "heat", "histogram"]);
});

Deno.test("counts of tools that count are taken as such", () => {
  const report = reportOn([[
    { time: time(0), tool: "tcpretrans", laddr: "a", lport: 1, raddr: "10.0.0.1", rport: 443, retransmits: 7 },
    { time: time(0), tool: "tcpdrop", reason: "NO_SOCKET", function: "tcp_v4_rcv+0x1", drops: 5 },
    { time: time(0), tool: "tcpconnect", laddr: "a", raddr: "10.0.0.1", rport: 443, connects: 3 },
  ]]);
  assert.equal(report.sections.length, 3);
  assert.deepEqual(tableOf(report, "retransmits_tcpretrans", "by_target")?.rows, [
    { target: "10.0.0.1:443", retransmits: 7, per_s: null },
  ]);
  assert.deepEqual(tableOf(report, "drops_tcpdrop", "by_function")?.rows, [
    { reason: "NO_SOCKET", function: "tcp_v4_rcv+0x1", drops: 5, per_s: null },
  ]);
  assert.deepEqual(tableOf(report, "connects_tcpconnect", "by_target")?.rows, [{
    target: "10.0.0.1:443",
    connects: 3,
  }]);
});

Deno.test("bytes are summed up by address and name, over sessions and over intervals", () => {
  const life = (raddr: string, tx_bytes: number, rx_bytes: number, open: number) => ({
    ...{ time: time(9), tool: "tcplife", comm: "nginx", raddr, tx_bytes, rx_bytes, duration_ms: 500, open },
  });
  const top = (s: number, raddr: string, tx_bytes: number) => ({
    ...{
      time: time(s + 5),
      tool: "tcptop",
      start: time(s),
      end: time(s + 5),
      comm: "nginx",
      raddr,
      tx_bytes,
      rx_bytes: 1,
    },
  });
  const report = reportOn([
    [header("tcplife", 0), life("10.0.0.1", 100, 5, 0), life("10.0.0.2", 1, 1, 1), life("10.0.0.1", 100, 5, 0)],
    [header("tcptop", 0), top(0, "10.0.0.1", 50), top(0, "10.0.0.2", 60), top(5, "10.0.0.1", 70), footer("tcptop", 10)],
  ]);
  assert.deepEqual(tableOf(report, "bytes_tcplife", "by_raddr")?.rows, [
    { raddr: "10.0.0.1", sessions: 2, tx_bytes: 200, rx_bytes: 10, total_bytes: 210 },
    { raddr: "10.0.0.2", sessions: 1, tx_bytes: 1, rx_bytes: 1, total_bytes: 2 },
  ]);
  assert.deepEqual(tableOf(report, "bytes_tcplife", "duration")?.rows, [
    { of: "sessions", count: 2, p50_ms: 500, p90_ms: 500, p99_ms: 500, max_ms: 500, mean_ms: 500 },
  ]);
  assert.deepEqual(tableOf(report, "bytes_tcptop", "by_comm")?.rows, [
    { comm: "nginx", tx_bytes: 180, rx_bytes: 3, total_bytes: 183 },
  ]);
  const chart = report.sections.find(({ id }) => id === "bytes_tcptop")?.charts[0];
  assert.ok(chart?.kind === "series");
  assert.deepEqual(chart.lines.map(({ name, values }) => [name, Math.round(values.reduce((sum, n) => sum + n, 0))]), [
    ["sent", 180],
    ["received", 3],
  ]);
});

Deno.test("states are told with how long they lasted, but for those whose beginning was not seen", () => {
  const change = (oldstate: string, duration_ms: number) => ({
    ...{ time: time(1), tool: "tcpstates", pid: null, comm: null, raddr: "10.0.0.1", rport: 443, oldstate },
    ...{ newstate: "CLOSE", duration_ms },
  });
  const report = reportOn([[change("CLOSE_WAIT", 4), change("CLOSE_WAIT", 2), change("ESTABLISHED", 0)]]);
  assert.deepEqual(tableOf(report, "states_tcpstates", "by_state")?.rows, [
    { state: "CLOSE_WAIT", count: 2, p50_ms: 2, p90_ms: 4, p99_ms: 4, max_ms: 4, mean_ms: 3 },
  ]);
  assert.deepEqual(report.sections[0]?.notes, [
    "1 changes were the first that was seen of their socket, and tell no duration.",
  ]);
});

Deno.test("accepts have a rate over the time that the tool ran, of which only what was asked for counts", () => {
  const accept = (s: number, lport: number) => ({
    time: time(s),
    tool: "tcpaccept",
    comm: "nginx",
    raddr: "10.0.0.1",
    lport,
  });
  const lines = [header("tcpaccept", 0), accept(1, 80), accept(2, 443), accept(30, 443), footer("tcpaccept", 100)];
  assert.deepEqual(tableOf(reportOn([lines]), "accepts_tcpaccept", "by_port")?.rows, [
    { lport: "443", accepts: 2, per_s: 0.02 },
    { lport: "80", accepts: 1, per_s: 0.01 },
  ]);
  const range = { since_ms: Date.parse(time(0)), until_ms: Date.parse(time(10)) };
  assert.deepEqual(tableOf(reportOn([lines], 10, range), "accepts_tcpaccept", "by_port")?.rows, [
    { lport: "80", accepts: 1, per_s: 0.1 },
    { lport: "443", accepts: 1, per_s: 0.1 },
  ]);
});

Deno.test("rows that a table has no room for stand in one sum", () => {
  const accept = (lport: number) => ({ time: time(1), tool: "tcpaccept", comm: "nginx", raddr: "10.0.0.1", lport });
  const report = reportOn([[header("tcpaccept", 0), ...[1, 2, 2, 3, 4].map(accept), footer("tcpaccept", 2)]], 1);
  assert.deepEqual(tableOf(report, "accepts_tcpaccept", "by_port"), {
    rows: [{ lport: "2", accepts: 2, per_s: 1 }],
    others: { rows: 3, accepts: 3, per_s: 1.5 },
  });
  assert.match(reportText(report), /^ {2}\.\.\. 3 more: accepts 3, rate 1.50\/s$/m);
});

Deno.test("an empty recording has a report that says so", () => {
  const report = reportOn([[]]);
  assert.deepEqual([report.period, report.events, report.sections, report.losses.complete], [null, 0, [], false]);
  const text = reportText(report);
  assert.match(text, /^Period {4}none$/m);
  assert.match(text, /Events {4}0 in 1 segment/);
  assert.match(text, /No loss was counted, as far as this goes:/);
});

Deno.test("a recording of losses alone has a report of them, by cause and of all segments", () => {
  const lost = { time: time(1), tool: "tcpdrop", lost: { ring_full: 2 } };
  const report = reportOn([
    [header("tcpdrop", 0), lost, footer("tcpdrop", 2, { ring_full: 3, missed: 0 })],
    [header("tcpdrop", 2), { ...lost, time: time(3) }],
  ]);
  assert.deepEqual([report.events, report.losses.lost, report.losses.complete, report.sections], [0, 5, false, []]);
  assert.deepEqual(report.tools.map(({ tool, lost }) => [tool, lost]), [["tcpdrop", 5]]);
  const [lossy, cut, ...more] = lossSentences(report.losses);
  assert.equal(lossy, "tcpdrop lost 5 events: 5 because the ring was full (a larger --buffer helps).");
  assert.match(cut ?? "", /1\.jsonl something may be missing: it has no end/);
  assert.deepEqual(more, []);
});

Deno.test("nothing was lost if every segment has its end and no loss", () => {
  assert.deepEqual(lossSentences(reportOn([[header("tcpdrop", 0), footer("tcpdrop", 2)]]).losses), [
    "Nothing was lost.",
  ]);
});

Deno.test("texts of a recording are inert on the terminal and in the page", () => {
  const evil = `${HOSTILE}\u001b[2J\u202e`;
  const report = reportOn([[
    { time: time(1), tool: "tcpaccept", comm: evil, raddr: evil, lport: 1 },
    { time: time(1), tool: evil, comm: evil },
  ]]);
  const page = reportHtml(report, "<p>before</p><!--report--><p>after</p>").join("");
  // deno-lint-ignore no-control-regex
  for (const text of [reportText(report), page]) assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u202e]/);
  const [, data = ""] = /^<p>before<\/p><script type="application\/json" id="report">([^<]*)<\/script><p>after<\/p>$/
    .exec(page) ?? [];
  const comms = tableOf(JSON.parse(data), "accepts_tcpaccept", "by_comm")?.rows;
  assert.deepEqual(comms, [{ comm: `${HOSTILE}?[2J?`, accepts: 1, per_s: null }]);
});

Deno.test("values of other kinds than a tool's do no harm", () => {
  const odd = [null, -1, "x", {}, [], true, 1e308, "y".repeat(10_000)];
  const tools = ["tcpconnlat", "tcpretrans", "tcpdrop", "tcptop", "tcplife", "tcpstates", "tcpaccept", "tcptracer"];
  const names = ["pid", "comm", "raddr", "rport", "daddr", "dport", "lport", "result", "latency_ms", "duration_ms"];
  const others = ["tx_bytes", "oldstate", "newstate", "reason", "stack", "start", "connects", "type", "kind", "open"];
  const lines = tools.flatMap((tool) =>
    odd.map((value) => ({
      ...Object.fromEntries([...names, ...others].map((name) => [name, value])),
      time: time(1),
      tool,
    }))
  );
  const report = reportOn([lines]);
  assert.equal(report.events, lines.length);
  assert.ok(reportText(report).length < 100_000);
});
