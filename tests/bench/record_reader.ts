// deno run -A record_reader.ts DIR: nettrace's own recorder, over bench-event.bpf.o: an event for each getppid of
// bench-producer.
import { openKernel } from "../../ffi/kernel.ts";
import { toRun } from "../../src/cli.ts";
import { newConnections } from "../../src/record/connection.ts";
import { nanoseconds, openEventTrack, recordTracks } from "../../src/record/recorder.ts";
import { SCHEMA } from "../../src/record/segment.ts";
import { newTape } from "../../src/record/tape.ts";
import { listenForEnd } from "../../src/terminal.ts";
import type { Tool } from "../../src/tool.ts";
import tcpaccept from "../../tools/tcpaccept.ts";
import { made } from "./tracer.ts";

const [dir = "."] = Deno.args;
const tool: Tool = {
  ...tcpaccept,
  layout: {
    ...tcpaccept.layout,
    programs: { ...tcpaccept.layout.programs, fill: "syscall", produce: "raw_tp/sys_enter" },
  },
  plans: [{ name: "produce", programs: ["produce"] }],
};
const kernel = openKernel({
  libbpf: undefined,
  oldestLibbpfMinor: 1,
  asset: () => Deno.readFileSync(made("bench-event.bpf.o")),
});
const offset = kernel.clockOffset();
const { stopping } = listenForEnd(["SIGINT"], () => {});
const track = await openEventTrack(
  toRun(tool, new Map()),
  { ...kernel, clockOffset: () => offset },
  () => {},
  newConnections(),
  (plan) =>
    newTape({
      dir,
      tool: tool.name,
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
