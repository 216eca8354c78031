// deno run package/v8_flags.ts prints the flag.

/**
 * What V8 is started with, as an argument of deno. A row writer is one function that calls some fifty small ones: with
 * V8's own limit it inlines half of them, and takes a fifth longer. What reads recordings makes an object of each line and
 * drops it: in a small nursery (MiB), which saves 80 MiB in a report and takes no longer. Collecting what is old early, as
 * for a small machine, saves a tool that samples 25 MiB; events take as long.
 */
export const V8_FLAGS =
  "--v8-flags=--max-inlined-bytecode-size-cumulative=4000,--max-semi-space-size=4,--optimize-for-size";

if (import.meta.main) console.log(V8_FLAGS);
