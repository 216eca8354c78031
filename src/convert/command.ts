import { Command, CommanderError } from "commander";
import { BadInput } from "../failure.ts";
import { printError } from "../terminal.ts";
import type { Tool } from "../tool.ts";
import type { Build } from "../version.ts";
import { convert, FORMAT_NAMES } from "./convert.ts";
import type { Wanted } from "./destination.ts";

/** What the command takes of its caller. */
interface World {
  readonly tools: Readonly<Record<string, () => Promise<{ default: Tool }>>>;
  build(): Build;
  print(text: string): void;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs `nettrace convert` with these arguments; returns the exit code. Throws BadInput and CannotRun. */
export async function runConvert(args: readonly string[], { tools, build, print }: World): Promise<number> {
  const command = new Command("convert").helpOption(false).exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: () => {} })
    .option("-h, --help").option("--to <format>").option("-o, --output <path>").option("--partition")
    .argument("[paths...]");
  try {
    command.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const [what = ""] = error.message.replace(/^error: /, "").split("\n");
    throw new BadInput(
      `${what.charAt(0).toUpperCase()}${what.slice(1)}; \`nettrace convert --help\` lists what it takes.`,
    );
  }
  const { help, ...wanted } = command.opts<Wanted & { to?: string; help?: boolean }>();
  if (help) {
    print(HELP);
    return 0;
  }

  const request = { ...wanted, paths: command.args };
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

const HELP = `usage: nettrace convert --to FORMAT [-h] [-o PATH] [--partition] FILE|DIR...

Turn recordings, or what --json printed (- for standard input), into another format

options:
  -h, --help            show this help message and exit
  --to FORMAT           ${FORMAT_NAMES.join(", ")}
  -o, --output PATH     write there and not to standard output: a file, or a
                        directory with a file for each tool (parquet, csv)
  --partition           in the directory, make tool=T/date=D/hour=H (UTC)

examples:
    nettrace convert --to parquet -o tables/ /var/log/nettrace  # a file per tool
    nettrace convert --to parquet -o lake/ --partition /var/log/nettrace
    nettrace convert --to csv tcplife-web1-20261120T060000Z.jsonl.zst
`;
