/** Events lost, by cause. */
export type Losses = Readonly<Record<string, number>>;

// What each cause means to whoever reads it; causes are the lost_* counters of the programs, and those of user space.
const MEANING = new Map(Object.entries({
  ring_full: "because the ring was full (a larger --buffer helps)",
  fd_gone: "because another thread closed the descriptor first",
  direct: "accepted by io_uring into fixed files",
  armed_before: "perhaps, of io_uring accepts submitted before tracing began",
  map_full: "because too many requests were pending at once",
  since_full:
    "only in part: durations that stand as 0, because too many sockets were open at once (a larger --sockets helps)",
  birth_full: "never shown, because too many sockets were open at once (a larger --sockets helps)",
  attempt_full: "because too many connects were unanswered at once",
  attempt_stuck: "only in part: connects that stand as pending though they ended, because the kernel was too busy",
  attempt_gone: "connects of which the kernel did not tell the end",
  count_full: "not counted, because there was no room for more rows",
  sample_full: "not counted, because too much was told apart at once",
  first_read: "not counted: first reads of sockets that no process had open when tracing began",
  first_write: "not counted: first writes to sockets that no process had open when tracing began",
  position_full: "not counted, because too many sockets were open at once (a larger --sockets helps)",
  return: "not counted, because the kernel left out the end of a send",
  sending_full: "not counted, because too many sends were under way at once",
  call_full: "because too many system calls were under way at once",
  session_full:
    "perhaps, or shown twice: closes, because too many sockets were closing at once (a larger --sockets helps)",
  owner_full:
    "only in part: owners that stand as unknown, because too many sockets were open at once (a larger --sockets helps)",
  headless: "because their TCP header was cut off or not in one piece with the packet's beginning",
  missed: "perhaps, because the kernel did not run a program inside itself",
  unnamed: "only in part: cgroups of which the name could not be found",
  dns_dropped: "only in part: DNS answers, and so perhaps names, because too many came at once",
  unlogged: "not logged, because the journal did not take them",
  unwritten: "because nobody read the output",
  unknown: "for reasons that are none of nettrace's",
}));

// A recording that tells of more causes than that, or of longer ones, was made up.
const MOST_CAUSES = 64, CAUSE = /^[a-z]\w{0,39}$/;

/** What somebody else says was lost, as far as these are counts; causes that cannot be any are one. */
export function readLosses(value: unknown): Losses {
  const sums = new Map<string, number>();
  for (const [cause, n] of typeof value === "object" && value !== null ? Object.entries(value) : []) {
    if (!Number.isSafeInteger(n) || n < 0) continue;
    const key = CAUSE.test(cause) && (sums.has(cause) || sums.size < MOST_CAUSES) ? cause : "unknown";
    sums.set(key, (sums.get(key) ?? 0) + n);
  }
  return Object.fromEntries(sums);
}

/** The sums of some losses, cause by cause. */
export function sumLosses(all: Iterable<Losses>): Losses {
  const sums = new Map<string, number>();
  for (const losses of all) {
    for (const [cause, n] of Object.entries(losses)) if (n > 0) sums.set(cause, (sums.get(cause) ?? 0) + n);
  }
  return Object.fromEntries(sums);
}

/** All of them together. */
export function total(losses: Losses): number {
  return Object.values(losses).reduce((sum, n) => sum + n, 0);
}

/** A line that says what was lost and why; undefined if nothing was. */
export function lossLine(losses: Losses): string | undefined {
  const causes = Object.entries(losses).filter(([, n]) => n > 0).map(([cause, n]) =>
    `${n} ${MEANING.get(cause) ?? cause}`
  );
  if (causes.length === 0) return undefined;
  const n = total(losses);
  return `lost ${n} event${n === 1 ? "" : "s"}: ${causes.join(", ")}`;
}
