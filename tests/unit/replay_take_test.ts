// What replay shows of events that are read many at once.
import assert from "node:assert/strict";
import { pack } from "../../src/record/frame.ts";
import { accept, header, softirq } from "./recordings.ts";
import { replay } from "../../src/replay/replay.ts";
import { newTerminal } from "./fake_kernel.ts";
import { replayed, worldWith } from "./recording.ts";

type Line = Readonly<Record<string, unknown>>;

const START_MS = Date.UTC(2026, 10, 20, 6);
const { conn_id, ...unseen } = accept;
const at = (ms: number) => `${new Date(START_MS + ms).toISOString().slice(0, 23)}000000Z`;

/** A line as the recorder writes it, or one that only JSON.parse reads. */
const event = (ms: number, quick = true) =>
  quick ? { ...accept, time: at(ms), pid: ms, conn_id } : { ...unseen, time: at(ms), pid: ms, comm: "zwölf" };

const clock = (offset_s: number) => ({ time: at(0), tool: "tcpaccept", clock: { offset_ns: `${offset_s}000000000` } });

/** The lines in a frame, which is unpacked into room enough for all of them to be read quickly. */
function packed(lines: readonly Line[]): Uint8Array {
  return pack(new TextEncoder().encode(lines.map((line) => JSON.stringify(line) + "\n").join("")), "zstd");
}

/** The PIDs that replay shows of files of these lines. */
async function pids(files: readonly (readonly Line[])[], ...args: string[]): Promise<number[]> {
  const dir = await Deno.makeTempDir();
  try {
    const paths = files.map((lines, i) => {
      Deno.writeFileSync(`${dir}/${i}`, packed(lines));
      return `${dir}/${i}`;
    });
    const { text } = await replayed(["tcpaccept", ...args, ...paths]);
    return text.trim().split("\n").slice(1).map((row) => Number(row.split(" ", 1)[0]));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

Deno.test("replay shows the events of several files by time, those of one file in its order", async () => {
  const thirds = [0, 1, 2].map((
    k,
  ) => [header("tcpaccept"), ...upTo(900).filter((i) => i % 3 === k).map((i) => event(i))]);
  assert.deepEqual(await pids(thirds), upTo(900));
  const bursts = [0, 1].map((k) => [
    header("tcpaccept"),
    ...upTo(4000).filter((i) => Math.floor(i / 250) % 2 === k).map((i) => event(i, i % 7 !== 0)),
  ]);
  assert.deepEqual(await pids(bursts), upTo(4000));
  const back = [[header("tcpaccept"), event(5), event(9), event(3), event(8)], [
    header("tcpaccept"),
    event(4),
    event(9),
  ]];
  assert.deepEqual(await pids(back), [4, 5, 9, 3, 8, 9]);
  assert.deepEqual(await pids(back.toReversed()), [4, 5, 9, 9, 3, 8]);
});

Deno.test("replay shows all that is quickly read and all that is not, in one order", async () => {
  for (const every of [1, 2, 3, 50]) {
    assert.deepEqual(
      await pids([[header("tcpaccept"), ...upTo(500).map((i) => event(i, i % every !== 0))]]),
      upTo(500),
    );
  }
  const many = upTo(10_000);
  assert.deepEqual(await pids([[header("tcpaccept"), ...many.map((i) => event(i))]]), many);
});

Deno.test("replay shows from --since on and up to --until, though events go back in time", async () => {
  const lines = [header("tcpaccept"), ...[1, 2, 3, 9, 4, 5, 1, 6, 7, 9, 8].map((s) => event(1000 * s))];
  assert.deepEqual(await pids([lines], `--since=${at(3000)}`), [3, 9, 4, 5, 6, 7, 9, 8].map((s) => 1000 * s));
  assert.deepEqual(await pids([lines], `--until=${at(5000)}`), [1, 2, 3, 4, 5, 1].map((s) => 1000 * s));
  assert.deepEqual(
    await pids([lines], `--since=${at(2000)}`, `--until=${at(5000)}`),
    [2, 3, 4, 5].map((s) => 1000 * s),
  );
});

Deno.test("replay puts events in order by the clock that their file began with", async () => {
  const one = [header("tcpaccept"), event(1), event(2), clock(-10), event(3), event(4)]; // 10.003 by the first clock
  assert.deepEqual(await pids([one, [header("tcpaccept"), event(5), event(5000)]]), [1, 2, 5, 5000, 3, 4]);
});

Deno.test("replay shows the DNS query of an event with that event alone", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const line = (query: string | null) => ({
      time: at(1),
      tool: "tcpconnect",
      pid: 1,
      comm: "curl",
      ip: 4,
      saddr: "192.0.2.1",
      lport: 40000,
      daddr: "192.0.2.2",
      dport: 443,
      result: null,
      latency_ms: null,
      query,
      uid: 0,
      netns: 1,
      cgroup_id: 1,
      conn_id,
    });
    const queries = ["example.com", null, null, "example.org", null];
    await Deno.writeFile(`${dir}/x`, packed([header("tcpconnect"), ...queries.map(line)]));
    const { text } = await replayed(["tcpconnect", `${dir}/x`, "--dns"]);
    const shown = text.split("\n").flatMap((row) => / 443 +(.*?) *$/.exec(row)?.[1] ?? []);
    assert.deepEqual(shown, queries.map((query) => query ?? "No DNS Query"));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("replay shows nothing of a line that was cut short, and tells of it", async () => {
  const dir = await Deno.makeTempDir();
  try {
    for (const [tool, good] of [["tcpaccept", event(1)], ["softirqs", softirq]] as const) {
      const text = JSON.stringify(good);
      const lines = (damaged: string[]) => [JSON.stringify(header(tool)), text, ...damaged, text, ""].join("\n");
      await Deno.writeTextFile(`${dir}/good`, lines([]));
      await Deno.writeTextFile(`${dir}/x`, lines([text.slice(0, -9), text.replace(',"', ',"\\x')]));
      for (const format of [[], ["--json"], ["--csv"]]) {
        const shown = await replayed([tool, `${dir}/x`, ...format]),
          whole = await replayed([tool, `${dir}/good`, ...format]);
        const plain = (output: string) => output.replace(/.*"summary".*/, "");
        assert.equal(plain(shown.text), plain(whole.text));
        assert.match(shown.lines.join("\n"), /2 of its lines are no records/);
      }
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("replay ends at a signal although nothing holds it up", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${dir}/x`, packed([header("tcpaccept"), ...upTo(200_000).map((i) => event(i, false))]));
    let stopping = false;
    const terminal = { ...newTerminal(Infinity, Infinity), stopping: () => stopping };
    const turn = () => Promise.resolve(void (stopping = true)); // which is when the process learns of a signal
    await replay(["tcpaccept", `${dir}/x`], worldWith({ turn }), terminal);
    const rows = terminal.text().split("\n").length;
    assert.ok(rows < 200_000, `${rows} rows were shown`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
