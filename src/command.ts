import { Command, CommanderError } from "commander";
import { BadInput } from "./failure.ts";
import { convert } from "./convert/declaration.ts";
import { type Declaration, isDeclared, type Listed } from "./declaration.ts";
import type { Kernel } from "./kernel.ts";
import { harmlessJson } from "./output/text.ts";
import { record } from "./record/declaration.ts";
import { replay } from "./replay/declaration.ts";
import { report } from "./report/declaration.ts";
import type { Outputs } from "./terminal.ts";
import type { Tool } from "./tool.ts";
import type { Build } from "./version.ts";

/** What the commands that are no tool work with. */
export interface World {
  tools: Readonly<Record<string, () => Promise<{ default: Tool }>>>;
  newKernel(values: ReadonlyMap<string, unknown>): Kernel & Outputs;
  build(): Build;
  /** Writes text to standard output. */
  print(text: string): void;
  /** The bytes of a file that belongs to the executable. */
  asset(name: string): Uint8Array;
}

/** Every command that is no tool, with what it does: help, completion and the manual list them from here. */
export const commands = [
  { name: "help", argument: "[TOOL|COMMAND]", summary: "List the tools, or show the help of one" },
  {
    name: "doctor",
    argument: "[--json]",
    summary: "Tell what this machine allows, and which plan each tool would use",
  },
  { name: "man", argument: "[TOOL|COMMAND]", summary: "Print the manual page of a tool, for `man -l -`" },
  {
    name: "schema",
    argument: "TOOL [--recording]",
    summary: "Print the JSON Schema of a tool's records, or of the lines of its recordings",
  },
  record,
  replay,
  convert,
  report,
  { name: "completions", argument: "SHELL", summary: "Print the completion script for bash, zsh or fish" },
  { name: "version", argument: "", summary: "Tell the versions of nettrace and of what it runs on" },
] as const;

/** Runs a command that is no tool; returns the exit code. Throws BadInput for what is none. */
export async function runCommand(args: readonly string[], world: World): Promise<number> {
  const [first, ...rest] = args;
  if (first === "record") return await (await import("./record/record.ts")).record(rest, world).then(() => 0);
  if (first === "replay") return await (await import("./replay/replay.ts")).replay(rest, world).then(() => 0);
  if (first === "convert") return await (await import("./convert/command.ts")).runConvert(rest, world);
  if (first === "report") return await (await import("./report/report.ts")).runReport(rest, world).then(() => 0);
  let code = 0;
  const program = new Command("nettrace").helpOption(false).helpCommand(false).exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: () => {} });
  for (const name of Object.keys(world.tools)) program.command(name); // so that a misspelt one is suggested
  const add = (name: Name) => program.command(name).helpOption(false).allowExcessArguments(false);
  add("help").argument("[tool]").action(async (name?: string) => {
    const help = await import("./help.ts");
    world.print(name === undefined ? help.listing(await all(world), commands) : await helpOf(name, help, world));
  });
  add("doctor").option("--json").action(async ({ json }: { json?: boolean }) => {
    const doctor = await import("./doctor.ts");
    const diagnosis = doctor.diagnose(await all(world), world.newKernel(new Map()), world.build());
    world.print(json ? harmlessJson(diagnosis) + "\n" : doctor.report(diagnosis));
    code = diagnosis.ok ? 0 : 1;
  });
  add("man").argument("[tool]").action(async (name?: string) => {
    const { commandManual, manual, overview } = await import("./man.ts");
    const command = declared.find((c) => c.name === name), { version } = world.build();
    if (name === undefined) return world.print(overview(await all(world), commands, version));
    world.print(command ? commandManual(command, version) : manual(await tool(name, world), version));
  });
  add("schema").argument("<tool>").option("--recording").action(
    async (name: string, { recording }: { recording?: boolean }) => {
      const { schema } = recording ? await import("./record/schema.ts") : await import("./schema.ts");
      world.print(JSON.stringify(schema(await tool(name, world)), null, 2) + "\n");
    },
  );
  add("completions").argument("<shell>").action(async (shell: string) => {
    const { completions } = await import("./completion.ts");
    world.print(completions(shell, await all(world), commands));
  });
  for (const { name } of declared) program.command(name);
  add("version").action(async () => world.print((await import("./version.ts")).versionText(world.build())));
  try {
    await program.parseAsync(normalised(args), { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) throw new BadInput(sentence(error));
    throw error;
  }
  return code;
}

/** The commands that have a page of their own. */
const declared: readonly Declaration[] = (commands as readonly Listed[]).filter(isDeclared);

type Name = (typeof commands)[number]["name"];

/** The words for the options that people type where others have commands. */
function normalised(args: readonly string[]): readonly string[] {
  const [first, ...rest] = args;
  if (first === "--version" || first === "-V") return ["version", ...rest];
  if (first === "--help" || first === "-h") return ["help", ...rest];
  if (first === "--") return normalised(rest);
  if (first === undefined) {
    throw new BadInput("Type the name of a tool, as in `nettrace tcpaccept`; `nettrace help` lists them.");
  }
  return args;
}

function sentence(error: CommanderError): string {
  const [what = "", hint] = error.message.replace(/^error: /, "").split("\n");
  const text = what.replace("command", "tool or command").replace(/\.$/, "");
  const suggestion = hint?.replace(/^\(Did you mean (.*)\?\)$/, " Did you mean $1?") ?? "";
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.${suggestion} \`nettrace help\` lists what there is.`;
}

async function helpOf(name: string, help: typeof import("./help.ts"), world: World): Promise<string> {
  const command = declared.find((c) => c.name === name);
  return command ? help.commandHelp(command) : help.toolHelp(await tool(name, world));
}

async function tool(name: string, world: World): Promise<Tool> {
  const load = Object.hasOwn(world.tools, name) ? world.tools[name] : undefined;
  if (!load) throw new BadInput(`There is no tool '${name}': type one of ${Object.keys(world.tools).join(", ")}.`);
  return (await load()).default;
}

async function all(world: World): Promise<Tool[]> {
  return await Promise.all(Object.values(world.tools).map(async (load) => (await load()).default));
}
