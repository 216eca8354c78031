// What docs/performance.md says of each bench, in the order of the page.

/** A heading, and in Markdown how it is measured. */
interface About {
  title: string;
  how: string;
}

export const ABOUT = {
  start: {
    title: "Start",
    how:
      `From before exec until the heading is written, which is when tracing is attached; *CPU* is what the process has used by
then. 31 runs of each. With the embedded libbpf, the C side loads that same library.`,
  },
  latency: {
    title: "A lone event",
    how:
      `One accept every 20 ms; from before the call of accept, by a process that then waits for the row, until the row is read
from the tracer's pipe. The C side's output is buffered by line here, as its rows would else not come.`,
  },
  drain: {
    title: "Rows",
    how:
      `A 64 MiB ring, filled to the last byte with made-up records of which a quarter are IPv6, read and printed to /dev/null.
Both sides print the same bytes. *Read a record* only counts them.`,
  },
  rate: {
    title: "Events at a steady rate",
    how:
      `A process calls getppid at an even pace and a program sends one record for each. *Lost* is what was produced and did not
arrive in the output. *CPU* is that of the reader; *cost* is what a call takes longer than untraced.`,
  },
  accept: {
    title: "Accepts",
    how:
      `Connections a second that a loopback server accepts as fast as it can while it is traced, of what it accepts untraced
before and after. Server, client and tracer share the cores. *Noise* is the distance between the quartiles of the
untraced rates after by those before; above 3 % the goal is not judged.`,
  },
  cost: {
    title: "In the kernel",
    how:
      `What the kernel says (bpf_stats) that the tool's programs took, with the interrupts meanwhile, less as many runs of an
empty program. For each event that is shown, and for each run. C is the tool's twin of libbpf-tools, where that traces
on this kernel, on the same traffic; both have their output in a file, buffered as each likes it.`,
  },
  storm: {
    title: "A storm of connections",
    how:
      `Connections made and closed as fast as one client can while the tool runs, of what goes untraced before and after; in
brackets the quartiles of all rounds. C is the twin as above. *Noise* is the distance between the quartiles of the
untraced rates after by those before, over the square root of the number of rounds: how far off a median may be; above
3 % the goal is not judged. *Lost* is the most that a run said it lost or, where it is known how many rows there must
be, did not show.`,
  },
  rr: {
    title: "Requests beside tools that sample",
    how:
      `How often a second a byte goes to and fro over a loopback connection while a tool samples, of what it does untraced before
and after, beside the tool's twin of libbpf-tools, where that works here. Both ends share a CPU, so that a request takes
what the network stack takes, not what it takes to wake another CPU. *Tax* is what is missing of 100 %. *Noise* is told
as for accepts.`,
  },
  record: {
    title: "Recordings",
    how:
      `The same process at an even pace, recorded by nettrace's recorder with zstd onto a disk, then replayed into a pipe.
The events are made up so that addresses, ports and PIDs are as good as random. *Lost* is what was produced and is not
among the replayed rows.`,
  },
  idle: {
    title: "Idle",
    how: "Attached, with nothing to show. Sizes are in MB of 1000000 bytes.",
  },
} as const satisfies Record<string, About>;

export type Bench = keyof typeof ABOUT;
