import { CannotRun } from "./failure.ts";
import type { Outlet } from "./output/sink.ts";
import { harmless } from "./output/text.ts";
import { openScreen, type Screen } from "./screen.ts";

/** Standard output and error of this process, and the signals that end it. */
export interface Terminal extends Outlet {
  /** Writes a line to standard error. */
  warn(line: string): void;
  /** True once SIGINT, SIGTERM or SIGHUP came. */
  stopping(): boolean;
  /** Waits for so long, or until one of them comes; at most until something happens to the screen. */
  pause(duration_ms: number): Promise<void>;
  /** The terminal, for a live view; undefined if standard output is none. */
  openScreen(): Screen | undefined;
}

// timeout(1) and sudo send a signal to the process and again to its group.
const ECHO_MS = 300;
const INTERRUPTED = 130;
const STDOUT = 1, NEWLINE = 10;
const DEV_NULL = 0x103; // its numbers, 1 and 3 (Documentation/admin-guide/devices.txt)
const MOST_MS = 2 ** 31 - 1; // of a timer

/** What the kernel tells of descriptors that are written to. */
export interface Outputs {
  /** Waits until a descriptor can be written to; false after the timeout. */
  waitWritable(fd: number, timeout_ms: number): boolean;
  /** How many of so many bytes a descriptor that is no file takes now without making anybody wait. */
  room(fd: number, wanted: number): number;
}

/**
 * Listens for signals, and returns what tells whether one came, which calls `stop`. A second one, unless it comes with the
 * first, ends the process at once, after `leave`.
 */
export function listenForEnd(
  signals: readonly Deno.Signal[],
  { stop, leave }: { stop?: () => void; leave?: () => void } = {},
): () => boolean {
  let stopped_ms: number | undefined;
  for (const signal of signals) {
    Deno.addSignalListener(signal, () => {
      const now_ms = performance.now();
      stopped_ms ??= now_ms;
      stop?.();
      if (now_ms - stopped_ms <= ECHO_MS) return;
      leave?.();
      Deno.exit(INTERRUPTED);
    });
  }
  return () => stopped_ms !== undefined;
}

/** The process's own terminal. */
export function openTerminal({ waitWritable, room }: Outputs): Terminal {
  let screen: Screen | undefined;
  let wake = () => {};
  const stopping = listenForEnd(["SIGINT", "SIGTERM", "SIGHUP"], {
    stop: () => wake(),
    leave: () => screen?.[Symbol.dispose](),
  });
  const { isFile, rdev } = Deno.statSync("/proc/self/fd/1");
  const neverBlocks = isFile || rdev === DEV_NULL;
  return {
    write(bytes) {
      try {
        if (neverBlocks) return Deno.stdout.writeSync(bytes);
        const most = room(STDOUT, bytes.length);
        if (most === 0) return 0;
        // Deno writes up to the last line's end and the rest apart, so the rest is left for the next time.
        const lines = bytes.length > most ? bytes.lastIndexOf(NEWLINE, most - 1) + 1 : 0;
        return Deno.stdout.writeSync(bytes.subarray(0, lines || most));
      } catch (error) {
        if (error instanceof Deno.errors.BrokenPipe) return -1;
        if (error instanceof Deno.errors.WouldBlock) return 0;
        throw new CannotRun(`Cannot write to standard output: ${error instanceof Error ? error.message : error}.`);
      }
    },
    waitWritable: (timeout_ms) => waitWritable(STDOUT, timeout_ms),
    warn: (line) => printError(line),
    stopping,
    async pause(duration_ms) {
      if (stopping()) return;
      // Not a race with a promise that lives on: that would keep what each race was about.
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const timer = setTimeout(resolve, Math.min(Math.max(0, Math.ceil(duration_ms)), MOST_MS));
      await promise;
      clearTimeout(timer);
    },
    openScreen: () => screen = openScreen(() => wake()),
  };
}

/**
 * Writes a line to standard error, and gives up quietly where nobody reads it. Whatever it quotes, it cannot steer the
 * terminal.
 */
export function printError(line: string): void {
  try {
    Deno.stderr.writeSync(new TextEncoder().encode(`nettrace: ${harmless(line)}\n`));
  } catch {
    // Whoever closed it does not want to know.
  }
}
