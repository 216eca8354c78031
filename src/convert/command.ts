import { parseOptions } from "../cli.ts";
import { printError } from "../terminal.ts";
import type { Tool } from "../tool.ts";
import type { Build } from "../version.ts";
import { convert, type Request } from "./convert.ts";
import { convert as declaration } from "./declaration.ts";

/** What the command takes of its caller. */
interface World {
  readonly tools: Readonly<Record<string, () => Promise<{ default: Tool }>>>;
  build(): Build;
  print(text: string): void;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs `nettrace convert` with these arguments; returns the exit code. Throws BadInput and CannotRun. */
export async function runConvert(args: readonly string[], { tools, build, print }: World): Promise<number> {
  const { help, values, operands } = parseOptions(declaration, args, { options: declaration.options, operand: "file" });
  if (help) {
    print((await import("../help.ts")).commandHelp(declaration));
    return 0;
  }

  const request: Request = { ...Object.fromEntries(values), paths: operands };
  const version = build().version;
  // A wait for somebody to write or to read lets no signal be served, so those end the process then as they always do.
  const waits = request.output === undefined || request.paths.includes("-");
  using signals = waits ? undefined : listen();
  const stopping = () => signals?.came() ?? Promise.resolve(false);
  return await convert(request, { tools, version, warn: printError, stopping });
}

/** Listens for the signals that end the process, so that no file stays behind that is not complete. */
function listen(): Disposable & { came(): Promise<boolean> } {
  let stopped = false;
  const stop = () => void (stopped = true);
  for (const signal of SIGNALS) Deno.addSignalListener(signal, stop);
  return {
    async came() {
      await new Promise((resolve) => setTimeout(resolve)); // signals are told between tasks
      return stopped;
    },
    [Symbol.dispose]() {
      for (const signal of SIGNALS) Deno.removeSignalListener(signal, stop);
    },
  };
}
