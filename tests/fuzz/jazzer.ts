// make fuzz TARGET=... SECONDS=...: a target under Jazzer.js, which changes inputs by what they made it run through.
// Targets are bundled to plain JavaScript for it, as it runs on Node.js; those that need more of Deno than the files they
// begin with are left to the seeded test. Its addon takes glibc 2.38 (Debian 13), and nodejs and npm have to be there.
import * as esbuild from "esbuild";

const JAZZER = "@jazzer.js/core@4.0.0";
const TARGETS = ["dns", "btf", "elf", "kallsyms", "cgroup"];
const [name = "", seconds = "60"] = Deno.args;
if (!TARGETS.includes(name) || !/^\d+$/.test(seconds)) {
  console.error(`Type what to fuzz, and for how long: make fuzz TARGET=dns SECONDS=60 (${TARGETS.join(", ")}).`);
  Deno.exit(2);
}

const root = new URL("../../", import.meta.url).pathname, work = `${root}out/fuzz`;
const inputs = `${work}/inputs/${name}`, corpus = `${root}tests/fuzz/corpus/${name}`;
Deno.mkdirSync(inputs, { recursive: true });
Deno.mkdirSync(`${work}/found`, { recursive: true });

await esbuild.build({
  stdin: {
    contents:
      `import { target } from "./target/${name}.ts";\nexport const fuzz = (data) => target.run(new Uint8Array(data));`,
    resolveDir: `${root}tests/fuzz`,
  },
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  outfile: `${work}/${name}.js`,
  // The files that targets read to have something to begin with; nothing else of Deno is there.
  banner: {
    js:
      "globalThis.Deno = { readFileSync: (path) => new Uint8Array(require('fs').readFileSync(path)), readTextFileSync: (path) => " +
      "require('fs').readFileSync(path, 'utf8'), build: { arch: 'x86_64' }, version: {}, statSync() { throw new Error(); } };" +
      "const here = require('url').pathToFileURL(__filename).href;",
  },
  define: { "import.meta.url": `"file://${root}tests/fuzz/target/x.ts"` },
});
await esbuild.stop();

const { target } = await import(`./target/${name}.ts`);
for (const [i, bytes] of target.seeds.entries()) Deno.writeFileSync(`${inputs}/seed-${i}`, bytes);

await run("npm", ["install", "--silent", "--no-save", "--prefix", work, JAZZER]);
const known = await Deno.stat(corpus).then(() => [corpus], () => []);
const limits = [
  `-max_total_time=${seconds}`,
  "-max_len=4096",
  "-timeout=20",
  "-rss_limit_mb=2048",
  `-artifact_prefix=${work}/found/${name}-`,
];
await run(`${work}/node_modules/.bin/jazzer`, [`./${name}`, inputs, ...known, "--sync", "--", ...limits]);

async function run(command: string, args: string[]): Promise<void> {
  const { code } = await new Deno.Command(command, { args, cwd: work, stdin: "null" }).spawn().status;
  if (code !== 0) Deno.exit(code);
}
