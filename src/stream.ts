import { newCgroups } from "./cgroup.ts";
import type { Column } from "./column.ts";
import type { Kernel, Ring } from "./kernel.ts";
import { type Lookups, NO_LOOKUPS } from "./lookup.ts";
import type { Losses } from "./loss.ts";
import { type Clock, type ClockOffset, newClock } from "./output/clock.ts";
import { compileRow, type Format, rowLimit } from "./output/row.ts";
import { newSink, type Outlet, type Sink } from "./output/sink.ts";
import type { Run } from "./run.ts";
import { openSession } from "./session.ts";
import type { Plan } from "./tool.ts";

/** What of an event is shown, how, and what stands before the first. */
export interface Shown {
  columns: readonly Column[];
  format: Format;
  head: string;
}

/** A tool at work whose events become rows; somebody else waits, and says when to take and to tend. */
export interface Stream extends Disposable {
  readonly plan: Plan;
  readonly ring: Ring;
  readonly sink: Sink;
  /** Puts a row into the sink for each event in the ring, until the sink takes no more; returns how many. */
  take(): number;
  /** Looks at what can have an influence on the next rows; to be called before they are taken. */
  look(): void;
  /** Does what is due now and then; `adjusted` is told of a new reading of the clocks before it is used. */
  tend(adjusted?: (offset: ClockOffset) => void): void;
  /** Ends tracing; what is in the ring stays. */
  detach(): void;
  /** Losses by cause, up to now; those of events that nobody took from the ring included, once tracing has ended. */
  losses(): Losses;
}

/** Opens the tool of a run, and puts the head into the sink. Throws BadInput and CannotRun. */
export async function openStream(
  run: Run,
  kernel: Kernel,
  outlet: Outlet & { warn(line: string): void },
  { columns, format, head }: Shown,
  others: Partial<Lookups> = {},
): Promise<Stream> {
  const { tool, given } = run;
  const { layout: { event } } = tool;
  if (!event) throw new Error(`${tool.name} sends no records`);
  const names = given.has("dns") ? (await import("./dns.ts")).openNames(kernel) : undefined;
  let early: string[] | undefined = []; // what is said of events, once it is sure that there are any
  const warn = (line: string) => early ? void early.push(line) : outlet.warn(line);
  const learned = tool.learn?.(kernel, warn, given);
  using cleanup = new DisposableStack();
  const session = cleanup.use(
    openSession(tool, { ...run, constants: { ...learned?.constants, ...run.constants } }, kernel),
  );
  for (const line of early) outlet.warn(line);
  early = undefined;
  const ring = session.ring();
  const sink = newSink(outlet, rowLimit(columns));
  const clock: Clock = newClock(kernel.clockOffset());
  const cgroups = newCgroups(session);
  const row = compileRow(columns, event.fields, format, ring, sink.out, clock, {
    ...NO_LOOKUPS,
    ...learned?.lookups,
    cgroups,
    ...names && { query: names },
    ...others,
  });
  let at = 0;
  const write = (p: number) => row(at, p);
  const show = (offset: number) => {
    at = offset;
    return sink.row(write);
  };
  const journal = tool.journal && given.has("journal")
    ? (await import("./journal.ts")).openLog(tool.journal, event.fields, ring, clock, kernel)
    : undefined;
  const record = !journal ? show : (offset: number) => {
    journal.log(offset);
    return show(offset);
  };
  sink.text(head);

  let adjusted_ms = kernel.now_ms(), swept_ms = adjusted_ms, detached = false;
  const owner = cleanup.move();
  return {
    plan: session.plan,
    ring,
    sink,
    take: () => ring.drain(record),
    look: () => names?.read(), // what came before an event is known when it is shown
    tend(adjusted) {
      const now_ms = kernel.now_ms();
      if (now_ms - adjusted_ms > CLOCK_PERIOD_MS) {
        const offset = kernel.clockOffset();
        adjusted?.(offset);
        clock.adjust(offset);
        adjusted_ms = now_ms;
      }
      if (now_ms - swept_ms > SWEEP_PERIOD_MS) {
        session.sweep();
        swept_ms = now_ms;
      }
    },
    detach() {
      session.detach();
      detached = true;
    },
    losses() {
      let unread = 0;
      if (detached) ring.drain(() => ++unread > 0);
      return {
        ...session.losses(),
        ...journal && { unlogged: journal.unlogged },
        ...given.has("show") && { unnamed: cgroups.unnamed },
        ...names && { dns_dropped: names.dropped() },
        unwritten: (detached ? sink.waiting : 0) + unread,
      };
    },
    [Symbol.dispose]: () => owner.dispose(),
  };
}

const CLOCK_PERIOD_MS = 1000, SWEEP_PERIOD_MS = 200;
