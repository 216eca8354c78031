// The traffic, and what it says that it does.
import type { End, Ledger } from "./ledger.ts";
import { linesOf } from "../live/lines.ts";

/** Traffic that waits to be started. */
export interface Generator {
  readonly pid: number;
  /** Inode number of its network namespace. */
  readonly netns: number;
  /** How many sockets it has had so far. */
  sockets(): number;
  /** Lets it begin, and returns when it is over and all its connections have ended. It stays until end(). */
  go(): Promise<Ledger>;
  end(): Promise<void>;
}

const binary = Deno.env.get("TRAFFIC") ?? new URL("../../out/traffic", import.meta.url).pathname;

/** Makes traffic of so many sockets a second for so long, which waits to be started. */
export async function generate(rate: number, for_s: number): Promise<Generator> {
  const child = new Deno.Command(binary, {
    args: ["soak", `rate=${rate}`, `for_s=${for_s}`],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const stdin = child.stdin.getWriter(), output = linesOf(child.stdout);
  const ended = () => new Error("the traffic ended too early");
  const next = async () => {
    const line = await output.next();
    if (line.done) throw ended();
    return JSON.parse(line.value);
  };
  const { netns } = await next();
  let sockets = 0;
  return {
    pid: child.pid,
    netns,
    sockets: () => sockets,
    async go() {
      await stdin.write(new TextEncoder().encode("go\n"));
      const ledger: Omit<Ledger, "done"> = { batches: [], mishaps: new Map() };
      for (;;) {
        const line = await next();
        if (line.done) return { ...ledger, done: line };
        if ("deaf" in line) {
          ledger.mishaps.set(line.deaf, line);
        } else if ("mishap" in line) {
          const none = { drops: 0, retransmits: 0 };
          ledger.mishaps.set(line.mishap, {
            ...ledger.mishaps.get(line.mishap) ?? { client: none, server: none },
            [line.side as End["side"]]: { drops: line.drops, retransmits: line.retransmits },
          });
        } else {
          ledger.batches.push(line);
          sockets = line.first + line.count;
        }
      }
    },
    async end() {
      await stdin.close();
      const { code } = await child.status;
      if (code !== 0) throw ended();
    },
  };
}
