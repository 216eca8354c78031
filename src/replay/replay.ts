import { allOptions, parseOptions, spelled, toRun } from "../cli.ts";
import type { World } from "../command.ts";
import { BadInput } from "../failure.ts";
import { sumLosses } from "../loss.ts";
import { common, type Option, type Options } from "../option.ts";
import { entriesOf } from "../record/files.ts";
import { openRecording, type RecordedLine, type Recording, type SegmentState } from "../record/reader.ts";
import { parseSegmentName } from "../record/segment.ts";
import { toText } from "../record/value.ts";
import { conclude, flushAll, type Run } from "../run.ts";
import { openTerminal, type Terminal } from "../terminal.ts";
import type { Tool } from "../tool.ts";
import { isFilter } from "./filter.ts";
import { newEventPlayer, newSamplePlayer, type Offset, type Player } from "./player.ts";
import { replay as declaration } from "./declaration.ts";
import { newTurns } from "./turns.ts";

/** Options of tools that say how to trace. */
const OF_TRACING = new Set([
  "plan",
  "buffer",
  "sockets",
  "libbpf",
  "debug",
  "cgroupmap",
  "mntnsmap",
  "children",
  "journal",
  "open",
]);

/** Shows recordings as the arguments behind `replay` say, on this process's terminal unless given one. Throws BadInput. */
export async function replay(args: readonly string[], world: World, terminal?: Terminal): Promise<void> {
  const [first] = args;
  const named = first !== undefined && Object.hasOwn(world.tools, first) ? first : undefined;
  const rest = named === undefined ? args : args.slice(1);
  if (named === undefined && (first === undefined || rest.includes("--help") || rest.includes("-h"))) {
    return world.print((await import("../help.ts")).commandHelp(declaration));
  }
  const name = named ?? onlyTool(rest);
  const tool = name === undefined ? undefined : (await world.tools[name]?.())?.default;
  if (tool === undefined) return await replayAll(rest, world, terminal);
  const options = optionsOf(tool);
  const { help, values, operands } = parseOptions({ name: tool.name }, rest, { options, operand: "file" });
  if (help) return world.print((await import("../help.ts")).toolHelp({ ...tool, options }));
  using recording = open(operands, values, tool.name);
  await play([tool], recording, { values, options, world, terminal });
}

