// deno run -A package/bundle.ts ENTRY DIR: bundles ENTRY and what it imports into DIR, and holds the result to a budget.
// Code behind an import() becomes a chunk of its own, which costs nothing until it is needed.
import * as esbuild from "esbuild";

const ENTRY_BYTES_MAX = 60_000;
// A node: module costs 6 to 32 ms where it is first imported: never at the start, and later by these sources only.
const NODE_ALLOWED: Record<string, string[]> = {
  "src/convert/parquet.ts": ["node:zlib"],
  "src/record/frame.ts": ["node:zlib"],
  "src/record/plan.ts": ["node:util"],
};

const [entry, directory] = Deno.args;
if (entry === undefined || directory === undefined) {
  console.error("usage: bundle.ts ENTRY DIR");
  Deno.exit(2);
}
const alias = new URL("alias/", import.meta.url).pathname;
const { metafile } = await esbuild.build({
  entryPoints: [{ in: entry, out: "main" }],
  outdir: directory,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "neutral",
  target: "esnext",
  mainFields: ["module", "main"],
  conditions: ["browser"], // of packages with a form that needs no node: module
  minify: true,
  metafile: true,
  logLevel: "warning",
  external: ["node:*"],
  alias: Object.fromEntries(
    ["events", "child_process", "path", "fs", "process"].map((name) => [`node:${name}`, `${alias}${name}.ts`]),
  ),
});
await esbuild.stop();

const faults: string[] = [];
const { outputs } = metafile;
const main = Object.keys(outputs).find((chunk) => chunk.endsWith("/main.js")) ?? "";
const atStart = new Set([main]);
for (const chunk of atStart) { // which grows meanwhile
  for (const { path, kind } of outputs[chunk]?.imports ?? []) if (kind === "import-statement") atStart.add(path);
}
for (const [chunk, { inputs, entryPoint, imports }] of Object.entries(outputs)) {
  const allowed = atStart.has(chunk) ? [] : Object.keys(inputs).flatMap((source) => NODE_ALLOWED[source] ?? []);
  for (const { path, external } of imports) {
    if (external && !allowed.includes(path)) faults.push(`${entryPoint ?? chunk} imports ${path}.`);
  }
}
const bytes = outputs[main]?.bytes ?? Infinity;
if (bytes > ENTRY_BYTES_MAX) {
  faults.push(`${entry} has ${bytes} bytes of ${ENTRY_BYTES_MAX}; import() what is not needed at once.`);
}
if (faults.length > 0) {
  console.error(faults.join("\n"));
  Deno.exit(1);
}
