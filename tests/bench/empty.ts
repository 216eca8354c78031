// What the kernel says that a program costs that does nothing.
import { openKernel } from "../../ffi/kernel.ts";
import { runsOf } from "../live/runs.ts";
import { made } from "./tracer.ts";

/** What a run of a program is said to take that does nothing, while `work` has it run. */
export async function emptyRun_ns(work: () => Promise<void>): Promise<number> {
  const kernel = openKernel({
    libbpf: undefined,
    oldestLibbpfMinor: 1,
    asset: (name) => Deno.readFileSync(made(`bench-${name}`)),
  });
  using object = kernel.open("empty");
  object.load();
  object.attach("empty");
  await work();
  const { count, spent_ns } = runsOf("self");
  return spent_ns / count;
}