/** The tool whose segments all files are, by their names; undefined if they do not tell, or there are several. */
function onlyTool(args: readonly string[]): string | undefined {
  const tools = new Set<string>();
  for (const arg of args) {
    const named = parseSegmentName(arg.slice(arg.lastIndexOf("/") + 1));
    if (named) tools.add(named.tool);
    else if (isDirectory(arg)) {
      for (const { name } of entriesOf(arg)) {
        const tool = parseSegmentName(name)?.tool;
        if (tool !== undefined) tools.add(tool);
      }
    }
  }
  const [tool, ...others] = tools;
  return others.length === 0 ? tool : undefined;
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** Shows the events of all tools as JSON. */
async function replayAll(args: readonly string[], world: World, terminal: Terminal | undefined): Promise<void> {
  const options: Options = { ...declaration.options, json: common.json };
  const { values, operands } = parseOptions(declaration, args, { options, operand: "file" });
  using recording = open(operands, values);
  if (!values.has("json")) {
    throw new BadInput(
      "Say which tool's events to show, as in `nettrace replay tcplife DIR`, or give --json for those of all tools.",
    );
  }
  const tools = await Promise.all(Object.values(world.tools).map(async (load) => (await load()).default));
  await play(tools, recording, { values, options, world, terminal });
}

function open(paths: readonly string[], values: ReadonlyMap<string, unknown>, tool?: string): Recording {
  if (paths.length === 0) throw new BadInput("replay needs a recording: type its directory, files of it, or -.");
  const since_ms = values.get("since") as number | undefined, until_ms = values.get("until") as number | undefined;
  const range = { ...since_ms !== undefined && { since_ms }, ...until_ms !== undefined && { until_ms } };
  const only = tool === undefined ? {} : { tool };
  return openRecording(paths, { ...range, ...only, follow: values.has("follow"), lazy: true });
}

/** What replay takes of a tool's options, none of which it needs. */
function optionsOf(tool: Tool): Options {
  const { count } = tool;
  const kept = Object.entries(allOptions(tool)).filter(([name]) => !OF_TRACING.has(name) && name !== count?.option);
  const optional = kept.map(([name, { required: _, ...option }]) => [name, option] as const);
  return { ...Object.fromEntries(optional), ...declaration.options };
}

interface Playing {
  values: ReadonlyMap<string, unknown>;
  options: Options;
  world: World;
  terminal: Terminal | undefined;
}

/** Shows the events of these tools, and says at the end what was lost, then and now. */
async function play(tools: readonly Tool[], recording: Recording, playing: Playing): Promise<void> {
  const kernel = playing.world.newKernel(new Map());
  const terminal = playing.terminal ?? openTerminal(kernel);
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const players = new Map<string, { player: Player; run: Run }>();
  const clocks = new Map<SegmentState, Offset>();
  const turns = newTurns(kernel);
  let last: Player | undefined;
  for (const line of recording.lines()) {
    if (turns.due()) await turns.turn();
    if (terminal.stopping() || last?.sink.closed) break;
    if (line.kind === "wait") {
      await last?.flush();
      await terminal.pause(FOLLOW_PERIOD_MS);
      continue;
    }
    keepClock(line, clocks);
    let known = players.get(line.tool);
    if (known === undefined) {
      const tool = byName.get(line.tool);
      if (tool === undefined) continue;
      const run = runOf(tool, line, playing);
      const player = (tool.sample ? newSamplePlayer : newEventPlayer)(run, { turns, terminal });
      await player.begin(line.segment.header);
      players.set(tool.name, known = { player, run });
    }
    const { player } = known;
    if (last !== undefined && last !== player) await last.end();
    last = player;
    if (line.kind === "interval") await player.interval(line.line);
    else if (line.kind === "event") {
      const shown = player.event(line, clocks.get(line.segment) ?? firstOffset(line, clocks));
      if (shown !== undefined) await shown; // to wait for nothing takes as long as to show an event
    }
  }
  await last?.end();
  finish(players, recording.segments().filter(({ tool }) => tool === "" || byName.has(tool)), terminal);
}

const FOLLOW_PERIOD_MS = 200;

/** Notes what the segment's monotonic clock is now by the realtime clock. */
function keepClock(told: RecordedLine, clocks: Map<SegmentState, Offset>): void {
  const { kind, segment } = told;
  if (kind !== "header" && kind !== "clock") return;
  const clock = told.line["clock"] as { offset_ns?: unknown } | undefined;
  const offset = toText(kind === "header" ? segment.header?.clock_offset_ns : clock?.offset_ns);
  if (/^\d{1,19}$/.test(offset)) clocks.set(segment, toOffset(BigInt(offset)));
}

function toOffset(offset_ns: bigint): Offset {
  return { seconds: Number(offset_ns / 1_000_000_000n), nanoseconds: Number(offset_ns % 1_000_000_000n) };
}

/** Where no header tells of clocks, the monotonic one began with the first event's second. */
function firstOffset({ time, segment }: RecordedLine, clocks: Map<SegmentState, Offset>): Offset {
  const [any] = clocks.values();
  const offset = any ?? { seconds: time.seconds, nanoseconds: 0 };
  clocks.set(segment, offset);
  return offset;
}

/**
 * What is to be shown: as when it was recorded, but with the options given now. Throws BadInput for one that would have
 * had to be given then.
 */
function runOf(tool: Tool, { segment }: RecordedLine, { values, options }: Playing): Run {
  const recorded = recordedValues(tool, segment.header?.options);
  for (const [name, value] of values) {
    const option = options[name];
    const traces = option?.constants !== undefined || option?.programs !== undefined || option?.fill !== undefined;
    if (option && traces && !isFilter(option, value) && !recorded.has(name) && segment.header) {
      throw new BadInput(`This was not recorded with ${spelled(name, option)}, so it cannot be shown: leave it out.`);
    }
  }
  const run = toRun(tool, values, options);
  return { ...run, given: new Map([...recorded, ...values]), counting: false };
}

/** The options that a tool was recorded with, but for filters; none if it has not such options any more. */
function recordedValues(tool: Tool, args: unknown): Map<string, unknown> {
  if (!Array.isArray(args)) return new Map();
  const asTyped = ([name, option]: [string, Option]): [string, Option] =>
    option.fill || option.pinned ? [name, { ...option, parse: (text) => text }] : [name, option];
  const options = Object.fromEntries(Object.entries(allOptions(tool)).map(asTyped));
  try {
    const { values } = parseOptions(tool, args.map(toText), { options });
    return new Map([...values].filter(([name]) => !options[name]?.fill && !options[name]?.pinned));
  } catch (error) {
    if (error instanceof BadInput) return new Map();
    throw error;
  }
}

/** Says what was lost when it was recorded, and what could not be read. */
function finish(
  players: ReadonlyMap<string, { player: Player; run: Run }>,
  segments: readonly SegmentState[],
  terminal: Terminal,
): void {
  for (const [name, { player: { sink }, run }] of players) {
    const recorded = segments.filter(({ tool }) => tool === name).map(({ lost_by }) => lost_by);
    flushAll(sink, terminal);
    if (!sink.closed) conclude(run, sink, sumLosses([...recorded, { unwritten: sink.waiting }]), terminal);
  }
  for (const { missing } of segments) if (missing !== undefined) terminal.warn(missing);
}
