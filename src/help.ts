import { allOptions } from "./cli.ts";
import type { Declaration, Listed } from "./declaration.ts";
import type { Option } from "./option.ts";
import type { Tool } from "./tool.ts";

const WIDTH = 79, INDENT = 24;

/** A tool's help in the shape of bcc's: usage line, description, options, examples. */
export function toolHelp(tool: Tool): string {
  const options = Object.entries(allOptions(tool));
  const listed: [string, string][] = [
    ["-h, --help", "show this help message and exit"],
    ...options.map(([name, option]): [string, string] => [invocation(name, option), option.help]),
  ];
  const widest = Math.max(...tool.examples.map((e) => e.command.length));
  return [
    usage(tool),
    "",
    tool.summary,
    "",
    ...tool.positionals ? ["positional arguments:", ...tool.positionals.map((p) => entry(p.name, p.help)), ""] : [],
    "options:",
    ...listed.map(([left, right]) => entry(left, right)),
    "",
    "examples:",
    ...tool.examples.map((e) => `    nettrace ${e.command.padEnd(widest)}  # ${e.does}`),
    "",
  ].join("\n");
}

/** The help of a command that is no tool, in the same shape. */
export function commandHelp({ name, argument, summary, description, options, examples }: Declaration): string {
  const listed = Object.entries(options).map(([name, option]) => entry(invocation(name, option), option.help));
  const paragraphs = description.flatMap((text) => [wrap(text.split(" "), ""), ""]);
  return [
    wrap(argument.split(" "), `usage: nettrace ${name} `),
    "",
    summary,
    "",
    ...paragraphs,
    "options:",
    entry("-h, --help", "show this help message and exit"),
    ...listed,
    "",
    "examples:",
    ...examples.flatMap((e) => [`    # ${e.does}`, `    nettrace ${e.command}`]),
    "",
  ].join("\n");
}

/** All tools and commands, a line each. */
export function listing(
  tools: readonly Tool[],
  commands: readonly Listed[],
): string {
  return [
    "usage: nettrace TOOL [options]",
    "       nettrace COMMAND",
    "",
    "Traces what TCP and the network stack do on this machine.",
    "",
    "tools:",
    ...tools.map((tool) => entry(tool.name, tool.summary)),
    "",
    "commands:",
    ...commands.map((c) => entry(`${c.name} ${c.argument}`.trim(), c.summary)),
    "",
    "`nettrace TOOL --help` shows a tool's options and examples.",
    "",
  ].join("\n");
}

/** The usage line, wrapped under its first option. */
export function usage(tool: Tool): string {
  const options = Object.entries(allOptions(tool));
  const parts = ["[-h]"];
  for (const [name, option] of options) {
    const before = options.find(([other, o]) => o.excludes === name && option.excludes === other);
    const one = short(name, option);
    if (before && parts.at(-1) === `[${short(before[0], before[1])}]`) {
      parts[parts.length - 1] = `[${short(before[0], before[1])} | ${one}]`;
    } else parts.push(option.required ? one : `[${one}]`);
  }
  parts.push(...(tool.positionals ?? []).map((p) => `[${p.name}]`));
  return wrap(parts, `usage: nettrace ${tool.name} `);
}

function short(name: string, option: Option): string {
  const dashed = option.short === undefined ? `--${name}` : `-${option.short}`;
  return option.argument === undefined ? dashed : `${dashed} ${option.argument}`;
}

/** An option with all its spellings, as in "-p, --pid PID". */
export function invocation(name: string, option: Option): string {
  const long = option.argument === undefined ? `--${name}` : `--${name} ${option.argument}`;
  return option.short === undefined ? long : `-${option.short}, ${long}`;
}

function entry(left: string, right: string): string {
  const head = `  ${left}`;
  const text = wrap(right.split(" "), " ".repeat(INDENT));
  return head.length + 2 <= INDENT ? head + text.slice(head.length) : `${head}\n${text}`;
}

/** Parts in lines of the terminal's usual width; the first line starts with `head`, the others are set in as far. */
function wrap(parts: readonly string[], head: string): string {
  const lines: string[] = [];
  let line = head;
  for (const part of parts) {
    if (line.length > head.length && line.length + part.length > WIDTH) {
      lines.push(line.trimEnd());
      line = " ".repeat(head.length);
    }
    line += part + " ";
  }
  return [...lines, line.trimEnd()].join("\n");
}
