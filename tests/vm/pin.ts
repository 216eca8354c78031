import { current, type Kernel, kernels, kernels_path } from "./kernel.ts";

/** Rewrites kernels.json to what the suites have now. */
export async function pin(): Promise<void> {
  const pinned: Kernel[] = [];
  for (const kernel of kernels()) {
    const packages = await current(kernel);
    // sid's kernel is labelled with its series, and sid moves from one to the next
    const label = /\d+\.\d+/.exec(packages[0]!.version)![0];
    if (label !== kernel.label) console.log(`${kernel.label} is ${label} now: rename it in expected.json.`);
    pinned.push({ ...kernel, label, packages });
  }
  await Deno.writeTextFile(kernels_path, JSON.stringify(pinned, null, 2) + "\n");
}
