// What must hold of the executable wherever, by whomever and in whatever environment it is started. As root; NETTRACE
// names another executable than ./nettrace.
import { start } from "./live/nettrace.ts";

const root = new URL("..", import.meta.url).pathname;
const nettrace = Deno.env.get("NETTRACE") ?? `${root}nettrace`;
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

interface Result {
  code: number;
  out: string;
  err: string;
}

interface Options {
  env?: Record<string, string>;
  cwd?: string;
}

/** Runs a command with no environment but PATH and what is given. */
async function run(command: readonly string[], { env = {}, cwd = "/" }: Options = {}): Promise<Result> {
  const [program = "", ...args] = command;
  const { code, stdout, stderr } = await new Deno.Command(program, { args, env: { PATH, ...env }, cwd, clearEnv: true })
    .output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

function equal(actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`got ${a} instead of ${b}`);
}

/** What --version prints, by which the tests below tell that it started; doctor loads libbpf and the objects too. */
const version = await run([nettrace, "--version"]);
const doctor = await run([nettrace, "doctor", "--json"]);
const works = async (prefix: readonly string[], options?: Options, program = nettrace) => {
  equal(await run([...prefix, program, "--version"], options), version);
  const { code, out, err } = await run([...prefix, program, "doctor", "--json"], options);
  equal([code, Object.keys(JSON.parse(out)), err], [doctor.code, Object.keys(JSON.parse(doctor.out)), doctor.err]);
};
const shell = (script: string) => ["sh", "-euc", `${script}; exec "$@"`, "sh"];

/** A directory that every user can enter, with a copy of the executable in it. */
async function withCopy(test: (copy: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "nettrace-test-" });
  try {
    await Deno.chmod(directory, 0o755);
    await Deno.copyFile(nettrace, `${directory}/nettrace`);
    await test(`${directory}/nettrace`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function withDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "nettrace-test-" });
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** The last four bytes of an executable whose runtime is "packed" (src/asset.ts). */
async function isPacked(): Promise<boolean> {
  using file = await Deno.open(nettrace);
  await file.seek(-4, Deno.SeekMode.End);
  const mark = new Uint8Array(4);
  await file.read(mark);
  return new TextDecoder().decode(mark) === "NTTR";
}
const packed = await isPacked();

Deno.test("nettrace prints its version and says what this machine has", () => {
  equal([version.code, version.err, /^nettrace \d+\.\d+\.\d+/.test(version.out)], [0, "", true]);
  equal(typeof JSON.parse(doctor.out), "object");
});

Deno.test("nettrace starts without $HOME", () => works(["env", "-u", "HOME"]));

Deno.test("nettrace starts in an empty environment", () => works(["env", "-i"]));

Deno.test("nettrace heeds no variable of the runtime that it is made with", async () => {
  const env = {
    COMPLETE: "bash",
    DENO_AUDIT_PERMISSIONS: "/dev/full",
    DENO_CERT: "/nonexistent",
    DENO_DIR: "/nonexistent",
    DENO_LOG: "debug",
    DENO_UNSTABLE_CONTROL_SOCK: "unix:/nonexistent",
    DENO_V8_FLAGS: "--no-such-flag",
    HOME: "/nonexistent",
    NETTRACE_PAYLOAD: "/etc/passwd",
    NODE_EXTRA_CA_CERTS: "/nonexistent",
    NODE_OPTIONS: "--require /nonexistent",
    NODE_V8_COVERAGE: "/nonexistent",
    NPM_CONFIG_REGISTRY: "nonsense",
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_PROTOCOL: "console",
    RUST_LOG: "trace",
    RUST_MIN_STACK: "nonsense",
  };
  await works([], { env });
});

Deno.test("nettrace heeds no configuration in the current directory and in $HOME", () =>
  withDirectory(async (directory) => {
    for (const name of ["deno.json", "deno.lock", "package.json", ".env", "main.js", "import_map.json"]) {
      await Deno.writeTextFile(`${directory}/${name}`, "{ nonsense");
    }
    await run(["mkfifo", `${directory}/.npmrc`]); // who reads it waits for ever
    await works([], { env: { HOME: directory }, cwd: directory });
  }));

Deno.test("nettrace starts in a directory whose name is no text", () =>
  withDirectory(async (directory) => {
    await works(shell(`mkdir -p "${directory}/#%20 ?" && cd "${directory}/#%20 ?"`));
    await works(shell(`cd "${directory}" && name=$(printf 'a\\377') && mkdir -p "$name" && cd "$name"`));
  }));

Deno.test("nettrace starts in a directory that has been deleted", () =>
  works(shell("gone=$(mktemp -d) && cd $gone && rmdir $gone")));

Deno.test("nettrace starts where nothing can be written, nor run from /tmp", () => {
  const script = `
    mount --make-rprivate /
    mount -t tmpfs tmpfs /mnt
    cp "${nettrace}" /mnt/nettrace
    mount -t tmpfs -o noexec tmpfs /tmp
    mount -t tmpfs -o noexec tmpfs /dev/shm
    cp /bin/true /tmp/true
    ! /tmp/true 2>/dev/null
    awk '{ print $2 }' /proc/self/mounts | while read -r mount; do
      mount -o remount,bind,ro "$mount" 2>/dev/null || true
    done
    ! touch /nettrace-test /tmp/nettrace-test 2>/dev/null`;
  return works(["unshare", "--mount", ...shell(script)], {}, "/mnt/nettrace");
});

