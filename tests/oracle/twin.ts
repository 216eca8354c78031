// A tool of others that runs beside nettrace.

/** A twin that traces. */
export interface Twin extends AsyncDisposable {
  /** Waits until it has taken all that there was to take, and gives the lines that it has printed since it was last asked. */
  take(): Promise<string[]>;
  /** The same, and ends it before: most print what they have only then. */
  stop(): Promise<string[]>;
}

// System calls by number, on x86-64: a twin waits in epoll_wait for events, or in clock_nanosleep for its interval.
const WAITS = ["232", "230"];
const PATIENCE_MS = 300_000; // bpftrace compiles for a minute where the CPU is emulated, and shared

/** Starts a twin, and returns when it traces: then it holds its programs, and waits. Throws what it says if it ends. */
export async function start_twin(command: readonly string[]): Promise<Twin> {
  const printed = await Deno.makeTempFile(); // unlike a pipe it has all that was printed as soon as that is done
  const child = new Deno.Command("sh", {
    args: ["-c", `exec "$@" >${printed}`, "sh", ...command],
    stdin: "null",
    stderr: "piped",
  }).spawn();
  let ended = false, taken = 0;
  const output = Promise.all([child.status, new Response(child.stderr).text()]);
  output.then(() => ended = true);
  const since_last = () => {
    const text = Deno.readTextFileSync(printed), end = text.lastIndexOf("\n") + 1;
    const lines = text.slice(taken, end).split("\n");
    taken = end;
    return lines;
  };
  const until = async (condition: () => boolean, what: string) => {
    for (const until_ms = performance.now() + PATIENCE_MS; !condition();) {
      if (ended) throw new Error(`${command.join(" ")} ended: ${(await output)[1]}`);
      if (performance.now() > until_ms) throw new Error(`${command.join(" ")} does not ${what}`);
      await new Promise((done) => setTimeout(done, 5)); // of a bounded poll, not a delay to rely on
    }
  };
  await until(() => waits(child.pid) && has_programs(child.pid), "trace");
  // What wakes it makes it run at once, so that it waits only when nothing is left to read.
  const rest = () => until(() => waits(child.pid), "come to rest");
  return {
    async take() {
      await rest();
      return since_last();
    },
    async stop() {
      await rest();
      child.kill("SIGINT");
      await output;
      return since_last();
    },
    async [Symbol.asyncDispose]() {
      if (!ended) child.kill("SIGKILL");
      await output;
      await Deno.remove(printed);
    },
  };
}

function waits(pid: number): boolean {
  try {
    return WAITS.includes(Deno.readTextFileSync(`/proc/${pid}/syscall`).split(" ")[0] ?? "");
  } catch {
    return false; // it has ended
  }
}

function has_programs(pid: number): boolean {
  try {
    return Array.from(Deno.readDirSync(`/proc/${pid}/fd`), ({ name }) => Deno.readLinkSync(`/proc/${pid}/fd/${name}`))
      .includes("anon_inode:bpf-prog");
  } catch {
    return false; // it has closed one meanwhile
  }
}
