// deno run -A rate_reader.ts: nettrace's own loop, over bench-event.bpf.o: a row for each getppid of bench-producer.
import { toRun } from "../../src/cli.ts";
import { runStream } from "../../src/run.ts";
import { openTerminal } from "../../src/terminal.ts";
import { eventKernel, eventTool } from "./event_tool.ts";

const kernel = eventKernel();
await runStream(toRun(eventTool, new Map()), kernel, openTerminal(kernel));
Deno.exit();
