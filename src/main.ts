// The composition root: the only module that knows the tools, the kernel behind FFI and this process.
import { openKernel } from "../ffi/kernel.ts";
import { tools } from "../tools/mod.ts";
import { asset, runtime } from "./asset.ts";
import { parse, toRun } from "./cli.ts";
import { BadInput, CannotRun } from "./failure.ts";
import { isCallError } from "./kernel.ts";
import { isAdmin } from "./obstacle.ts";
import { runStream } from "./run.ts";
import { openTerminal, printError } from "./terminal.ts";
import type { Tool } from "./tool.ts";
import type { Build } from "./version.ts";

/** How long memory that V8's compiler has freed may stay. */
const GIVE_BACK_PERIOD_MS = 60_000;
const OK = 0, CANNOT_RUN = 1, BAD_INPUT = 2;

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  const load = Object.hasOwn(tools, name ?? "") ? tools[name ?? ""] : undefined;
  if (load) {
    await runTool((await load()).default, rest);
    return OK;
  }
  const { runCommand } = await import("./command.ts");
  return await runCommand(args, { tools, newKernel, build, print, asset });
}

async function runTool(tool: Tool, args: readonly string[]): Promise<void> {
  const { help, values } = parse(tool, args);
  if (help) return print((await import("./help.ts")).toolHelp(tool));
  const kernel = newKernel(values);
  const run = toRun(tool, values);
  const runMode = tool.sample
    ? (await import("./sample.ts")).runSample
    : run.counting
    ? (await import("./count.ts")).runCount
    : runStream;
  await runMode(run, kernel, openTerminal(kernel));
}

function print(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

function build(): Build {
  return { ...JSON.parse(new TextDecoder().decode(asset("build.json"))), runtime: runtime() };
}

/** The kernel as the common options want it. */
function newKernel(values: ReadonlyMap<string, unknown>) {
  const path = values.get("libbpf") as string | undefined;
  const kernel = openKernel({
    libbpf: path,
    // Before 1.5, libbpf gives up where it may not list the BTF of modules, for which it takes CAP_SYS_ADMIN.
    oldestLibbpfMinor: isAdmin(Deno.readTextFileSync("/proc/self/status")) ? 1 : 5,
    asset,
    ...values.has("debug") && { debug: (message: string) => Deno.stderr.writeSync(new TextEncoder().encode(message)) },
  });
  if (path !== undefined && kernel.isSecure()) {
    throw new CannotRun(
      "--libbpf would run foreign code with the rights of this file's capabilities: run nettrace as root for it.",
    );
  }
  Deno.unrefTimer(setInterval(() => kernel.giveMemoryBack(), GIVE_BACK_PERIOD_MS));
  return kernel;
}

/** The exit code for an error, after saying what is to be said of it. */
function explain(error: unknown): number {
  if (error instanceof BadInput) {
    printError(error.message);
    return BAD_INPUT;
  }
  if (error instanceof CannotRun) printError(error.message);
  else if (error instanceof Deno.errors.BrokenPipe) return OK;
  else if (isCallError(error)) printError(`${error.message}. \`nettrace doctor\` tells what this machine lacks.`);
  else {printError(
      `internal error: ${error instanceof Error ? error.message : error}. Please report it with the command line.`,
    );}
  return CANNOT_RUN;
}

let code: number;
try {
  code = await main(Deno.args);
} catch (error) {
  code = explain(error);
}
Deno.exit(code); // now, not when a wait that is still in flight ends
