import { Command, CommanderError, Option as Flag } from "commander";
import { BadInput } from "./failure.ts";
import type { Fill } from "./filter.ts";
import { common, type Constant, type Option, type Options } from "./option.ts";
import type { Run } from "./run.ts";
import { show } from "./show.ts";
import type { Tool } from "./tool.ts";

/**
 * All options of a tool: its own first, then those that every tool has, unless it has its own form of one; those about
 * records of a ring, if it has one, and about what it keeps of sockets, if it does.
 */
export function allOptions(tool: Tool): Options {
  const { buffer, sockets, ...others } = common;
  const { event, perSocket } = tool.layout;
  return { ...tool.options, ...others, ...event && { buffer, show }, ...perSocket && { sockets }, ...tool.options };
}

/** A parsed command line: what was asked for, with options by long name. */
export interface Parsed {
  help: boolean;
  values: ReadonlyMap<string, unknown>;
  /** What is no option and not the tool's, in order. */
  operands: readonly string[];
}

/** Parses the arguments of a tool. Throws BadInput with a sentence that says what to type. */
export function parse(tool: Tool, args: readonly string[]): Parsed {
  return parseOptions(tool, args, { options: allOptions(tool) });
}

/** What a command line is for. */
type Subject = Pick<Tool, "name" | "positionals">;

/**
 * Parses arguments by these options and the subject's arguments by place; `operand` is what others are called where
 * there may be some. Throws BadInput with a sentence that says what to type.
 */
export function parseOptions(
  tool: Subject,
  args: readonly string[],
  { options, operand }: { options: Options; operand?: string },
): Parsed {
  const command = new Command(tool.name).helpOption(false).exitOverride().allowExcessArguments(false)
    .configureOutput({ writeErr: () => {}, writeOut: () => {} });
  command.addOption(new Flag("-h, --help"));
  for (const [name, option] of Object.entries(options)) command.addOption(flag(name, option));
  for (const { name } of tool.positionals ?? []) command.argument(`[${name}]`);
  if (operand !== undefined) command.argument(`[${operand}...]`);
  try {
    command.parse(expandPrefixes(args, ["help", ...Object.keys(options)]), { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) throw new BadInput(sentence(tool, error));
    throw error;
  }
  const typed = command.opts<Record<string, string | boolean>>();
  const values = new Map<string, unknown>();
  for (const [name, option] of Object.entries(options)) {
    const value = typed[camelCase(name)];
    if (value === undefined) continue;
    const other = [option.excludes ?? []].flat().find((other) => typed[camelCase(other)] !== undefined);
    if (other !== undefined) {
      throw new BadInput(
        `${spelled(name, option)} and ${spelled(other, options[other])} exclude each other: give one of them.`,
      );
    }
    values.set(name, option.parse ? option.parse(String(value)) : value);
    if (option.implies !== undefined) values.set(option.implies, true);
  }
  for (const [i, { name, parse }] of (tool.positionals ?? []).entries()) {
    const text = command.args[i];
    if (text !== undefined) values.set(name, parse(text));
  }
  const help = typed["help"] === true;
  const missing = Object.entries(options).find(([name, option]) => option.required && !values.has(name));
  if (missing && !help) {
    const [name, option] = missing;
    throw new BadInput(`${tool.name} needs ${spelled(name, option)}: ${option.help}.`);
  }
  return { help, values, operands: command.args.slice(tool.positionals?.length ?? 0) };
}

/** The name under which commander has the value of an option. */
function camelCase(name: string): string {
  return new Flag(`--${name}`).attributeName();
}

function flag(name: string, option: Option): Flag {
  const short = option.short === undefined ? "" : `-${option.short}, `;
  const argument = option.argument === undefined ? "" : ` <${option.argument}>`;
  return new Flag(`${short}--${name}${argument}`, option.help);
}

/** An option as people type it: -4/--ipv4. */
export function spelled(name: string, option: Option | undefined): string {
  return option?.short === undefined ? `--${name}` : `-${option.short}/--${name}`;
}

/** Completes long options that are cut short but unambiguous, as argparse does: --tim is --time or --timestamp. */
function expandPrefixes(args: readonly string[], names: readonly string[]): string[] {
  const end = args.indexOf("--");
  return args.map((arg, i) => {
    if (!arg.startsWith("--") || arg === "--" || (end >= 0 && i > end)) return arg;
    const [typed = "", value] = split(arg.slice(2));
    if (names.includes(typed)) return arg;
    const matches = names.filter((name) => name.startsWith(typed));
    if (matches.length > 1) {
      throw new BadInput(`--${typed} could be ${matches.map((m) => `--${m}`).join(" or ")}: type more of it.`);
    }
    return matches.length === 1 ? `--${matches[0]}${value ?? ""}` : arg;
  });
}

/** The name of `name=value`, and the rest with its sign. */
function split(text: string): [name: string, value?: string] {
  const at = text.indexOf("=");
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at)];
}

/** commander's message as one sentence: without its prefix, stops and line breaks, and with where help is. */
function sentence(tool: Subject, error: CommanderError): string {
  const [what = "", hint] = error.message.replace(/^error: /, "").split("\n");
  const places = tool.positionals?.map((p) => p.name).join(" and ");
  const text = what.startsWith("too many arguments") || what.startsWith("Expected ")
    ? `${tool.name} takes ${places ? `${places} and options` : "options only"}, and no other arguments`
    : what.charAt(0).toUpperCase() + what.slice(1);
  const suggestion = hint?.replace(/^\(Did you mean (.*)\?\)$/, "; did you mean $1") ?? "";
  return `${text}${suggestion}; \`nettrace ${tool.name} --help\` lists what it takes.`;
}

/** What a parsed command line asks of the kernel and the output. */
export function toRun(tool: Tool, values: ReadonlyMap<string, unknown>, options: Options = allOptions(tool)): Run {
  const constants: Record<string, Constant> = { ...tool.constants };
  const fills: Fill[] = [];
  const programs: string[] = [];
  const last: { program: string; map: string }[] = [];
  const pinned: { map: string; path: string; keySize: number }[] = [];
  for (const [name, option] of Object.entries(options)) {
    const value = values.get(name);
    if (value === undefined) continue;
    Object.assign(constants, option.constants?.(value));
    programs.push(...option.programs ?? []);
    if (option.last) last.push(option.last);
    if (option.fill) fills.push(option.fill(value));
    if (option.pinned) pinned.push({ ...option.pinned, path: String(value) });
  }
  for (const { name, constants: set } of tool.positionals ?? []) {
    if (values.has(name)) Object.assign(constants, set?.(values.get(name)));
  }
  return {
    tool,
    constants,
    fills,
    programs,
    last,
    pinned,
    plan: values.get("plan") as string | undefined,
    buffer_bytes: (values.get("buffer") as number | undefined) ?? DEFAULT_BUFFER_BYTES,
    sockets: values.get("sockets") as number | undefined,
    format: values.has("json") ? "json" : values.has("csv") ? "csv" : "table",
    given: values,
    counting: tool.count !== undefined && values.has(tool.count.option),
  };
}

const DEFAULT_BUFFER_BYTES = 2 * 1024 * 1024;
