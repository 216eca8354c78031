// Recordings of events that no kernel sent, and what replay shows of them.
import { parse, toRun } from "../../src/cli.ts";
import type { World } from "../../src/command.ts";
import { newConnections } from "../../src/record/connection.ts";
import { nanoseconds, openEventTrack, openSampleTrack, recordTracks, type Track } from "../../src/record/recorder.ts";
import { type Header, SCHEMA } from "../../src/record/segment.ts";
import { newTape } from "../../src/record/tape.ts";
import { replay } from "../../src/replay/replay.ts";
import type { Kernel } from "../../src/kernel.ts";
import type { Tool } from "../../src/tool.ts";
import { tools } from "../../tools/mod.ts";
import { newKernel, newRing, newTerminal } from "./fake_kernel.ts";

/** Records one tool into a directory until an end is wanted. */
export async function record(
  dir: string,
  tool: Tool,
  args: string[],
  kernel: Kernel,
  stopping: () => boolean,
): Promise<Track> {
  const run = toRun(tool, parse(tool, args).values);
  const openTape = (plan: string) => {
    const header: Header = {
      schema: SCHEMA,
      nettrace: "0",
      options: args,
      host: "test",
      boot_id: "boot",
      kernel: "6",
      clock_offset_ns: nanoseconds(kernel.clockOffset()),
      plan,
    };
    return newTape({
      dir,
      tool: tool.name,
      host: "test",
      compression: "zstd",
      most_bytes: Infinity,
      header: () => header,
      now: () => new Date(),
      makeRoom: () => false,
    });
  };
  const warn = () => {};
  const track = tool.sample
    ? openSampleTrack(run, kernel, warn, openTape)
    : await openEventTrack(run, kernel, warn, newConnections(), openTape);
  await recordTracks([track], kernel, { stopping, rotating: () => false });
  return track;
}

/** For so many rounds. */
export function rounds(n: number): () => boolean {
  return () => n-- <= 0;
}

/** What replay works with, over a kernel that knows nothing. */
export function worldWith(kernel: Partial<Kernel> = {}): World {
  return {
    tools,
    newKernel: () => ({
      ...newKernel(newRing(4096)),
      waitWritable: () => true,
      room: (_, wanted) => wanted,
      ...kernel,
    }),
    build: () => ({ version: "0", commit: "", clang: "", runtime: "" } as unknown as ReturnType<World["build"]>),
    print: () => {},
    asset: () => new Uint8Array(),
  };
}

/** What `nettrace replay` prints with these arguments, and what it says on standard error. */
export async function replayed(args: string[]): Promise<{ text: string; lines: readonly string[] }> {
  const terminal = newTerminal(Infinity, Infinity);
  let paused = false; // which --follow does when it has shown all that is there
  let text = "";
  const world = { ...worldWith(), print: (more: string) => void (text += more) };
  const pause = () => Promise.resolve(void (paused = true));
  await replay(args, world, { ...terminal, pause, stopping: () => paused });
  return { text: text + terminal.text(), lines: terminal.lines };
}
