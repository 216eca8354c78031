// deno run -A record_reader.ts DIR: nettrace's own recorder, over bench-event.bpf.o: an event for each getppid of
// bench-producer.
import { toRun } from "../../src/cli.ts";
import { newConnections } from "../../src/record/connection.ts";
import { nanoseconds, openEventTrack, recordTracks } from "../../src/record/recorder.ts";
import { SCHEMA } from "../../src/record/segment.ts";
import { newTape } from "../../src/record/tape.ts";
import { listenForEnd } from "../../src/terminal.ts";
import { eventKernel, eventTool } from "./event_tool.ts";

const [dir = "."] = Deno.args;
const kernel = eventKernel();
const offset = kernel.clockOffset();
const stopping = listenForEnd(["SIGINT"]);
const track = await openEventTrack(
  toRun(eventTool, new Map()),
  { ...kernel, clockOffset: () => offset },
  () => {},
  newConnections(),
  (plan) =>
    newTape({
      dir,
      tool: eventTool.name,
      host: "bench",
      compression: "zstd",
      most_bytes: Infinity,
      header: () => ({
        schema: SCHEMA,
        nettrace: "bench",
        options: [],
        host: "bench",
        boot_id: "bench",
        kernel: "",
        clock_offset_ns: nanoseconds(offset),
        plan,
      }),
      now: () => new Date(),
      makeRoom: () => false,
    }),
);
console.log("records"); // it is attached
await recordTracks([track], kernel, { stopping, rotating: () => false });
Deno.exit();
