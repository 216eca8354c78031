import assert from "node:assert/strict";
import type { Connection } from "./traffic.ts";

/** A record of tcpaccept's JSON. */
export interface Row {
  time: string;
  tool: string;
  pid: number;
  comm: string;
  ip: 4 | 6;
  raddr: string;
  rport: number;
  laddr: string;
  lport: number;
  uid: number;
  netns: number;
  cgroup_id: number;
}

/** The last record of JSON output. */
export interface Summary {
  printed: number;
  lost: number;
  lost_by: Record<string, number>;
}

/** What a run of nettrace left. */
export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** A nettrace that traces. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  /** Waits until what it has written matches. Throws if it ends before, or does not say it at all. */
  says(stream: "stdout" | "stderr", pattern: RegExp): Promise<void>;
  /** Ends it and gives what it printed. */
  stop(signal?: Deno.Signal): Promise<Result>;
}

export const binary = Deno.env.get("NETTRACE") ?? new URL("../../nettrace", import.meta.url).pathname;

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

const TRACEFS = "/sys/kernel/tracing";

/**
 * The command line of nettrace: in a mount namespace with tracefs where this machine has not mounted it, and with what
 * a shell command mounts there. `program` stands for the executable, as with words that make it another user's.
 */
export function commandLine(
  args: readonly string[],
  mount?: string,
  program: readonly string[] = [binary],
): [string, string[]] {
  const mounts = [
    // Where the kernel is locked down it may not be, which is for nettrace to say.
    ...exists(`${TRACEFS}/events`) ? [] : [`{ mount -t tracefs tracefs ${TRACEFS} || true; } 2>/dev/null`],
    ...mount ? [mount] : [],
  ];
  const [first = "", ...words] = [...program, ...args];
  if (mounts.length === 0) return [first, words];
  return ["unshare", ["--mount", "sh", "-c", [...mounts, 'exec "$@"'].join(" && "), "sh", first, ...words]];
}