Deno.test("nettrace starts for a user who may run but not read it", () =>
  withCopy(async (copy) => {
    await Deno.chmod(copy, 0o711);
    equal((await run([...NOBODY, "cat", copy])).code, 1);
    equal(await run([...NOBODY, copy, "--version"]), version);
    JSON.parse((await run([...NOBODY, copy, "doctor", "--json"])).out);
  }));

Deno.test("nettrace with file capabilities starts for a user, and heeds that user's environment no more", () =>
  withCopy(async (copy) => {
    const capabilities = "cap_bpf,cap_perfmon,cap_dac_read_search+ep";
    equal((await run(["setcap", capabilities, copy])).code, 0);
    const env = ["env", "NETTRACE_PAYLOAD=/etc/passwd", "LD_LIBRARY_PATH=/nonexistent", "DENO_V8_FLAGS=--no-such-flag"];
    equal(await run([...NOBODY, ...env, copy, "--version"]), version);
    const { out } = await run([...NOBODY, ...env, copy, "doctor", "--json"]);
    equal(Object.keys(JSON.parse(out)), Object.keys(JSON.parse(doctor.out)));

    const [program = "", ...args] = [...NOBODY, ...env, copy, "tcpaccept"];
    await using tracer = new Deno.Command(program, { args, env: { PATH }, clearEnv: true, stdout: "piped" }).spawn();
    const reader = tracer.stdout.getReader();
    const { value } = await reader.read(); // the header, which comes when everything is attached
    equal(/^PID +COMM/.test(new TextDecoder().decode(value)), true);
    tracer.kill("SIGINT");
    equal((await reader.read()).done, true);
    equal((await tracer.status).code, 0);
  }));

const noexecSysctl = "/proc/sys/vm/memfd_noexec"; // Linux 6.3
Deno.test({
  name: "nettrace starts where memory files cannot be executed",
  ignore: !await exists(noexecSysctl),
  fn: () => works(["unshare", "--pid", "--fork", "--mount-proc", ...shell(`echo 2 >${noexecSysctl}`)]),
});

const WRITING = "open,openat,openat2,creat,mkdir,mkdirat,mknod,mknodat,link,linkat,symlink,symlinkat,rename,renameat," +
  "renameat2,unlink,unlinkat,rmdir,truncate,chmod,fchmodat,chown,fchownat,lchown,setxattr,lsetxattr,utimensat";

/** The words before a command that have strace note what it does to files; the process stays this one's child. */
const traced = (
  into: string,
) => ["strace", "-D", "-ff", "-o", `${into}/trace`, "-e", `trace=?${WRITING.replaceAll(",", ",?")}`];

/** What was done to files, by reading and otherwise, but for terminals and the like. */
async function doneIn(into: string): Promise<{ reads: string[]; writes: string[] }> {
  let lines: string[] = [];
  for await (const { name } of Deno.readDir(into)) {
    lines = lines.concat((await Deno.readTextFile(`${into}/${name}`)).split("\n"));
  }
  const done = lines.filter((line) => /= \d+$/.test(line));
  const reads = done.filter((line) => /^open/.test(line) && /O_RDONLY/.test(line) && !/O_CREAT|O_TRUNC/.test(line));
  if (reads.length < 10) throw new Error(`strace saw too little:\n${lines.join("\n")}`);
  return { reads, writes: done.filter((line) => !reads.includes(line) && !/"\/dev\/(null|tty)"/.test(line)) };
}

Deno.test("nettrace writes no file", () =>
  withDirectory(async (directory) => {
    const [strace = "", , ...others] = traced(directory); // its own child, so that its end is awaited
    equal(await run([strace, ...others, nettrace, "--version"], { cwd: directory }), version);
    const { reads, writes } = await doneIn(directory);
    equal(writes, []);
    equal(reads.filter((line) => line.includes(directory)), []);
  }));

for (
  const args of [
    ["tcpaccept", "--json"],
    ["tcpdrop", "--show", "unit"],
    ["tcpconnect", "-c"],
    ["tcplife", "--open", "--csv"],
    ["tcptop", "-C", "1"],
    ["softirqs", "1"],
    ["record", "--compress", "none", "tcpaccept", "+", "tcptop", "1"],
  ]
) {
  const records = args[0] === "record";
  Deno.test(`nettrace ${args.join(" ")} makes no file but what it is told to, on its first run`, () =>
    withDirectory(async (directory) => {
      const places = ["cwd", "home", "tmp", "deno", "cache", "run"].map((name) => `${directory}/${name}`);
      for (const place of [...places, `${directory}/traces`, `${directory}/recording`]) Deno.mkdirSync(place);
      const [cwd, home, tmp, deno, cache, runtime] = places;
      const env = [
        `HOME=${home}`,
        `TMPDIR=${tmp}`,
        `DENO_DIR=${deno}`,
        `XDG_CACHE_HOME=${cache}`,
        `XDG_RUNTIME_DIR=${runtime}`,
      ];
      const program = ["env", "-C", cwd ?? "", ...env, ...traced(`${directory}/traces`), nettrace];
      const [name = "", ...rest] = args;
      const into = records ? ["-o", `${directory}/recording`] : [];
      await using tracer = await start([name, ...into, ...rest], undefined, [], program);
      equal((await tracer.stop()).code, 0);
      await ended(`${directory}/traces`);
      const { writes } = await doneIn(`${directory}/traces`);
      const told = writes.filter((line) => line.includes(`"${directory}/recording/`));
      equal([writes.length - told.length, told.length > 0], [0, records]);
      equal(places.filter((place) => Array.from(Deno.readDirSync(place)).length > 0), []);
    }));
}

