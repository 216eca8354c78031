import { parseOptions } from "../cli.ts";
import { BadInput } from "../failure.ts";
import { harmlessJson } from "../output/text.ts";
import { openRecording } from "../record/reader.ts";
import type { Build } from "../version.ts";
import { PAGE_ROWS, report, TEXT_ROWS } from "./declaration.ts";
import { reportHtml } from "./html.ts";
import { reportJson } from "./json.ts";
import { checkOutputFile, writeOutputFile } from "./output_file.ts";
import { newProgress } from "./progress.ts";
import { summarise } from "./summary.ts";
import { reportText } from "./text.ts";

/** What it works with. */
export interface ReportWorld {
  build(): Build;
  asset(name: string): Uint8Array;
  print(text: string): void;
}

/** Runs `nettrace report` with these arguments. Throws BadInput with a sentence that says what to type, and CannotRun. */
export async function runReport(args: readonly string[], world: ReportWorld): Promise<void> {
  const { help, values, operands } = parseOptions(report, args, { options: report.options, operand: "file" });
  if (help) return world.print((await import("../help.ts")).commandHelp(report));
  if (operands.length === 0) {
    throw new BadInput("Type what to report on: files or directories of recordings, or - for standard input.");
  }
  const html = values.get("html") as string | undefined, asked = values.get("top") as number | undefined;
  const since_ms = values.get("since") as number | undefined, until_ms = values.get("until") as number | undefined;
  if (html !== undefined) checkOutputFile(html);
  const progress = Deno.stderr.isTerminal() ? newProgress(stderr) : undefined;
  const range = { ...since_ms !== undefined && { since_ms }, ...until_ms !== undefined && { until_ms } };
  using recording = openRecording(operands, range);
  const step = () => progress?.step(recording.bytesRead(), recording.bytes);
  const made = summarise(recording, range, world.build().version, step);
  progress?.end();
  if (html !== undefined) {
    const page = new TextDecoder().decode(world.asset("report.html"));
    writeOutputFile(html, reportHtml(made(asked ?? PAGE_ROWS), page));
  }
  if (values.has("json")) world.print(harmlessJson(reportJson(made(asked ?? PAGE_ROWS))) + "\n");
  else world.print(reportText(made(asked ?? TEXT_ROWS)));
}

const stderr = {
  write: (text: string) => void Deno.stderr.writeSync(new TextEncoder().encode(text)),
  now_ms: () => performance.now(),
};
