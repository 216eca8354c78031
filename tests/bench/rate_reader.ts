// deno run -A rate_reader.ts: nettrace's own loop, over bench-event.bpf.o: a row for each getppid of bench-producer.
import { openKernel } from "../../ffi/kernel.ts";
import { toRun } from "../../src/cli.ts";
import { runStream } from "../../src/run.ts";
import { openTerminal } from "../../src/terminal.ts";
import type { Tool } from "../../src/tool.ts";
import tcpaccept from "../../tools/tcpaccept.ts";
import { made } from "./tracer.ts";

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
await runStream(toRun(tool, new Map()), kernel, openTerminal(kernel.waitWritable));
Deno.exit();
