// What must hold of the build itself. It takes as long as building all but Deno.

const root = new URL("..", import.meta.url).pathname;
const SOURCES = ["Makefile", "bpf", "deno.json", "deno.lock", "ffi", "node_modules", "package", "src", "tools"];
const MADE = ["out/libbpf.so", "out/relinquish.so", "out/program.eszip", "out/stub.bin"];

async function run(command: readonly string[], cwd: string, env: Record<string, string> = {}): Promise<string> {
  const [program = "", ...args] = command;
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd,
    env: { ...env, MAKEFLAGS: "" }, // of the make that runs this test
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (code !== 0) throw new Error(`${command.join(" ")} failed:\n${text}${new TextDecoder().decode(stderr)}`);
  return text;
}

async function sha256(file: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(file));
  return new Uint8Array(digest).toHex();
}

/** Runs the test in a copy of the source, with downloads but nothing made in the cache. */
async function withCopy(test: (directory: string, env: Record<string, string>) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "nettrace-build-" });
  const { NETTRACE_CACHE, XDG_CACHE_HOME, HOME } = Deno.env.toObject();
  const cache = NETTRACE_CACHE ?? `${XDG_CACHE_HOME ?? `${HOME}/.cache`}/nettrace`;
  try {
    await run(["cp", "-a", ...SOURCES.map((source) => root + source), directory], "/");
    await Deno.mkdir(`${directory}/cache`);
    for (const { name, isDirectory } of Deno.readDirSync(cache)) {
      if (isDirectory) await Deno.symlink(`${cache}/${name}`, `${directory}/cache/${name}`);
    }
    await test(directory, { NETTRACE_CACHE: `${directory}/cache` });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("make makes the same bytes in another directory, and nothing the second time", () =>
  withCopy(async (directory, env) => {
    await run(["make", "--no-print-directory", "RUNTIME=packed"], root);
    await run(["make", "--no-print-directory", "RUNTIME=packed"], directory, env);
    const objects = Array.from(Deno.readDirSync(`${root}bpf`)).flatMap(({ name }) =>
      name.endsWith(".bpf.c") ? `out/${name.replace(/c$/, "o")}` : []
    );
    for (const file of [...MADE, ...objects]) {
      if (await sha256(root + file) !== await sha256(`${directory}/${file}`)) throw new Error(`${file} differs.`);
    }
    const again = await run(["make", "--no-print-directory", "RUNTIME=packed"], directory, env);
    if (again !== "") throw new Error(`The second make did:\n${again}`);
  }));
