// nettrace beside its twins of Debian's libbpf-tools, both on the same traffic at once.
import assert from "node:assert/strict";
import { facts, readJson, type Row, start } from "./live/nettrace.ts";
import { type Connection, traffic } from "./live/traffic.ts";

/** A twin that runs until it is told to end. */
interface Twin extends AsyncDisposable {
  /** Ends it once it has printed `count` rows of the kind; gives these as words. It drops what it has yet to print. */
  stop(count: number, kind: (words: string[]) => boolean): Promise<string[][]>;
}

/** Starts a twin, in a mount namespace with the tracefs that it needs, and returns when it has printed its heading. */
async function twin(command: string, heading: string): Promise<Twin> {
  const script =
    `[ -d /sys/kernel/tracing/events ] || mount -t tracefs tracefs /sys/kernel/tracing; exec stdbuf -oL ${command}`;
  const child = new Deno.Command("unshare", {
    args: ["--mount", "sh", "-c", script],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "", ended = false;
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`${command} ended at once`);
    text += value;
  }
  assert.ok(text.startsWith(heading), text);
  return {
    async stop(count, kind) {
      const headings = text.split("\n", 1)[0]?.trim().split(/\s+/) ?? [];
      const before = headings.indexOf("COMM"), behind = headings.length - before - 1;
      const wordsOf = (line: string) => {
        const words = line.trim().split(/\s+/); // a name may be several, as "V8 DefaultWorker"
        return [...words.slice(0, before), words.slice(before, -behind).join(" "), ...words.slice(-behind)];
      };
      const rows = () => text.split("\n").slice(1, -1).map(wordsOf).filter(kind);
      const { promise: late, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => reject(new Error(`${command} printed ${rows().length} of ${count} rows`)), 20_000);
      while (rows().length < count) text += (await Promise.race([reader.read(), late])).value ?? "";
      clearTimeout(timer);
      child.kill("SIGINT");
      ended = true;
      for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
      await child.status;
      return rows();
    },
    async [Symbol.asyncDispose]() {
      if (!ended) child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}

/**
 * Fails unless durations, in milliseconds, are the same. Each tool reads the clock for itself, one after the other, and
 * a hypervisor can take the CPU away in between for longer than most of these durations: so what a typical pair differs
 * by is held to little, and single pairs to that share of them.
 */
function assertSameDurations(pairs: [number, number][]): void {
  const differences = pairs.map(([ours, theirs]) => Math.abs(ours - theirs)).sort((a, b) => a - b);
  const at = (share: number) => differences[Math.floor(share * (differences.length - 1))] as number;
  assert.ok(at(0.5) < 0.1 && at(0.8) < 1, JSON.stringify(pairs));
}

interface LifeRow extends Row {
  tx_bytes: number;
  rx_bytes: number;
  duration_ms: number;
}

/** Both tools' rows of sessions that end in a way, and the truth. */
async function lives(way: string): Promise<{ ours: LifeRow[]; theirs: string[][]; connections: Connection[] }> {
  await using made = await traffic("close", { way, n: 7, family: "4", port: 4242 });
  await using other = await twin("/usr/sbin/tcplife", "PID");
  await using tracer = await start(["tcplife", "--json"]);
  const { connections } = await made.go();
  const ours = readJson((await tracer.stop()).stdout).rows.filter((row) => row.netns === made.ready.netns) as LifeRow[];
  const ports = new Set(ours.map((row) => String(row.lport)));
  const theirs = await other.stop(ours.length, (words) => ports.has(words[3] ?? "") && words[2] === "127.0.0.1");
  return { ours, theirs, connections };
}

for (const way of ["active", "passive", "half_closed", "exit_of_server", "both_at_once"]) {
  Deno.test(`tcplife shows of sessions that end by ${way} what its twin shows`, async () => {
    const { ours, theirs, connections } = await lives(way);
    assert.deepEqual(ours.map(facts).sort(), connections.map(facts).sort());
    const ends = (row: LifeRow) => `${row.laddr} ${row.lport} ${row.raddr} ${row.rport}`;
    const kb = (bytes: number) => (bytes / 1024).toFixed(2);
    assert.deepEqual(
      ours.map((row) => `${ends(row)} ${kb(row.tx_bytes)} ${kb(row.rx_bytes)}`).sort(),
      theirs.map((words) => words.slice(2, 8).join(" ")).sort(),
    );
    assertSameDurations(ours.map((row) => {
      const same = theirs.find((words) => words.slice(2, 6).join(" ") === ends(row));
      return [row.duration_ms, Number(same?.[8])];
    }));
  });
}

Deno.test("tcplife names the owner of a session that its peer reset, where its twin names the peer", async () => {
  const { ours, theirs, connections } = await lives("reset_by_client");
  assert.deepEqual(ours.map(facts).sort(), connections.map(facts).sort());
  const owner = new Map(connections.map((c) => [String(c.lport) + String(c.rport), String(c.pid)]));
  const wrong = theirs.filter((words) => owner.get(`${words[3]}${words[5]}`) !== words[0]);
  assert.ok(wrong.length > 0, "the twin is right now: take this difference out of the documents");
});

interface StateRow extends Omit<Row, "pid"> {
  pid: number | null;
  skaddr: string;
  oldstate: string;
  newstate: string;
  duration_ms: number;
}

/** Compares by a text. */
const by = <T>(text: (one: T) => string) => (a: T, b: T) => Number(text(a) > text(b)) - Number(text(a) < text(b));

/** Changes that the kernel makes in the context of the task that causes them; of others the twin names whoever runs. */
const BY_ITS_TASK = /CLOSE -> (SYN_SENT|LISTEN)|-> FIN_WAIT1|CLOSE_WAIT -> LAST_ACK/;

for (
  const [way, family] of [["active", "4"], ["passive", "6"], ["reset_by_client", "4"], ["unread_data", "6"]] as const
) {
  Deno.test(`tcpstates shows of IPv${family} connections that end by ${way} what its twin shows`, async () => {
    const port = 4243; // nobody else's, as the twin does not tell network namespaces apart
    await using made = await traffic("close", { way, n: 7, family, port });
    await using other = await twin("/usr/sbin/tcpstates", "SKADDR");
    await using tracer = await start(["tcpstates", "--json"]);
    await made.go();
    const rows = readJson((await tracer.stop()).stdout).rows.filter((row) => row.netns === made.ready.netns);
    const change = (row: StateRow) =>
      `${row.skaddr} ${row.laddr} ${row.lport} ${row.raddr} ${row.rport} ${row.oldstate} -> ${row.newstate}`;
    const theirChange = ([skaddr, , , ...rest]: string[]) => [skaddr, ...rest.slice(0, 7)].join(" ");
    // Of two CPUs, the twin may read the events of one before those of the other.
    const ours = (rows as unknown as StateRow[]).toSorted(by(change));
    const ofPort = (words: string[]) => [words[4], words[6]].includes(String(port));
    const theirs = (await other.stop(ours.length, ofPort)).toSorted(by(theirChange));
    assert.ok(ours.length >= 7 * 6);
    assert.deepEqual(ours.map(change), theirs.map(theirChange));
    assertSameDurations(ours.map((row, i) => [row.duration_ms, Number(theirs[i]?.[10])]));
    for (const [i, row] of ours.entries()) {
      if (BY_ITS_TASK.test(change(row))) assert.equal(row.pid, Number(theirs[i]?.[1]), change(row));
    }
  });
}
