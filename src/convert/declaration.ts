import { BAD_COMMAND_LINE, type Declaration } from "../declaration.ts";
import type { Options } from "../option.ts";

/** The formats, by the names that --to takes. */
export const FORMAT_NAMES = ["parquet", "csv", "jsonl", "otlp-jsonl", "ecs"] as const;

const options = {
  to: { argument: "FORMAT", help: FORMAT_NAMES.join(", "), complete: FORMAT_NAMES },
  output: {
    short: "o",
    argument: "PATH",
    help: "write there and not to standard output: a file, or a directory with a file for each tool (parquet, csv)",
    complete: "file",
  },
  partition: { help: "in the directory, make tool=T/date=D/hour=H (UTC)" },
} as const satisfies Options;

/** `nettrace convert`. */
export const convert = {
  name: "convert",
  argument: "--to FORMAT [OPTION]... FILE|DIR...",
  summary: "Turn recordings into parquet, csv, jsonl, otlp-jsonl or ecs",
  description: [
    "Reads recordings, or what a tool printed with --json (- for standard input). DIR stands for all recordings in it.",
  ],
  options,
  operand: "file",
  examples: [
    { command: "convert --to parquet -o tables/ /var/log/nettrace", does: "a file per tool" },
    { command: "convert --to parquet -o lake/ --partition /var/log/nettrace", does: "a file per tool and hour" },
    { command: "convert --to csv tcplife-web1-20261120T060000Z.jsonl.zst", does: "a table of one tool" },
  ],
  capabilities: [],
  exits: [
    ["0", "All was converted, or nobody read the output any more."],
    ["1", "A file cannot be read or written; a sentence on standard error says why."],
    BAD_COMMAND_LINE,
    ["130", "A signal came; the file that was not complete is removed."],
  ],
} as const satisfies Declaration;
