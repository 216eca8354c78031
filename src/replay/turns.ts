import type { Kernel } from "../kernel.ts";

/** Lets signals in: to replay keeps the thread busy that learns of them. */
export interface Turns {
  /** True if it is time for that. */
  due(): boolean;
  turn(): Promise<void>;
}

/** A turn takes a millisecond or two. */
const PERIOD_MS = 250;

export function newTurns(kernel: Pick<Kernel, "turn">): Turns {
  let last_ms = performance.now();
  return {
    due: () => performance.now() - last_ms >= PERIOD_MS,
    async turn() {
      await kernel.turn();
      last_ms = performance.now();
    },
  };
}
