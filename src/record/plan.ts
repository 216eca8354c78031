import { parseOptions } from "../cli.ts";
import { BadInput } from "../failure.ts";
import { ON_FULL, record as declaration } from "./declaration.ts";
import { type Compression, COMPRESSIONS } from "./frame.ts";
import type { Options } from "../option.ts";
import type { Keep } from "./store.ts";

/** What a command line asks to be recorded, and how. */
export interface RecordPlan {
  dir: string;
  /** After so many milliseconds; Infinity for without end. */
  for_ms: number;
  rotate: { every_ms: number } | { bytes: number } | undefined;
  keep: Keep | undefined;
  compression: Compression;
  dropOldest: boolean;
  /** The tools, each with its arguments. */
  tools: readonly (readonly [name: string, ...args: string[]])[];
}

const OPTIONS: Options = declaration.options;

/** Parses what follows `record`; undefined if help is asked for. Throws BadInput. */
export function parseRecord(args: readonly string[], now: Date): RecordPlan | undefined {
  const first = args.findIndex((arg, i) => !arg.startsWith("-") && !takesNext(args[i - 1]));
  const own = first < 0 ? args : args.slice(0, first);
  const { help, values: given } = parseOptions(declaration, own, { options: OPTIONS });
  if (help) return undefined;
  const values: { [Name in keyof typeof declaration.options]?: string } = Object.fromEntries(given);
  if (first < 0) {
    throw new BadInput("record needs a tool, as in `nettrace record -o DIR tcplife + tcpconnect --result`.");
  }
  if (values.output === "") throw new BadInput("-o/--output takes a directory, as in `-o .` for this one, not ''.");
  const rotate = parseTimeOrSize(values.rotate ?? "1h", "--rotate");
  const keep = values.keep === undefined ? undefined : parseTimeOrSize(values.keep, "--keep");
  return {
    dir: values.output ?? ".",
    for_ms: values.for !== undefined
      ? parseDuration(values.for) ?? bad("--for", values.for)
      : values.until !== undefined
      ? untilTime(values.until, now)
      : Infinity,
    rotate: "ms" in rotate ? { every_ms: rotate.ms } : rotate,
    keep: keep && ("ms" in keep ? { age_ms: keep.ms } : keep),
    compression: word("--compress", COMPRESSIONS, values.compress ?? "zstd"),
    dropOldest: word("--on-full", ON_FULL, values["on-full"] ?? "stop") === "drop-oldest",
    tools: toolsOf(args.slice(first)),
  };
}

/** True if the argument behind this one is its value. */
function takesNext(arg: string | undefined): boolean {
  return Object.entries(OPTIONS).some(([name, option]) =>
    option.argument !== undefined && (arg === `--${name}` || (option.short !== undefined && arg === `-${option.short}`))
  );
}

/** The tools between `+` signs; each once, as the files of a recording are named by them. */
function toolsOf(args: readonly string[]): RecordPlan["tools"] {
  const tools: [string, ...string[]][] = [];
  let rest: string[] = [];
  for (const arg of [...args, "+"]) {
    if (arg !== "+") {
      rest.push(arg);
      continue;
    }
    const [name, ...others] = rest;
    if (name === undefined) throw new BadInput("A + stands between two tools, as in `tcplife + tcpconnect --result`.");
    if (tools.some(([other]) => other === name)) {
      throw new BadInput(`${name} can be recorded once: leave one of them out.`);
    }
    tools.push([name, ...others]);
    rest = [];
  }
  return tools;
}

const UNITS_MS: Readonly<Record<string, number>> = { s: 1e3, m: 60e3, h: 3600e3, d: 86400e3, w: 7 * 86400e3 };
const UNITS: Readonly<Record<string, number>> = { K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

/** Milliseconds of a time as in 90s, 10m, 1h, 7d or 1w; undefined if it is none. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d{1,9})([smhdw])$/.exec(text) ?? [];
  const ms = Number(digits) * (UNITS_MS[unit] ?? NaN);
  return ms > 0 ? ms : undefined;
}

function parseTimeOrSize(text: string, option: string): { ms: number } | { bytes: number } {
  const ms = parseDuration(text);
  if (ms !== undefined) return { ms };
  const [, digits, unit = ""] = /^(\d{1,9})([KMGT])B?$/.exec(text) ?? [];
  const bytes = Number(digits) * (UNITS[unit] ?? NaN);
  return bytes > 0 ? { bytes } : bad(option, text);
}

function bad(option: string, text: string): never {
  throw new BadInput(
    option === "--for"
      ? `--for takes a time as in 90s, 10m, 1h or 7d, not '${text}'.`
      : `${option} takes a time as in 10m, 1h or 7d, or a size as in 100M or 10G, not '${text}'.`,
  );
}

/** Milliseconds from now to the next time that local clocks show this. */
function untilTime(text: string, now: Date): number {
  const [, hours = "", minutes = ""] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (minutes === "") throw new BadInput(`--until takes a time of the day as in 06:00, not '${text}'.`);
  const then = new Date(now);
  then.setHours(Number(hours), Number(minutes), 0, 0);
  if (then <= now) then.setDate(then.getDate() + 1);
  return then.getTime() - now.getTime();
}

function word<const W extends string>(option: string, words: readonly W[], text: string): W {
  const found = words.find((w) => w === text);
  if (found === undefined) throw new BadInput(`${option} takes one of ${words.join(", ")}, not '${text}'.`);
  return found;
}
