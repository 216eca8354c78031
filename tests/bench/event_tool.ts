// bench-event.bpf.o as a tool: an event, as tcpaccept's are, for each getppid of bench-producer.
import { openKernel } from "../../ffi/kernel.ts";
import type { Tool } from "../../src/tool.ts";
import tcpaccept from "../../tools/tcpaccept.ts";
import { made } from "./tracer.ts";

export const eventTool: Tool = {
  ...tcpaccept,
  layout: {
    ...tcpaccept.layout,
    programs: { ...tcpaccept.layout.programs, fill: "syscall", produce: "raw_tp/sys_enter" },
  },
  plans: [{ name: "produce", programs: ["produce"] }],
};

/** The kernel, where each tool's object is that one. */
export function eventKernel() {
  return openKernel({
    libbpf: undefined,
    oldestLibbpfMinor: 1,
    asset: () => Deno.readFileSync(made("bench-event.bpf.o")),
  });
}
