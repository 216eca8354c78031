import type { Need } from "./capability.ts";
import type { Options } from "./option.ts";

type Entries = readonly (readonly [term: string, text: string])[];

/** A command that is no tool, as lists name it. */
export interface Listed {
  name: string;
  /** What may follow the name, as people read it. */
  argument: string;
  summary: string;
}

/** Of all commands and tools, what the exit status for a command line means that they do not take. */
export const BAD_COMMAND_LINE = [
  "2",
  "The command line asks for what cannot be; a sentence says what to type instead.",
] as const;

/** A command with options of its own: its help, its manual page and its completions are made of this. */
export interface Declaration extends Listed {
  /** Paragraphs. */
  description: readonly string[];
  /** Its own options, without -h, --help. */
  options: Options;
  /** What completes an argument that is no option and no option's. */
  operand: "tools" | "file" | readonly string[];
  /** Command lines without `nettrace`. */
  examples: readonly { does: string; command: string }[];
  /** What it needs besides what its tools do, if it runs any. */
  capabilities: readonly Need[];
  signals?: Entries;
  environment?: Entries;
  files?: Entries;
  exits: Entries;
}

/** True for a command that has a page of its own. */
export function isDeclared(command: Listed): command is Declaration {
  return "options" in command;
}
