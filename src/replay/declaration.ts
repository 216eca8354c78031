import { BAD_COMMAND_LINE, type Declaration } from "../declaration.ts";
import type { Options } from "../option.ts";
import { parseMoment } from "./moment.ts";

const options = {
  since: {
    argument: "TIME",
    help: "from then on: 2026-11-20T06:00:00Z, '2026-11-20 06:00' or 06:00 (local), or -10m for ten minutes ago",
    parse: (text: string) => parseMoment(text, new Date()),
  },
  follow: { help: "go on with what is recorded from now on, until SIGINT" },
  until: { argument: "TIME", help: "up to then", parse: (text: string) => parseMoment(text, new Date()) },
} as const satisfies Options;

/** `nettrace replay`. */
export const replay = {
  name: "replay",
  argument: "[TOOL] FILE|DIR|-... [OPTION]... [TOOL'S OPTION]...",
  summary: "Show what was recorded as the tool would have",
  description: [
    "Shows what record recorded as the tool would have shown it: with its options for the output (-t, -w, --json, " +
    "--csv, ...) and its filters (--pid, --rport, --laddr, ...). Of a recording of several tools, TOOL says which; " +
    "without it, --json shows the events of all of them by time. With TOOL, --help shows all that it takes.",
    "What a recording lacks is said on standard error: events that were lost, and files that were cut short.",
  ],
  options,
  operand: "file",
  examples: [
    { command: "replay tcplife /var/lib/nettrace", does: "the sessions recorded there" },
    { command: "replay tcplife rec -t --rport 5432 --since 06:00", does: "those with a port, from six on" },
    { command: "replay tcpretrans rec --follow", does: "what is there, and what comes" },
    { command: "replay rec --json", does: "all tools' events by time" },
  ],
  capabilities: [],
  exits: [
    ["0", "All was shown, or nobody read the output any more."],
    ["1", "A file cannot be read; a sentence on standard error says why."],
    BAD_COMMAND_LINE,
  ],
} as const satisfies Declaration;
