import { parse, toRun } from "../cli.ts";
import type { World } from "../command.ts";
import { BadInput, CannotRun } from "../failure.ts";
import type { Kernel } from "../kernel.ts";
import type { ClockOffset } from "../output/clock.ts";
import { relinquish } from "../privilege.ts";
import type { Run } from "../run.ts";
import { listenForEnd, printError } from "../terminal.ts";
import type { Tool } from "../tool.ts";
import { newConnections } from "./connection.ts";
import { record as declaration } from "./declaration.ts";
import { heralded } from "./herald.ts";
import { parseRecord, type RecordPlan } from "./plan.ts";
import {
  type Conductor,
  lossLines,
  nanoseconds,
  openEventTrack,
  openSampleTrack,
  recordTracks,
  type Track,
} from "./recorder.ts";
import { type Header, hostPart, SCHEMA } from "./segment.ts";
import { NoRoom } from "./segment_file.ts";
import { dropOldest, makeDirectory, neededFor, prune } from "./store.ts";
import { newTape, type TapeSettings } from "./tape.ts";

/** Records as the arguments behind `record` say, until an end is asked for. Throws BadInput and CannotRun. */
export async function record(args: readonly string[], world: World): Promise<void> {
  const plan = parseRecord(args, new Date());
  if (plan === undefined) return world.print((await import("../help.ts")).commandHelp(declaration));
  const runs = await Promise.all(plan.tools.map(([name, ...others]) => runOf(name, others, world)));
  const [first] = runs;
  if (!first) throw new BadInput("record needs a tool.");
  makeDirectory(plan.dir);
  const host = hostPart(Deno.hostname());
  const keep = () => plan.keep && prune(plan.dir, host, plan.keep, Date.now());
  keep();
  const kernel = withOneClock(world.newKernel(first.given));
  const connections = newConnections();
  using closing = new DisposableStack();
  const tracks: Track[] = [];
  const conductor = heralded(
    newConductor(plan, () => nowBy(kernel, kernel.clockOffset()), keep),
    kernel,
    Deno.env.get("NOTIFY_SOCKET"),
    tracks,
    printError,
  );
  try {
    for (const [i, run] of runs.entries()) {
      const warn = (line: string) => printError(`${run.tool.name}: ${line}`);
      const openTape = (hooks: string, offset: () => ClockOffset) =>
        newTape({
          ...settings(plan, run.tool, host),
          header: () => header(world, kernel, plan.tools[i] ?? [], hooks, offset()),
          now: () => new Date(nowBy(kernel, offset())),
        });
      const track = run.tool.sample
        ? openSampleTrack(run, kernel, warn, openTape)
        : await openEventTrack(run, kernel, warn, connections, openTape);
      tracks.push(closing.use(track));
    }
    relinquish(runs, kernel, printError, () => neededFor(plan.dir, kernel));
    await recordTracks(tracks, kernel, conductor);
    keep();
  } catch (error) {
    const unwritten = await letGo(tracks);
    for (const line of lossLines(tracks)) printError(line);
    if (!(error instanceof NoRoom)) throw error;
    const lost = unwritten > 0 ? ` The last ${unwritten} bytes of events are lost.` : "";
    throw new CannotRun(
      `The disk of ${plan.dir} is full, so recording ended; what was written can be read.${lost} ` +
        `Make room, or let --keep or --on-full drop-oldest do so.`,
    );
  }
  for (const line of lossLines(tracks)) printError(line);
}

/** Ends the segments that can be ended, and leaves the others as they are; returns how many bytes could not be written. */
async function letGo(tracks: readonly Track[]): Promise<number> {
  let unwritten = 0;
  for (const { tape, events, losses } of tracks) {
    await tape.close(events, losses()).catch(() => unwritten += tape.abandon());
  }
  return unwritten;
}

