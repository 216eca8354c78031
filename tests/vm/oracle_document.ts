import { KNOWN } from "../oracle/known.ts";
import type { Comparison } from "./comparison.ts";
import { table } from "./matrix.ts";

/** How often which known difference was met, by its sentence. */
function met(why: string, found: readonly Comparison[]): string {
  const counts = [...Map.groupBy(found, ({ release }) => release)].flatMap(([release, of_release]) => {
    const count = of_release.reduce((total, { known }) => total + (known[why] ?? 0), 0);
    return count > 0 ? `${count} on ${release}` : [];
  });
  return counts.join(", ") || "not met";
}

/** One tool on one kernel. */
function line({ tool, twin, release, scenarios, events, equal, known, apart_ms }: Comparison): string[] {
  const differing = Object.values(known).reduce((total, count) => total + count, 0);
  return [tool, twin, release, ...[scenarios, events, equal, differing].map(String), apart_ms?.toFixed(3) ?? ""];
}

/** The text of docs/oracle.md. */
export function oracle_document(found: readonly Comparison[]): string {
  return `# Beside the tools of others

Written by \`deno run -A tests/vm/run.ts --only oracle\`, which boots a kernel and runs each tool beside its twin, that is
Debian's tool of the same purpose, on the same traffic at the same time. The traffic knows what it did, and is the referee:
nettrace must show just that, and where the twin shows something else, that must be a known difference, and the traffic
must say each time that nettrace is right. Anything else fails. softirqs counts: there one tool counts within the time of the
other, and an event is a kind of soft interrupt. Times are measured by each tool for itself; the last column is the largest
of the scenarios' median differences.

${
    table(
      ["tool", "twin", "kernel", "scenarios", "events", "equal", "differing", "times apart by, ms"],
      found.map(line),
    )
  }

## Where a twin differs

${
    table(
      ["tool", "what", "why", "how nettrace is proven right", "events"],
      KNOWN.map(({ tool, fields, why, proof }) => [tool, fields.join(", "), why, proof, met(why, found)]),
    )
  }

"missing" are events that the twin does not show, "extra" such as only it shows.

Not compared are tcpsubnet and netqtop, which neither libbpf-tools nor bpftrace have, and tcpv4connect, the tcpconnect of
2015; and on Linux 5.10 tcpdrop, as its twin takes the reasons that came with 5.17. What bpftrace's scripts include of the
kernel's headers is made of the kernel's BTF, of which bpftrace 0.17 takes no types in scripts that use tracepoints, nor on
5.10.
`;
}
