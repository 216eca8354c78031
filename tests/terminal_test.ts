// tcptop's live view on a terminal: script(1) makes one, with a shell that has job control. As root.
import assert from "node:assert/strict";

const nettrace = new URL("../nettrace", import.meta.url).pathname;
const PATIENCE_MS = 60_000, LOOK_MS = 20;
const CLEAR = "\x1b[H\x1b[2J";
const CTRL_C = "\x03", CTRL_Z = "\x1a", CTRL_BACKSLASH = "\x1c";

/** A shell on a terminal of its own. */
interface Shell extends AsyncDisposable {
  type(keys: string): Promise<void>;
  /** Waits until the screen, as it is since it was cleared last, satisfies `is`, and returns it. */
  until(is: (screen: string) => boolean): Promise<string>;
  resize(rows: number, columns: number): Promise<void>;
  /** What stty says of the terminal, but for its size. */
  modes(): Promise<string>;
}

async function stty(tty: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("stty", { args: ["-F", tty, ...args] }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

async function openShell(): Promise<Shell> {
  // With signals that do what they do by themselves, whatever started this test: shells in the background ignore Ctrl-C.
  const child = new Deno.Command("env", {
    args: ["--default-signal", "script", "--quiet", "--flush", "--command", "tty; exec sh -i", "/dev/null"],
    env: { SHELL: "/bin/sh", PS1: "$ ", TERM: "xterm" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  let text = "";
  const read = (async () => {
    for await (const more of child.stdout.pipeThrough(new TextDecoderStream())) text += more;
  })();
  const keyboard = child.stdin.getWriter();
  const until = async (is: (screen: string) => boolean) => {
    const end_ms = performance.now() + PATIENCE_MS;
    for (;;) {
      const screen = text.slice(text.lastIndexOf(CLEAR) + 1).replace(CLEAR.slice(1), "").replaceAll("\r", "");
      if (is(screen)) return screen;
      if (performance.now() > end_ms) throw new Error(`this is on the screen: ${screen}`);
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
  };
  const tty = /^\/dev\/pts\/\d+/.exec(await until((screen) => /\n.*\$ $/.test(screen)))?.[0] ?? "";
  return {
    type: (keys) => keyboard.write(new TextEncoder().encode(keys)),
    until,
    resize: async (rows, columns) => void await stty(tty, "rows", `${rows}`, "columns", `${columns}`),
    modes: async () => (await stty(tty, "-a")).replace(/rows \d+; columns \d+; /, ""),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await Promise.all([child.status, read]);
    },
  };
}

const CONNECTIONS = 17;

/** Connections of this process over which something is sent all the time, more over each than over the one before. */
async function openTraffic(): Promise<Disposable> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ends: Deno.Conn[] = [];
  for (let i = 0; i < CONNECTIONS; i++) {
    const accepted = listener.accept();
    ends.push(await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }), await accepted);
  }
  const bytes = new Uint8Array(1024 * CONNECTIONS), into = new Uint8Array(bytes.length);
  let work = Promise.resolve();
  const timer = setInterval(() => {
    work = work.then(async () => {
      for (let i = 0; i < CONNECTIONS; i++) {
        await ends[2 * i]?.write(bytes.subarray(0, 1024 * (i + 1)));
        for (let left = 1024 * (i + 1); left > 0;) left -= await ends[2 * i + 1]?.read(into) ?? left;
      }
    }).catch(() => {}); // they were closed
  }, 50);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      for (const end of [listener, ...ends]) end.close();
    },
  };
}

const COMMAND = `${nettrace} tcptop -p ${Deno.pid} 1`;
/** The rows of a report, each with the bytes received and sent. */
const rowsOf = (screen: string) =>
  screen.split("\n").filter((line) => line.startsWith(`${Deno.pid} `)).map((line) =>
    line.trim().split(/ +/).slice(-2).map(Number) as [rx: number, tx: number]
  );
const hidden = (screen: string) => Number(/^(\d+) more, for which the window is too small$/m.exec(screen)?.[1] ?? 0);
const isWhole = (screen: string) => rowsOf(screen).length + hidden(screen) === 2 * CONNECTIONS && screen.endsWith("\n");
const timeOf = (screen: string) => screen.slice(0, 8);
const isPrompt = (screen: string) => screen.endsWith("\n$ ");