/** The run of a tool that can be recorded. Throws BadInput. */
async function runOf(name: string, args: readonly string[], { tools }: World): Promise<Run> {
  const load = Object.hasOwn(tools, name) ? tools[name] : undefined;
  if (!load) throw new BadInput(`There is no tool '${name}': type one of ${Object.keys(tools).join(", ")}.`);
  const tool = (await load()).default;
  const { help, values } = parse(tool, args);
  if (help) throw new BadInput(`\`nettrace ${name} --help\` shows what ${name} takes.`);
  const run = toRun(tool, values);
  if (run.format !== "table") {
    throw new BadInput(`Recordings have a format of their own: leave out --${run.format} here, and give it to replay.`);
  }
  if (run.counting) {
    throw new BadInput(
      `What is recorded is each event: leave out --${tool.count?.option}, and count what was recorded.`,
    );
  }
  return run;
}

function settings(plan: RecordPlan, tool: Tool, host: string): Omit<TapeSettings, "header" | "now"> {
  return {
    dir: plan.dir,
    tool: tool.name,
    host,
    compression: plan.compression,
    most_bytes: plan.rotate && "bytes" in plan.rotate ? plan.rotate.bytes : Infinity,
    makeRoom: () => plan.dropOldest && dropOldest(plan.dir, host),
  };
}

function header(
  { build }: World,
  kernel: Kernel,
  [, ...options]: readonly string[],
  plan: string,
  offset: ClockOffset,
): Header {
  const { version, commit } = build();
  const fact = (path: string) => kernel.readText(path)?.trim() ?? "";
  return {
    schema: SCHEMA,
    nettrace: commit === undefined ? version : `${version} (${commit})`,
    options,
    host: Deno.hostname(),
    boot_id: fact("/proc/sys/kernel/random/boot_id"),
    kernel: fact("/proc/sys/kernel/osrelease"),
    clock_offset_ns: nanoseconds(offset),
    plan,
  };
}

// The reading itself varies by less, so that smaller changes say nothing.
const SAME_CLOCK_NS = 1000n, CLOCK_PERIOD_MS = 900;

/** The kernel with one reading of its clocks for all tools. */
function withOneClock(kernel: Kernel): Kernel {
  let offset = kernel.clockOffset(), read_ms = kernel.now_ms();
  return {
    ...kernel,
    clockOffset() {
      const now_ms = kernel.now_ms();
      if (now_ms - read_ms < CLOCK_PERIOD_MS) return offset;
      read_ms = now_ms;
      const next = kernel.clockOffset();
      const change_ns = BigInt(nanoseconds(next)) - BigInt(nanoseconds(offset));
      if (change_ns > SAME_CLOCK_NS || change_ns < -SAME_CLOCK_NS) offset = next;
      return offset;
    },
  };
}

/** Milliseconds since 1970 by a reading of the clocks, as events are told: the clock may have been set since. */
function nowBy(kernel: Kernel, { seconds, nanoseconds }: ClockOffset): number {
  return Number(kernel.monotonic_ns()) / 1e6 + seconds * 1000 + nanoseconds / 1e6;
}

/** Ends on SIGINT, SIGTERM, and when its time is over; has new files begin on SIGHUP, and when it is time. */
function newConductor({ for_ms, rotate }: RecordPlan, now_ms: () => number, rotated: () => void): Conductor {
  const stopping = listenForEnd(["SIGINT", "SIGTERM"]);
  let hungUp = false;
  Deno.addSignalListener("SIGHUP", () => hungUp = true);
  let until_ms: number | undefined; // counted from when all tools trace, which is when it is first asked for
  const period_ms = rotate && "every_ms" in rotate ? rotate.every_ms : Infinity;
  const period = () => period_ms === Infinity ? 0 : Math.floor(now_ms() / period_ms); // as clocks show it, not since the start
  let current = period();
  return {
    stopping() {
      until_ms ??= performance.now() + for_ms;
      return stopping() || performance.now() >= until_ms;
    },
    rotating() {
      if (!hungUp && period() === current) return false; // clocks may be set back
      hungUp = false;
      current = period();
      rotated();
      return true;
    },
  };
}
