// A nettrace that runs all the while, is watched, and of which every row is taken.
import { linesOf } from "../live/lines.ts";
import { commandLine, type Summary, waits } from "../live/nettrace.ts";
import { type Usage, usageOf } from "./process.ts";
import type { Row } from "./tally.ts";

/** One that runs. */
export interface Tracer {
  readonly name: string;
  readonly pid: number;
  /** What it has now. */
  look(): Usage;
  /** Ends it, and returns what it says at the end. Throws if it says anything else, or fails. */
  end(): Promise<Summary>;
}

const NOTHING: Summary = { printed: 0, lost: 0, lost_by: {} };

/** Starts nettrace and returns when it traces; gives each of its records to `take`. Throws if it ends before. */
export async function startTracer(name: string, args: readonly string[], take: (row: Row) => void): Promise<Tracer> {
  const [command, words] = commandLine(args);
  const child = new Deno.Command(command, { args: words, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
  const complaints = new Response(child.stderr).text();
  let ended = false, summary = NOTHING;
  const read = (async () => {
    for await (const line of linesOf(child.stdout)) {
      const row = JSON.parse(line);
      if (row.summary) summary = row.summary;
      else take(row);
    }
  })();
  const status = child.status.finally(() => ended = true);
  while (!ended && !traces(child.pid)) await new Promise((next) => setTimeout(next, 10)); // of a poll that ends with it
  if (ended) throw new Error(`nettrace ${args.join(" ")} ended: ${await complaints}`);
  return {
    name,
    pid: child.pid,
    look: () => usageOf(child.pid),
    async end() {
      child.kill("SIGINT");
      const [{ code }, complaint] = await Promise.all([status, complaints, read]);
      if (code !== 0) throw new Error(`nettrace ${args.join(" ")} ended with ${code}: ${complaint}`);
      if (complaint !== "") console.error(`${name}: ${complaint.trim()}`);
      return summary;
    },
  };
}

function traces(pid: number): boolean {
  try {
    return waits(pid);
  } catch {
    return false; // it has just ended
  }
}