/** Waits until strace has written all that it saw: each file ends with how its thread did. */
async function ended(into: string): Promise<void> {
  for (const end_ms = performance.now() + 20_000;;) {
    const texts = Array.from(Deno.readDirSync(into), ({ name }) => Deno.readTextFileSync(`${into}/${name}`));
    if (texts.length > 1 && texts.every((text) => /\+\+\+ .* \+\+\+\n$/.test(text))) return;
    if (performance.now() > end_ms) throw new Error("strace did not end");
    await new Promise((done) => setTimeout(done, 20)); // of a bounded poll
  }
}

Deno.test("nettrace gets its arguments as they were typed", async () => {
  for (const typed of ["no such  tool", "--v8-flags=--help", "-A", "--allow-all", "naïve %s", ""]) {
    for (const before of [[], ["tcpaccept", "--pid"]]) {
      const { code, err } = await run([nettrace, ...before, typed]);
      equal([code, err.includes(`'${typed}'`)], [2, true]);
    }
  }
});

Deno.test("nettrace refuses arguments that are no text with a sentence", async () => {
  for (const typed of ["\\xff", "a\\xc0\\x80", "\\xed\\xa0\\x80", "\\xf4\\x90\\x80\\x80", "\\xe2\\x82"]) {
    const { code, err } = await run(["bash", "-c", `exec "$0" replay tcplife $'${typed}'`, nettrace]);
    equal([code, err.startsWith("nettrace: What was typed is no text in UTF-8"), err.split("\n").length], [2, true, 2]);
  }
});

const damaged = { code: 1, out: "", err: "nettrace: this executable is damaged; install it again.\n" };
Deno.test({
  name: "nettrace says so when it is truncated",
  ignore: !packed,
  fn: () =>
    withCopy(async (copy) => {
      const { size } = await Deno.stat(copy);
      for (const lost of [1, 97, 4099, 100_003]) {
        await Deno.truncate(copy, size - lost);
        equal(await run([copy, "--version"]), damaged);
      }
    }),
});

Deno.test({
  name: "nettrace says so when a byte of its program or assets has changed",
  ignore: !packed,
  fn: () =>
    withCopy(async (copy) => {
      for (const distance of [3, 65_537, 500_009]) {
        using file = await Deno.open(copy, { read: true, write: true });
        const flip = async () => {
          const byte = new Uint8Array(1);
          await file.seek(-distance, Deno.SeekMode.End);
          await file.read(byte);
          await file.seek(-distance, Deno.SeekMode.End);
          await file.write(byte.map((value) => value ^ 0x10));
        };
        await flip();
        file.close();
        equal(await run([copy, "--version"]), damaged);
        await Deno.copyFile(nettrace, copy);
      }
    }),
});

Deno.test({
  name: "nettrace says in a sentence why it has no memory to start from",
  ignore: !packed,
  fn: async () => {
    const withFault = (fault: string) =>
      run([
        "strace",
        "-o",
        "/dev/null",
        "-e",
        "trace=memfd_create,write,fcntl",
        "-e",
        `inject=${fault}`,
        nettrace,
        "--version",
      ]);
    const failure = (err: string) => ({ code: 1, out: "", err });
    equal(
      await withFault("memfd_create:error=ENOSYS"),
      failure("nettrace: cannot start, as the system gives no memory file (error 38).\n"),
    );
    equal(
      await withFault("write:error=ENOMEM:when=1"),
      failure("nettrace: cannot start, as its program does not fit into memory (error 12).\n"),
    );
    equal(
      await withFault("fcntl:error=EPERM:when=1"),
      failure("nettrace: cannot start, as the system does not seal memory files (error 1).\n"),
    );
    equal(await withFault("memfd_create:error=EINVAL:when=1"), version); // before Linux 6.3
  },
});

Deno.test("the runtime says nothing on a terminal, where it could of the caches that it is not to have", async () => {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, '{"time":"2026-11-20T06:00:01Z","tool":"tcplife","summary":{"lost_by":{}}}\n');
    const { code, out } = await run(["script", "-qec", `${nettrace} replay tcplife ${file}`, "/dev/null"]);
    equal([code, out.split("\r\n").length, out.slice(0, 3)], [0, 2, "PID"]);
  } finally {
    await Deno.remove(file);
  }
});
