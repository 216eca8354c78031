import { newCgroups } from "./cgroup.ts";
import { type Column, sampleColumns, shownColumns } from "./column.ts";
import type { Kernel } from "./kernel.ts";
import { type Lookups, NO_LOOKUPS } from "./lookup.ts";
import type { Losses } from "./loss.ts";
import { type Interval, type Rows, rowsOf } from "./rows.ts";
import type { Run } from "./run.ts";
import { openSession } from "./session.ts";
import type { Plan, Tool } from "./tool.ts";

/** What an interval gave. */
export interface Taken {
  readonly rows: Rows;
  readonly interval: Interval;
  /** How long the interval was. */
  readonly spent_s: number;
  /** When it ended. */
  readonly end: Date;
}

/** A tool at work that samples; somebody else waits, and says when to take what an interval counted. */
export interface Sampler extends Disposable {
  readonly plan: Plan;
  /** Options and arguments by place, which keys of a live view change. */
  readonly given: Map<string, unknown>;
  readonly lookups: Lookups;
  /** When the interval ends, by the monotonic clock; Infinity if nobody said. */
  due_ns(): number;
  /** Looks again at what is sampled; undefined if there is nothing to look at. */
  readonly look: (() => void) | undefined;
  /** Ends the interval; with `stopped`, tracing too. */
  take(stopped: boolean): Taken;
  /** The value of a programs' variable of 32 bits. */
  variable(name: string): number;
  /** Ends tracing. */
  detach(): void;
  losses(): Losses;
}

/** Opens the tool of a run; its first interval begins. Throws BadInput and CannotRun. */
export function openSampler(run: Run, kernel: Kernel, warn: (line: string) => void): Sampler {
  const { tool } = run;
  const { sample: mode, layout: { sample: layout } } = tool;
  if (!mode || !layout) throw new Error(`${tool.name} does not sample`);
  const given = new Map(run.given);
  const learned = tool.learn?.(kernel, warn, given);
  const constants = { ...learned?.constants, ...run.constants };
  const session = openSession(tool, { ...run, constants, fills: [...run.fills, ...learned?.fills ?? []] }, kernel);
  const interval_s = (given.get("interval") as number | undefined) ?? mode.interval_s ?? Infinity;
  const cgroups = newCgroups(session);
  const look = learned?.watch && (() => learned.watch?.(session.variables));
  look?.();
  const begin_ns = kernel.monotonic_ns();
  let start_ns = begin_ns, due = 1;
  const due_ns = () => Number(begin_ns) + due * interval_s * 1e9;
  return {
    plan: session.plan,
    given,
    lookups: { ...NO_LOOKUPS, ...learned?.lookups, cgroups },
    due_ns,
    look,
    take(stopped) {
      if (stopped) session.detach();
      const { entries, end_ns } = session.take();
      const partial = stopped && interval_s !== Infinity && Number(end_ns) < due_ns();
      due = Math.max(due, Math.floor(Number(end_ns - begin_ns) / 1e9 / interval_s)) + 1;
      mode.unite?.(entries, given, cgroups);
      const interval = { start_ns, end_ns, partial };
      const rows = rowsOf(entries, layout, mode.group(given), mode.counters, interval, mode.others?.(given));
      const spent_s = Number(end_ns - start_ns) / 1e9;
      start_ns = end_ns;
      return { rows, interval, spent_s, end: new Date() };
    },
    variable: session.variables.get,
    detach: () => session.detach(),
    losses: () => ({ ...session.losses(), ...constants["noting_cgroups"] && { unnamed: cgroups.unnamed } }),
    [Symbol.dispose]: () => session[Symbol.dispose](),
  };
}

/** The numbers of rows in the tool's order. */
export function orderOf({ sample: mode }: Tool, rows: Rows, given: ReadonlyMap<string, unknown>): number[] {
  const order = Array.from({ length: rows.count }, (_, i) => i);
  return mode?.order ? order.sort(mode.order(rows, given)) : order;
}

/** The columns of a tool's records under these options. */
export function recordedColumns(tool: Tool, given: ReadonlyMap<string, unknown>): Column[] {
  return sampleColumns(tool.name, tool.sample?.columns?.(given) ?? shownColumns(tool.columns, given));
}
