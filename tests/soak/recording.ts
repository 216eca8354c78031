// What a recorder wrote, judged as if a tool had printed it.
import { commandLine, type Summary } from "../live/nettrace.ts";
import { miscounts, type Outcome } from "./judge.ts";
import type { Ledger } from "./ledger.ts";
import { tallies } from "./tallies.ts";
import { linesOf } from "../live/lines.ts";

/** The tools that are recorded together. */
export const TOOLS = ["tcplife", "tcpconnect", "tcpaccept", "tcptracer"];

/** Replays what was recorded of each tool, and judges it. */
export async function replay(directory: string, ledger: Ledger): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const tool of TOOLS) {
    const tally = tallies[tool]!();
    const [command, args] = commandLine(["replay", tool, directory, "--json"]);
    const child = new Deno.Command(command, { args, stdin: "null", stdout: "piped" }).spawn();
    let summary: Summary = { printed: 0, lost: 0, lost_by: {} };
    for await (const line of linesOf(child.stdout)) {
      const row = JSON.parse(line);
      if (row.summary) summary = row.summary;
      else tally.take(row);
    }
    const { code } = await child.status, verdict = tally.judge(ledger);
    const failures = [...miscounts(verdict, summary), ...code === 0 ? [] : [`replay ended with ${code}`]];
    outcomes.push({ tool: `${tool}, recorded`, verdict, summary, failures });
  }
  return outcomes;
}
