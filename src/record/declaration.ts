import type { Need } from "../capability.ts";
import { BAD_COMMAND_LINE, type Declaration } from "../declaration.ts";
import type { Options } from "../option.ts";
import { COMPRESSIONS } from "./frame.ts";

/** What `--on-full` takes. */
export const ON_FULL = ["stop", "drop-oldest"] as const;

const options = {
  output: {
    short: "o",
    argument: "DIR",
    help: "the directory of the recording, which is made if it is not there (default: .)",
    complete: "file",
  },
  for: { argument: "TIME", help: "stop after so long, as in 10m", excludes: "until" },
  until: { argument: "HH:MM", help: "stop at this time of the day", excludes: "for" },
  rotate: {
    argument: "TIME|SIZE",
    help: "begin new files each hour, day, ... (1h, 1d), or one that has so much (100M); default 1h",
  },
  keep: {
    argument: "TIME|SIZE",
    help: "remove the oldest of this host's files that are older (7d), or beyond so much (10G)",
  },
  compress: { argument: "HOW", help: "zstd (default), gzip or none", complete: COMPRESSIONS },
  "on-full": {
    argument: "HOW",
    help: "when the disk is full: stop (default), or drop-oldest to remove the oldest of this host's files",
    complete: ON_FULL,
  },
} as const satisfies Options;

/** What it takes to make files in a directory, and to remove files of others from it. */
export const NEEDS = {
  write: {
    capability: "CAP_DAC_OVERRIDE",
    what: "to make files in a directory that the user may not write to",
    later: true,
  },
  remove: {
    capability: "CAP_FOWNER",
    what: "to remove files of others from a sticky directory that is not the user's",
    later: true,
  },
} as const satisfies Record<string, Need>;

/** `nettrace record`. */
export const record = {
  name: "record",
  argument: "[OPTION]... TOOL [OPTION]... [+ TOOL [OPTION]...]...",
  summary: "Record what tools show into files",
  description: [
    "Writes the events of one or more tools into a directory, for replay, report and convert. A tool's own options " +
    "stand behind its name, and a + between two tools.",
    "What came is on its way to the disk within about a second, so that a crash costs no more. What is lost is " +
    "counted, by cause, in the recording and on standard error.",
  ],
  options,
  operand: "tools",
  examples: [
    {
      command: "record -o rec --for 10m tcplife + tcpconnect --result",
      does: "sessions and connects of ten minutes",
    },
    { command: "record -o rec --keep 7d tcpdrop --show unit", does: "drops, for a week, until Ctrl-C" },
    { command: "record -o rec --until 06:00 --rotate 100M --keep 10G tcpaccept", does: "until six, 10 GB at most" },
  ],
  capabilities: [NEEDS.write, NEEDS.remove],
  signals: [
    ["SIGINT, SIGTERM", "end the recording; a second one ends it at once, with what was written until then"],
    ["SIGHUP", "begins new files"],
  ],
  environment: [
    [
      "NOTIFY_SOCKET",
      "where systemd is told that recording began, goes on and ends (Type=notify, WatchdogSec=); nothing else of the " +
      "environment is heeded",
    ],
  ],
  files: [
    ["TOOL-HOST-TIME.jsonl.zst", "events of a tool; the name ends with .open until the file is whole"],
  ],
  exits: [
    ["0", "Ended by SIGINT, SIGTERM, --for or --until, or because each tool had made the reports asked for."],
    [
      "1",
      "This machine or moment cannot do it, or the disk is full or fails; a sentence on standard error says what to do.",
    ],
    BAD_COMMAND_LINE,
    ["130", "A second signal came before the recording was closed."],
  ],
} as const satisfies Declaration;
