import { BAD_COMMAND_LINE, type Declaration } from "../declaration.ts";
import { BadInput } from "../failure.ts";
import type { Options } from "../option.ts";
import { replay } from "../replay/declaration.ts";

/** Rows that a table has unless --top says otherwise. */
export const TEXT_ROWS = 10, PAGE_ROWS = 200;

const ROWS_MOST = 1000;

function parseTop(text: string): number {
  const n = Number(text);
  if (/^[0-9]+$/.test(text) && n >= 1 && n <= ROWS_MOST) return n;
  throw new BadInput(`--top takes how many rows a table may have, from 1 to ${ROWS_MOST}, and not '${text}'.`);
}

const options = {
  json: { help: "print the summary as one JSON object" },
  html: {
    argument: "FILE",
    help: "write a page with charts and tables, too: one file, which loads nothing from elsewhere",
    complete: "file",
  },
  top: {
    argument: "N",
    help: `rows of a table at most (default: ${TEXT_ROWS}, in JSON and on the page ${PAGE_ROWS})`,
    parse: parseTop,
  },
  ...replay.options, // since and until
} as const satisfies Options;

/** `nettrace report`. */
export const report = {
  name: "report",
  argument: "[OPTION]... FILE|DIR...",
  summary: "Sum up recordings, in text, JSON or a page with charts",
  description: [
    "Reads recordings, or what a tool printed with --json (- for standard input), and tells who moved how much, which " +
    "connects were slow or failed, what was sent again or dropped, and what the recordings lack. DIR stands for all " +
    "recordings in it.",
    "Totals, rates and the largest values are exact, and percentiles right within 2 %. Memory does not grow with the " +
    "recordings: where there are too many names to tell all of them apart, a row says what it may lack at most.",
  ],
  options,
  operand: "file",
  examples: [
    { command: "report /var/log/nettrace", does: "all that was recorded there" },
    { command: "report --html report.html /var/log/nettrace", does: "and a page to pass on" },
    { command: "report --since -1h /var/log/nettrace", does: "the last hour" },
    { command: "report --json --top 5 tcplife-web1-20261120T060000Z.jsonl.zst", does: "for a script" },
  ],
  capabilities: [],
  exits: [
    ["0", "There is a report; it says what of the recordings is missing."],
    ["1", "A file cannot be read or written; a sentence on standard error says why."],
    BAD_COMMAND_LINE,
  ],
} as const satisfies Declaration;
