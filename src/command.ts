import { BadInput } from "./failure.ts";
import type { Kernel } from "./kernel.ts";
import type { Tool } from "./tool.ts";

/** What the commands that are no tool work with. */
export interface World {
  tools: Readonly<Record<string, () => Promise<{ default: Tool }>>>;
  newKernel(values: ReadonlyMap<string, unknown>): Kernel;
}
/** Runs a command that is no tool. */
export async function command(args: readonly string[], world: World): Promise<void> {
  await Promise.resolve(world);
  throw new BadInput(`no ${args[0]}`);
}
