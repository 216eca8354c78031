import assert from "node:assert/strict";
import zlib from "node:zlib";
import { COMPRESSIONS, pack, SUFFIX } from "./frame.ts";
import type { RecordedEvent } from "./line.ts";
import { openRecording, type SegmentState } from "./reader.ts";

const encode = (text: string) => new TextEncoder().encode(text);

const DAY_S = 86400;
const time = (n: number) => new Date(Date.UTC(2026, 10, 20, 6, 0, n)).toISOString();
const event = (n: number, tool = "tcplife") => JSON.stringify({ time: time(n), tool, pid: n }) + "\n";
const header = (boot_id: string, offset_s = 0, begin = 0) =>
  JSON.stringify({
    time: time(begin),
    tool: "tcplife",
    header: { schema: 1, boot_id, host: "a", clock_offset_ns: `${offset_s}000000000` },
  }) + "\n";
const clock = (offset_s: number) =>
  JSON.stringify({ time: time(0), tool: "tcplife", clock: { offset_ns: `${offset_s}000000000` } }) + "\n";
const footer = (events: number) =>
  JSON.stringify({ time: time(59), tool: "tcplife", footer: { events, lost: 2, lost_by: { ring_full: 2 } } }) + "\n";

/** Reads files of these contents; the name's beginning is a tool's. */
function read(
  contents: readonly (string | Uint8Array)[],
): { events: RecordedEvent[]; segments: readonly SegmentState[] } {
  const dir = Deno.makeTempDirSync();
  try {
    const paths = contents.map((content, i) => {
      Deno.writeFileSync(`${dir}/${i}`, typeof content === "string" ? encode(content) : content);
      return `${dir}/${i}`;
    });
    using recording = openRecording(paths);
    return { events: Array.from(recording.events()), segments: recording.segments() };
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

const pids = (events: readonly RecordedEvent[]) => events.map((e) => e["pid"]);

for (const compression of COMPRESSIONS) {
  const frames = [header("x") + event(1), event(2) + event(3), footer(3)].map((t) => pack(encode(t), compression));
  const whole = new Uint8Array(frames.flatMap((frame) => Array.from(frame)));

  Deno.test(`openRecording reads ${compression}, and knows that nothing is missing`, () => {
    const { events, segments: [segment] } = read([whole]);
    assert.deepEqual(pids(events), [1, 2, 3]);
    assert.equal(segment?.missing, undefined);
    assert.deepEqual(segment?.lost_by, { ring_full: 2 });
  });

  Deno.test(`openRecording reads what was written of ${compression} when it was cut at any byte, and says so`, () => {
    let most = 0;
    for (let length = 1; length < whole.length; length++) {
      const { events, segments: [segment] } = read([whole.subarray(0, length)]);
      assert.deepEqual(pids(events), [1, 2, 3].slice(0, events.length));
      assert.ok(events.length >= most, "more bytes give no fewer events");
      assert.match(segment?.missing ?? "", /has no end/);
      most = events.length;
    }
    assert.equal(most, 3);
  });

  Deno.test(`openRecording shows nothing wrong of ${compression} with a bit turned anywhere`, () => {
    if (compression === "none") return; // which has no checksum
    for (let at = 0; at < whole.length; at++) {
      const damaged = whole.slice();
      damaged[at] = (damaged[at] as number) ^ 4;
      const { events } = read([damaged]);
      assert.ok(pids(events).every((pid) => [1, 2, 3].includes(pid as number)));
    }
  });

  Deno.test(`openRecording unpacks ${compression} of others`, () => {
    if (compression === "none") return;
    const text = encode(header("x") + event(1) + footer(1));
    const foreign = compression === "zstd" ? zlib.zstdCompressSync(text) : zlib.gzipSync(text);
    assert.deepEqual(pids(read([foreign]).events), [1]);
    assert.equal(SUFFIX[compression].length > 0, true);
  });
}

Deno.test("openRecording goes on behind what is damaged", () => {
  const frames = [header("x") + event(1), event(2), event(3) + footer(3)].map((t) => pack(encode(t), "zstd"));
  (frames[1] as Uint8Array).fill(0);
  const { events, segments: [segment] } = read([new Uint8Array(frames.flatMap((f) => Array.from(f)))]);
  assert.deepEqual(pids(events), [1, 3]);
  assert.match(segment?.missing ?? "", /from byte \d+ on, up to byte \d+ it is damaged/);
});

Deno.test("openRecording merges segments by time, and keeps each one's order", () => {
  const { events } = read([event(1) + event(5) + event(4), event(2) + event(6)]);
  assert.deepEqual(pids(events), [1, 2, 5, 4, 6]);
});

Deno.test("openRecording has events in their order although a clock was set back between them", () => {
  const one = header("x", 100) + event(1) + clock(90) + event(2); // 2 is 12 by the first clock
  const two = header("x", 100) + event(11);
  assert.deepEqual(pids(read([one, two]).events), [1, 11, 2]);
});

Deno.test("openRecording has segments in their order although the clock was set back between them", () => {
  const dir = Deno.makeTempDirSync();
  try {
    // Each begins when the clock shows the time of its name; that was set back 26 hours, and then forward 3.
    const segment = (stamp: string, offset_s: number, ...seconds: number[]) => {
      const times = seconds.map((second) => second + offset_s - DAY_S);
      const lines = [header("x", offset_s, times[0]), ...times.map((at) => event(at)), footer(times.length)];
      Deno.writeTextFileSync(`${dir}/tcplife-a-${stamp}Z.jsonl`, lines.join(""));
    };
    segment("20261120T060001", DAY_S, 1, 2);
    segment("20261119T040003", DAY_S - 26 * 3600, 3, 4);
    segment("20261119T070005", DAY_S - 23 * 3600, 5, 6);
    using recording = openRecording([dir]);
    const seconds = Array.from(recording.events(), ({ time }) => new Date(time).getSeconds());
    assert.deepEqual(seconds, [1, 2, 3, 4, 5, 6]);
    using early = openRecording([dir], { until_ms: Date.parse(time(4)) });
    assert.equal(Array.from(early.events()).length, 4);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("openRecording reads of a directory one tool's segments alone if that is wanted, and files whatever their names", () => {
  const dir = Deno.makeTempDirSync();
  try {
    const [life, accept] = ["tcplife", "tcpaccept"].map((tool) => `${dir}/${tool}-a-20261120T060000Z.jsonl`);
    Deno.writeTextFileSync(life as string, event(1));
    Deno.writeTextFileSync(accept as string, event(2, "tcpaccept"));
    const read = (paths: string[], range: Parameters<typeof openRecording>[1]) => {
      using recording = openRecording(paths, range);
      return pids(Array.from(recording.events()));
    };
    assert.deepEqual(read([dir], {}), [1, 2]);
    assert.deepEqual(read([dir], { tool: "tcplife" }), [1]);
    assert.deepEqual(read([dir], { tool: "tcpdrop" }), []);
    assert.deepEqual(read([dir, accept as string], { tool: "tcplife" }), [1, 2]);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("openRecording tells of lines that are no records", () => {
  const { events, segments: [segment] } = read([`${event(1)}null\n{"time":1}\n[]\nx\n${event(2)}`]);
  assert.deepEqual(pids(events), [1, 2]);
  assert.match(segment?.missing ?? "", /4 of its lines are no records/);
});

Deno.test("openRecording refuses what is not there with a sentence", () => {
  assert.throws(() => openRecording(["/nonexistent"]), /cannot be read/);
});
