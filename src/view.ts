import type { Screen } from "./screen.ts";

/** A live view of reports, of which the last is on the screen. */
export interface View<Report> {
  /** Shows a report, unless the view is paused; `last` shows it in any case. */
  show(report: Report, last: boolean): Promise<void>;
  /** Does what the keys say, and draws the report again where they, or the window, changed something. */
  look(): Promise<void>;
  /** True once the key that quits was pressed. */
  quitting(): boolean;
}

/**
 * A view that `q` ends and that the space bar holds and lets go on; other keys set an option. While it is held it shows
 * the report that it held, and afterwards the latest.
 */
export function newView<Report>(
  screen: Pick<Screen, "keys" | "stale">,
  keys: Readonly<Record<string, readonly [option: string, value: unknown]>>,
  given: Map<string, unknown>,
  draw: (report: Report) => Promise<void>,
): View<Report> {
  let latest: Report | undefined, shown: Report | undefined, paused = false, quit = false;
  const again = async (report: Report | undefined) => {
    shown = report;
    if (report !== undefined) await draw(report);
  };
  return {
    async show(report, last) {
      latest = report;
      if (!paused || last) await again(report);
    },
    async look() {
      let changed = screen.stale();
      for (const key of screen.keys()) {
        const set = Object.hasOwn(keys, key) ? keys[key] : undefined;
        if (set) given.set(...set);
        else if (key === " ") paused = !paused;
        else if (key === "q") quit = true;
        else continue;
        changed = true;
      }
      if (changed && !quit) await again(paused ? shown : latest);
    },
    quitting: () => quit,
  };
}
