/** A terminal's size, in characters. */
export interface Window {
  rows: number;
  columns: number;
}

/** A terminal that a live view has to itself: its window, and the keys that are pressed. Disposing of it gives it back. */
export interface Screen extends Disposable {
  window(): Window;
  /** The keys that were pressed since the last call, in order. */
  keys(): string;
  /** True if what it shows may not be what was written since the last call: it has another size, or was away. */
  stale(): boolean;
}

const QUIT = 131; // 128 and SIGQUIT
const USUAL: Window = { rows: 24, columns: 80 };

/**
 * The screen of this process, if standard output is a terminal; `wake` is called on keys and changes. Keys are read where
 * standard input is a terminal, too, and this is its foreground job: others are stopped by the kernel when they change it.
 */
export function openScreen(wake: () => void): Screen | undefined {
  if (!Deno.stdout.isTerminal()) return undefined;
  const reads = Deno.stdin.isTerminal() && inForeground();
  let pressed = "", isStale = false, closed = false;
  const setRaw = (raw: boolean) => {
    if (reads) Deno.stdin.setRaw(raw, { cbreak: true }); // so that Ctrl-C still is a signal
  };
  const change = () => {
    isStale = true;
    wake();
  };
  const listeners: [Deno.Signal, () => void][] = [
    ["SIGWINCH", change],
    ["SIGCONT", () => {
      setRaw(true);
      change();
    }],
    ["SIGTSTP", () => {
      setRaw(false);
      Deno.kill(Deno.pid, "SIGSTOP");
    }],
    ["SIGQUIT", () => {
      close();
      Deno.exit(QUIT);
    }],
  ];
  const close = () => {
    if (closed) return;
    closed = true;
    for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
    setRaw(false);
  };
  const listen = async () => {
    const bytes = new Uint8Array(64);
    for (;;) {
      const n = await Deno.stdin.read(bytes).catch(() => null);
      if (n === null || closed) return;
      pressed += new TextDecoder().decode(bytes.subarray(0, n));
      wake();
    }
  };
  for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
  setRaw(true);
  if (reads) void listen();
  return {
    window() {
      try {
        const { rows, columns } = Deno.consoleSize();
        return rows > 0 && columns > 0 ? { rows, columns } : USUAL;
      } catch {
        return USUAL;
      }
    },
    keys() {
      const keys = pressed;
      pressed = "";
      return keys;
    },
    stale() {
      const was = isStale;
      isStale = false;
      return was;
    },
    [Symbol.dispose]: close,
  };
}

/** True if this process is of its terminal's foreground group (proc(5): pgrp and tpgid of /proc/pid/stat). */
function inForeground(): boolean {
  const stat = Deno.readTextFileSync("/proc/self/stat");
  const [, , pgrp, , , tpgid] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return pgrp === tpgid;
}
