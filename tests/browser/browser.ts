// A browser without a window, spoken to by the Chrome DevTools Protocol.

// Debian's; what lies in /usr/bin are scripts, which cannot be killed together with what they start.
const PROGRAMS = ["/usr/lib/chromium/chromium-headless-shell", "/usr/lib/chromium/chromium"];
const PATIENCE_MS = 30_000;

type Message = { id?: number; method?: string; params?: unknown; result?: unknown; error?: { message: string } };

/** A page that is open in a browser of its own, which ends with it. */
export interface Page extends AsyncDisposable {
  /** Calls a method of the protocol and returns its result. */
  call<Result = unknown>(method: string, params?: unknown): Promise<Result>;
  /** The value of an expression in the page; waits for promises, and throws what it throws. */
  evaluate<Value>(expression: string): Promise<Value>;
  /** Waits until the expression is true in the page. */
  until(expression: string): Promise<void>;
  /** The methods and parameters of the events that came so far. */
  readonly events: readonly { method: string; params: unknown }[];
}

/** The browser that is installed here; undefined if there is none. */
export function installedBrowser(): string | undefined {
  return PROGRAMS.find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

/** Opens a file in a browser, in a profile of its own that is removed afterwards. `dark` is what the reader prefers. */
export async function openPage(browser: string, file: string, { dark = false } = {}): Promise<Page> {
  const profile = await Deno.makeTempDir({ prefix: "nettrace-browser-" });
  const child = new Deno.Command(browser, {
    args: [
      "--headless",
      "--no-sandbox", // which it needs to run as root
      "--disable-gpu",
      "--no-first-run",
      "--remote-debugging-port=0",
      `--user-data-dir=${profile}`,
      "--window-size=1400,1000",
      "about:blank",
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const { address, said } = await pageAddress(child.stderr);
  const socket = new WebSocket(address);
  await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));

  const waiting = new Map<number, (message: Message) => void>();
  const events: { method: string; params: unknown }[] = [];
  let last = 0;
  socket.onmessage = ({ data }) => {
    const message: Message = JSON.parse(data);
    if (message.id !== undefined) waiting.get(message.id)?.(message);
    else if (message.method !== undefined) events.push({ method: message.method, params: message.params });
  };
  const page: Page = {
    events,
    async call<Result>(method: string, params: unknown = {}) {
      const id = ++last;
      const { promise, resolve, reject } = Promise.withResolvers<Message>();
      const timer = setTimeout(() => reject(new Error(`${method} had no answer`)), PATIENCE_MS);
      waiting.set(id, resolve);
      socket.send(JSON.stringify({ id, method, params }));
      const { result, error } = await promise.finally(() => clearTimeout(timer));
      if (error) throw new Error(`${method}: ${error.message}`);
      return result as Result;
    },
    async evaluate<Value>(expression: string) {
      const { result, exceptionDetails } = await page.call<Evaluated>("Runtime.evaluate", {
        expression,
        returnByValue: true,
        awaitPromise: true,
      });
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value as Value;
    },
    async until(expression) {
      const watch = `new Promise((done) => {
        const look = () => (${expression}) ? done(true) : requestAnimationFrame(look);
        look();
      })`;
      await page.evaluate(watch);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL"); // its processes see that, and end
      await child.status;
      await said;
      await Deno.remove(profile, { recursive: true });
    },
  };
  for (const domain of ["Page", "Runtime", "Network", "Log"]) await page.call(`${domain}.enable`);
  await page.call("Emulation.setEmulatedMedia", {
    features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }],
  });
  await page.call("Page.navigate", { url: `file://${file}` });
  await page.until("document.readyState === 'complete' && location.href !== 'about:blank'");
  return page;
}

interface Evaluated {
  result: { value: unknown };
  exceptionDetails?: { text: string; exception?: { description?: string } };
}

/** Where the first page of a browser listens, by what it says on standard error, and a promise for the end of that. */
async function pageAddress(
  stderr: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<{ address: string; said: Promise<void> }> {
  const reader = stderr.pipeThrough(new TextDecoderStream()).getReader();
  let text = "", port: string | undefined;
  while (port === undefined) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the browser ended: ${text}`);
    text += value;
    port = /ws:\/\/127\.0\.0\.1:(\d+)\//.exec(text)?.[1];
  }
  const said = (async () => {
    while (!(await reader.read()).done); // lest it blocks
  })();
  const targets = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json();
  const page = targets.find((target: { type: string }) => target.type === "page");
  return { address: page.webSocketDebuggerUrl, said };
}
