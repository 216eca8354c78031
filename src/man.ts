import { allOptions } from "./cli.ts";
import { BAD_COMMAND_LINE, type Declaration, isDeclared, type Listed } from "./declaration.ts";
import { invocation, usage } from "./help.ts";
import { type Column, recordColumns, sampleColumns, timeColumns } from "./column.ts";
import { type Declared, declaredNeeds, keptText, needText } from "./needs.ts";
import { showable } from "./show.ts";
import type { Tool } from "./tool.ts";

const shownFields = Object.values(showable).map(({ key, description }) => [key, description] as const);

/** The manual page of a tool, section 8, as roff source. */
export function manual(tool: Tool, version: string): string {
  const table = tool.columns.filter((c) => c.heading !== undefined);
  const isNamed = (c: Column) => keyOf(c.heading ?? "") === c.key;
  const shown = new Set<string>([...table.filter(isNamed).map((c) => c.key), ...timeColumns.map((c) => c.key)]);
  const records = tool.sample ? sampleColumns(tool.name, tool.columns) : recordColumns(tool.name, tool.columns);
  const recordOnly = records.filter((c) => !shown.has(c.key));
  return [
    ...head(tool, version),
    roff(usage(tool).replace(`usage: nettrace ${tool.name}`, "").replace(/\s+/g, " ").trim()),
    ".SH DESCRIPTION",
    roff(tool.description),
    ".SH OPTIONS",
    ...entries((tool.positionals ?? []).map((p) => [p.name, p.help])),
    ...entries([["-h, --help", "show this help message and exit"]]),
    ...entries(Object.entries(allOptions(tool)).map(([name, o]) => [invocation(name, o), o.help])),
    ".SH PLANS",
    roff(
      "A plan is a set of kernel hooks. The first of these that works is used; nettrace doctor tells which do, and why others do not.",
    ),
    ...entries(tool.plans.map((p) => [p.name, p.programs.map((program) => tool.layout.programs[program]).join(", ")])),
    ".SH CAPABILITIES",
    ...needed(declaredNeeds(tool)),
    ".PP",
    roff(keptText(declaredNeeds(tool))),
    ".SH FIELDS",
    ...entries(table.map((c) => [c.heading ?? "", c.description])),
    roff("\\&"),
    roff("Records in JSON and CSV have the same fields in lower case, and:"),
    ...entries(recordOnly.map((c) => [c.key, c.description])),
    ...tool.layout.event ? [roff("\\&"), roff("With --show:"), ...entries(shownFields)] : [],
    ...countFields(tool),
    ".SH EXAMPLES",
    ...examples(tool),
    ".SH OVERHEAD",
    roff(tool.overhead),
    ".SH CAVEATS",
    ...paragraphs(tool.caveats),
    ".SH EXIT STATUS",
    ...entries([
      ["0", "Ended by SIGINT, SIGTERM or SIGHUP, or because nobody read the output any more."],
      ["1", "This machine or moment cannot do it; a sentence on standard error says why and what to do."],
      BAD_COMMAND_LINE,
      ["130", "A second signal came before the summary was written."],
    ]),
    ".SH SEE ALSO",
    ".BR bpf (2)",
    "",
  ].join("\n");
}

/** The manual page of a command that is no tool, section 8, as roff source. */
export function commandManual(command: Declaration, version: string): string {
  const { argument, description, options, signals, environment, files, exits } = command;
  const section = (title: string, list: Declaration["exits"] | undefined) =>
    list ? [`.SH ${title}`, ...entries(list)] : [];
  return [
    ...head(command, version),
    roff(argument),
    ".SH DESCRIPTION",
    ...paragraphs(description),
    ".SH OPTIONS",
    ...entries([["-h, --help", "show this help message and exit"]]),
    ...entries(Object.entries(options).map(([name, o]) => [invocation(name, o), o.help])),
    ".SH EXAMPLES",
    ...examples(command),
    ".SH CAPABILITIES",
    ...commandNeeds(command),
    ...section("SIGNALS", signals),
    ...section("ENVIRONMENT", environment),
    ...section("FILES", files),
    ...section("EXIT STATUS", exits),
    "",
  ].join("\n");
}

function needed(needs: readonly Declared[]): string[] {
  return entries(needs.map((need) => [need.capability, needText(need)]));
}

function commandNeeds({ capabilities, operand }: Declaration): string[] {
  if (operand !== "tools") return [roff("None: it reads and writes what its user may.")];
  return [
    roff("Those that its tools need, as their manual pages tell, and:"),
    ...needed(capabilities),
    ".PP",
    roff("Once it records, it keeps these only where the directory asks for them, and what its tools need later."),
  ];
}

function paragraphs(texts: readonly string[]): string[] {
  return texts.flatMap((text, i) => i > 0 ? [".PP", roff(text)] : [roff(text)]);
}

/** The manual page that leads to all others, as roff source. */
export function overview(tools: readonly Tool[], commands: readonly Listed[], version: string): string {
  const pages = [...tools, ...commands.filter(isDeclared)].map(({ name }) => name);
  return [
    `.TH NETTRACE 8 "" "nettrace ${version}" "System Administration"`,
    ".SH NAME",
    roff("nettrace - trace TCP and the network stack"),
    ".SH SYNOPSIS",
    ".B nettrace",
    roff("TOOL [OPTION]..."),
    ".br",
    ".B nettrace",
    roff("COMMAND [ARGUMENT]..."),
    ".SH DESCRIPTION",
    roff("Shows what TCP and the network stack do on this machine, as it happens, and records it."),
    ".SH TOOLS",
    ...entries(tools.map(({ name, summary }) => [name, summary])),
    ".SH COMMANDS",
    ...entries(commands.map(({ name, argument, summary }) => [`${name} ${argument}`.trim(), summary])),
    ".SH SEE ALSO",
    ...pages.map((name, i) => `.BR ${roff(`nettrace-${name}`)} (8)${i < pages.length - 1 ? " ," : ""}`),
    "",
  ].join("\n");
}

/** What a page begins with, up to what follows the name in its synopsis. */
function head({ name, summary }: { name: string; summary: string }, version: string): string[] {
  return [
    `.TH NETTRACE-${name.toUpperCase()} 8 "" "nettrace ${version}" "System Administration"`,
    ".SH NAME",
    roff(`nettrace-${name} - ${summary}`),
    ".SH SYNOPSIS",
    `.B nettrace ${name}`,
  ];
}

function examples({ examples }: Pick<Declaration, "examples">): string[] {
  return examples.flatMap((e) => [".TP", roff(`${capitalised(e.does)}:`), `.B nettrace ${roff(e.command)}`]);
}

/** A heading in lower case, as most keys are: LAT(ms) is lat_ms. */
function keyOf(heading: string): string {
  return heading.toLowerCase().replace(/\W+/g, "_").replace(/^_|_$/g, "");
}

function countFields({ count }: Tool): string[] {
  if (!count) return [];
  const fields = count.columns.filter((c) => c.heading !== undefined);
  return [
    roff("\\&"),
    roff(`With --${count.option} there is a row for each count, at the end:`),
    ...entries(fields.map((c) => [c.heading ?? "", c.description])),
  ];
}

function entries(list: readonly (readonly [string, string])[]): string[] {
  return list.flatMap(([term, text]) => [".TP", `.B ${roff(term)}`, roff(text)]);
}

/** Text that roff prints as it is: dashes are dashes, and no line begins with a control character. */
function roff(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\\\\&", "\\&").replaceAll("-", "\\-").replace(/^([.'])/gm, "\\&$1");
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
