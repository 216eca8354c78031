import { grouped } from "./format.ts";

const EVERY_MS = 200, BAR = 30;

/** Where progress is shown. */
export interface ProgressOutlet {
  write(text: string): void;
  now_ms(): number;
}

/** A bar of how much was read, in a line that is drawn over itself a few times a second, and none for what is short. */
export function newProgress(outlet: ProgressOutlet): { step(done: number, all: number): void; end(): void } {
  let drawn = false, last_ms = outlet.now_ms();
  const begin_ms = last_ms;
  return {
    step(done, all) {
      const now_ms = outlet.now_ms();
      if (now_ms - last_ms < EVERY_MS) return;
      last_ms = now_ms;
      drawn = true;
      outlet.write(`\r${bar(done, all)} ${grouped((now_ms - begin_ms) / 1000)} s\x1b[K`);
    },
    end() {
      if (drawn) outlet.write("\r\x1b[K");
    },
  };
}

/** Of what tells no size, as a pipe does, only how much was read. */
function bar(done: number, all: number): string {
  if (all === 0) return `${grouped(done / 1e6)} MB read`;
  const part = Math.min(1, done / all);
  const full = Math.floor(part * BAR);
  return `reading [${"#".repeat(full)}${".".repeat(BAR - full)}] ${String(Math.floor(part * 100)).padStart(3)} %`;
}