Deno.test("tcptop's reports fit the window, whatever its size", async () => {
  using _traffic = await openTraffic();
  await using shell = await openShell();
  await shell.resize(12, 100);
  await shell.type(`${COMMAND}\n`);
  for (const [rows, columns, shown] of [[12, 100, 12 - 5], [30, 100, 30 - 5], [50, 100, 34], [12, 60, 3]] as const) {
    await shell.resize(rows, columns);
    const screen = await shell.until((screen) => isWhole(screen) && rowsOf(screen).length === shown);
    assert.ok(screen.split("\n").reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0) <= rows);
  }
});

Deno.test("tcptop's keys sort and hold the view, and q ends it", async () => {
  using _traffic = await openTraffic();
  await using shell = await openShell();
  await shell.resize(40, 100);
  const before = await shell.modes();
  await shell.type(`${COMMAND}\n`);
  await shell.until(isWhole);
  assert.match(await shell.modes(), /-icanon.*-echo /s);
  const sorts: [key: string, isFirst: (row: [rx: number, tx: number]) => boolean][] = [
    ["t", ([rx, tx]) => rx === 0 && tx > 0],
    ["r", ([rx, tx]) => rx > 0 && tx === 0],
  ];
  for (const [key, isFirst] of sorts) {
    await shell.type(key);
    await shell.until((screen) => isWhole(screen) && rowsOf(screen).slice(0, CONNECTIONS).every(isFirst));
  }
  await shell.type("b");
  await shell.until((screen) => {
    const sums = rowsOf(screen).map(([rx, tx]) => rx + tx), firsts = sums.slice(0, CONNECTIONS);
    return isWhole(screen) && firsts.every((sum, i) => i === 0 || sum <= (firsts[i - 1] ?? 0)) &&
      rowsOf(screen).slice(0, CONNECTIONS).some(sorts[0]![1]);
  });

  await shell.type(" t");
  const held = timeOf(await shell.until((screen) => isWhole(screen) && sorts[0]![1](rowsOf(screen)[0] ?? [0, 0])));
  const later = new Date(Date.now() + 3000).toTimeString().slice(0, 8);
  for (let n = 0; new Date().toTimeString().slice(0, 8) < later; n = 1 - n) {
    const [key, isFirst] = sorts[1 - n]!;
    await shell.type(key);
    const screen = await shell.until((screen) => isWhole(screen) && isFirst(rowsOf(screen)[0] ?? [0, 0]));
    assert.equal(timeOf(screen), held);
  }
  await shell.type(" ");
  await shell.until((screen) => isWhole(screen) && timeOf(screen) > held);

  await shell.type("q");
  await shell.until(isPrompt);
  await shell.type("echo code $?\n");
  await shell.until((screen) => screen.includes("\ncode 0\n"));
  assert.equal(await shell.modes(), before);
});

for (const [name, key, code] of [["Ctrl-C", CTRL_C, 0], ["Ctrl-\\", CTRL_BACKSLASH, 131]] as const) {
  Deno.test(`${name} ends tcptop's view and leaves the terminal as it was`, async () => {
    using _traffic = await openTraffic();
    await using shell = await openShell();
    await shell.resize(40, 100);
    const before = await shell.modes();
    await shell.type(`${COMMAND}\n`);
    await shell.until(isWhole);
    await shell.type(key);
    await shell.until(isPrompt);
    assert.equal(await shell.modes(), before);
    await shell.type("echo code $?\n");
    await shell.until((screen) => screen.includes(`\ncode ${code}\n`));
  });
}

Deno.test("Ctrl-Z stops tcptop's view and leaves the terminal as it was, and fg takes it again", async () => {
  using _traffic = await openTraffic();
  await using shell = await openShell();
  await shell.resize(40, 100);
  const before = await shell.modes();
  await shell.type(`${COMMAND}\n`);
  const stopped = timeOf(await shell.until(isWhole));
  await shell.type(CTRL_Z);
  await shell.until((screen) => /Stopped.*\n\$ $/.test(screen));
  assert.equal(await shell.modes(), before);
  await shell.type("fg\n");
  await shell.until((screen) => isWhole(screen) && timeOf(screen) > stopped);
  assert.match(await shell.modes(), /-icanon.*-echo /s);
  await shell.type("q");
  await shell.until(isPrompt);
  assert.equal(await shell.modes(), before);
});
