// The outcome as a table for the terminal, and as docs/soak.md.
import { CPU_GROWTH, CPU_NOISE_S, GROWTH_BYTES, type Outcome, WARM_UP, WARM_UP_S } from "./judge.ts";
import { HIDDEN } from "../live/softirqs.ts";

const HEADING = ["tool", "produced", "printed", "lost", "wrong", "RSS", "growth", "fds", "BPF", "CPU/socket", "right"];
const MiB = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

function cells({ tool, verdict, summary, use, failures }: Outcome): string[] {
  const of = <T>(value: T | undefined, show: (value: T) => string) => value === undefined ? "" : show(value);
  return [
    tool,
    of(verdict, ({ produced }) => String(produced)),
    of(verdict, ({ seen }) => String(seen)),
    of(verdict, () => String(summary.lost)),
    of(verdict, ({ wrong }) => String(wrong)),
    of(use, ({ rss_bytes }) => MiB(rss_bytes)),
    of(use, ({ growth_bytes }) => MiB(growth_bytes)),
    of(use, ({ fds }) => String(fds)),
    of(use, ({ bpf }) => String(bpf)),
    of(use, ({ cpu_us: [first, second] }) => `${first.toFixed(1)}, ${second.toFixed(1)} us`),
    failures.length === 0 ? "yes" : "no",
  ];
}

/** A table for the terminal. */
export function table(outcomes: readonly Outcome[]): string {
  const rows = [HEADING, ...outcomes.map(cells)];
  const widths = HEADING.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)).join("  ").trimEnd()
  ).join("\n");
}

/** What all of it was: the traffic, and how long. */
export interface Run {
  minutes: number;
  rate: number;
  /** How many sockets, how many processes made them, and how many packets that were. */
  sockets: number;
  processes: number;
  packets: number;
}

/** docs/soak.md; `remark` is what there is to say of this run besides. */
export function page(
  outcomes: readonly Outcome[],
  run: Run,
  machine: readonly [string, string][],
  remark: string,
): string {
  const markdown = (rows: string[][], align: string[]) =>
    [rows[0] ?? [], align, ...rows.slice(1)].map((row) => `| ${row.join(" | ")} |`).join("\n");
  const hidden = outcomes.find(({ tool }) => tool === "softirqs")?.verdict?.hidden ?? 0;
  const failures = outcomes.flatMap(({ tool, failures }) => failures.map((failure) => `- ${tool}: ${failure}`));
  return `# Soak

Made by \`make soak MINUTES=${run.minutes} ARGS=--write\`. Do not edit: run it again.

All tools trace at once for ${run.minutes} minutes, each as a process, and beside them one \`record\` of several tools, whose
recording is replayed at the end. The traffic, in a network namespace of its own, is of ${run.rate} sockets a second over IPv4,
IPv6 and v4-mapped addresses, made by a new process for each 20 of them: connections that either end closes first or
that are reset, each with its own number of bytes in both directions; connects that are refused; sockets that only listen;
and connections whose server is deaf for a while, so that segments are dropped and sent again. Each socket has an end that no
other ever has, so each row is held against the very socket it is about, and its process: what is shown twice, what never
was, and what is told wrong all count as *wrong*. This run had ${run.sockets} sockets of ${run.processes} processes, and
${run.packets} packets.

- *produced* is what the traffic itself says that there was, or the kernel's counters (tcpretrans: what each socket says by
  TCP_INFO, and RetransSegs; tcpdrop: SO_MEMINFO; netqtop: /proc/net/dev; softirqs: /proc/softirqs, read
  around it, less ${hidden} that interrupted tasks beside which the kernel runs no program of BPF, by how often it ran those
  of softirqs: 1 in ${Math.round(1 / HIDDEN)} may). It is in bytes for tcptop and
  tcpsubnet, in packets and bytes for netqtop. Of tcpstates, it is the links of each socket's chain of states, which must be whole.
- *printed* and *lost* are to be *produced*, exactly.
- *growth* is that of the resident memory which no file backs (RssAnon: heaps and stacks, not the executable's pages, which
  come as its code is first run), after the warm-up (a fifth of the time, and at least ${WARM_UP_S} s), by the median slope of
  all pairs of readings, or by how far the least of the second half is above that of the first where that says less: at most
  ${MiB(GROWTH_BYTES)}. Warm-up share: ${WARM_UP * 100}%.
- *fds* is the least number of descriptors that it had at once, which may not be more in the second half than in the first.
- *BPF* is how many of them are maps, programs and links, which may not change at all.
- *CPU/socket* is the CPU time of the tracer by socket of the traffic, in the first and in the second half after the warm-up:
  at most ${CPU_GROWTH} times as much (and ${CPU_NOISE_S} s, which clocks cannot tell apart).

${markdown([HEADING, ...outcomes.map(cells)], ["---", ...HEADING.slice(1).map(() => "---:")])}

${failures.length === 0 ? "All of it held." : `What did not hold:\n\n${failures.join("\n")}`}
${remark === "" ? "" : `\n${remark}\n`}
## Machine

${markdown([["", ""], ...machine.map(([name, value]) => [name, value])], ["---", "---"])}
`;
}
