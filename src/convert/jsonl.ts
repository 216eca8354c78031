import type { FileFormat } from "./format.ts";
import { lineWriter } from "./lines.ts";

/** The records themselves, a line each, as `--json` prints them. */
export const jsonl: FileFormat = {
  ending: "jsonl",
  perTable: false,
  open: (output) => lineWriter(output, "", (event) => JSON.stringify(event) + "\n"),
};
