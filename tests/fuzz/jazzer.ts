// make fuzz TARGET=... SECONDS=...: a target under Jazzer.js, which changes inputs by what they made it run through.
// Targets are bundled to plain JavaScript for it, as it runs on Node.js; those that need more of Deno than the files they
// begin with are left to the seeded test. nodejs and npm have to be there; and as Jazzer's addon takes glibc 2.38, Node.js
// runs with Debian 13's where the machine's is older.
import * as esbuild from "esbuild";

const JAZZER = "@jazzer.js/core@4.0.0";
const GLIBC_MINOR = 38, SUITE = "trixie";
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
const [node = "", ...loading] = await nodeCommand();
await run(node, [
  ...loading,
  `${work}/node_modules/@jazzer.js/core/dist/cli.js`,
  `./${name}`,
  inputs,
  ...known,
  "--sync",
  "--",
  ...limits,
]);

/** The command that runs Node.js with a glibc that is new enough. */
async function nodeCommand(): Promise<string[]> {
  const [, minor = 0] = (await output("getconf", ["GNU_LIBC_VERSION"])).match(/ 2\.(\d+)/) ?? [];
  if (Number(minor) >= GLIBC_MINOR) return ["node"];
  const debian = `${root}package/debian.sh`;
  for (const name of ["libc6", "libstdc++6", "libgcc-s1"]) {
    const pin = (await output(debian, ["current", SUITE, name])).split(" ");
    await run("dpkg-deb", ["-x", await output(debian, ["fetch", SUITE, name, ...pin]), `${work}/glibc`]);
  }
  const { arch } = Deno.build, libraries = `${work}/glibc/usr/lib/${arch}-linux-gnu`;
  const loader = arch === "x86_64" ? "ld-linux-x86-64.so.2" : "ld-linux-aarch64.so.1";
  return [`${libraries}/${loader}`, "--library-path", libraries, await output("sh", ["-c", "command -v node"])];
}

async function output(command: string, args: string[]): Promise<string> {
  const { code, stdout } = await new Deno.Command(command, { args, stderr: "inherit" }).output();
  if (code !== 0) Deno.exit(code);
  return new TextDecoder().decode(stdout).trim();
}

async function run(command: string, args: string[]): Promise<void> {
  const { code } = await new Deno.Command(command, { args, cwd: work, stdin: "null" }).spawn().status;
  if (code !== 0) Deno.exit(code);
}