/** Runs nettrace to its end. */
export async function run(args: readonly string[], program?: readonly string[]): Promise<Result> {
  const [command, words] = commandLine(args, undefined, program);
  const { code, stdout, stderr } = await new Deno.Command(command, { args: words, stdin: "null" }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

// System calls by number: poll or ppoll, and those of the epoll_wait family.
const [POLL, ...EPOLL] = Deno.build.arch === "aarch64" ? ["73", "22", "441"] : ["7", "232", "281", "441"];

/**
 * True if nettrace traces: then its main thread waits in poll on descriptors of rings; or, if it samples, for the time
 * to pass, which it does for the first time once its programs are attached. A poll without a wait is that by which
 * Rust's runtime looks, before all else, whether descriptors 0 to 2 are open.
 */
export function waits(pid: number): boolean {
  const [number = "", , count, timeout] = Deno.readTextFileSync(`/proc/${pid}/syscall`).split(" ");
  return (number === POLL && count !== "0x0" && timeout !== "0x0") ||
    ((number === POLL || EPOLL.includes(number)) && attached(pid));
}

/** True if a process holds a program in its place. */
function attached(pid: number): boolean {
  const fds = Array.from(Deno.readDirSync(`/proc/${pid}/fd`), ({ name }) => `/proc/${pid}/fd/${name}`);
  return fds.some((fd) => /^anon_inode:bpf[-_](link|raw-tracepoint)$/.test(Deno.readLinkSync(fd)));
}

const PATIENCE_MS = 30_000;

/** Starts nettrace, by another command if one is given, and returns when it traces. Throws what it says if it ends before that. */
export async function start(
  args: readonly string[],
  mount?: string,
  within: readonly string[] = [],
  program?: readonly string[],
): Promise<Running> {
  const [inner, innerWords] = commandLine(args, mount, program);
  const [command = "", ...words] = [...within, inner, ...innerWords];
  const child = new Deno.Command(command, { args: words, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
  const texts = { stdout: "", stderr: "" };
  const read = async (stream: keyof typeof texts) => {
    for await (const text of child[stream].pipeThrough(new TextDecoderStream())) texts[stream] += text;
  };
  const output = Promise.all([child.status, read("stdout"), read("stderr")]);
  let ended = false;
  output.then(() => ended = true);
  const result = async (): Promise<Result> => {
    const [{ code }] = await output;
    return { code, ...texts };
  };
  const nextLook = () => new Promise((done) => setTimeout(done, 5)); // of a bounded poll, not a delay to rely on
  for (;;) {
    await nextLook();
    if (ended) throw new Error(`nettrace ${args.join(" ")}: ${(await result()).stderr}`);
    try {
      if (waits(child.pid)) break;
    } catch {
      // It has just ended; the next round says why.
    }
  }
  return {
    pid: child.pid,
    async says(stream, pattern) {
      const until_ms = performance.now() + PATIENCE_MS;
      while (!pattern.test(texts[stream])) {
        if (performance.now() > until_ms) throw new Error(`nettrace ${args.join(" ")} did not say ${pattern}`);
        if (ended) throw new Error(`nettrace ${args.join(" ")} ended and did not say ${pattern}: ${texts.stderr}`);
        await nextLook();
      }
    },
    stop(signal = "SIGINT") {
      child.kill(signal);
      return result();
    },
    async [Symbol.asyncDispose]() {
      try {
        if (!ended) child.kill("SIGKILL");
      } catch (error) {
        if (!(error instanceof TypeError)) throw error; // it has just ended by itself
      }
      await output;
    },
  };
}

/** The events and the summary of JSON output. */
export function readJson(stdout: string): { rows: Row[]; summary: Summary } {
  const records = stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  const last = records.pop();
  assert.ok(last?.summary, "the last record is the summary");
  return { rows: records, summary: last.summary };
}

/**
 * Makes a run again of which the kernel left something out, as such a run proves nothing; at most five times. A kernel
 * that lets programs be preempted leaves out one that is already running on the same CPU (bpf_prog_inc_misses_counter,
 * kernel/trace/bpf_trace.c), and says so. The same of one of which something was lost by an `other` cause.
 */
export async function whole<Seen extends { summary: Summary }>(
  run: () => Promise<Seen>,
  other?: string,
): Promise<Seen> {
  for (let tries = 1;; tries++) {
    const seen = await run(), { lost_by } = seen.summary;
    if (lost_by["missed"] === 0 && (lost_by[other ?? ""] ?? 0) === 0 || tries === 5) return seen;
  }
}

/** What a row says of a connection, and what the acceptor says of it, in the same words. */
export function facts(of: Row | Connection): string {
  const ip = "ip" in of ? of.ip : of.family;
  return `${of.pid} ${of.comm} ${ip} ${of.raddr} ${of.rport} ${of.laddr} ${of.lport}`;
}

/** A comm that traffic reports byte by byte, as the text it shows as. */
export function decoded(connection: Connection): Connection {
  const bytes = Uint8Array.from(connection.comm, (c) => c.charCodeAt(0));
  return { ...connection, comm: new TextDecoder().decode(bytes) };
}

/** Fails unless the rows are exactly the connections, in any order, less at most as many as were `missed`. */
export function assertSame(rows: readonly Row[], connections: readonly Connection[], missed = 0): void {
  const shown = rows.map(facts).sort(), wanted = connections.map(decoded).map(facts).sort();
  if (missed === 0) return assert.deepEqual(shown, wanted);
  for (const row of shown) {
    assert.ok(wanted.includes(row), `${row} was not, or not so often`), wanted.splice(wanted.indexOf(row), 1);
  }
  assert.ok(wanted.length <= missed, `${wanted.length} were not shown, of which ${missed} were missed`);
}

/** The plans to test: the one in NETTRACE_PLAN, or all that work here. */
export async function plans(tool: string): Promise<string[]> {
  const forced = Deno.env.get("NETTRACE_PLAN");
  if (forced !== undefined) return [forced];
  const { stdout } = await run(["doctor", "--json"]);
  const { tools } = JSON.parse(stdout) as { tools: { name: string; plans: { name: string; usable: boolean }[] }[] };
  const usable = tools.find((t) => t.name === tool)?.plans.filter((p) => p.usable).map((p) => p.name) ?? [];
  assert.ok(usable.length > 0, `no plan of ${tool} works here`);
  return usable;
}
