import { KNOWN } from "../oracle/known.ts";
import type { Compared } from "../oracle/report.ts";
import type { Kernel } from "./kernel.ts";
import { table } from "./matrix.ts";
import { root } from "./payload.ts";
import { place } from "./trial.ts";

/** What one kernel brought. */
interface Brought {
  readonly release: string;
  /** Package and version by the program's path. */
  readonly twins: Readonly<Record<string, string>>;
  readonly compared: readonly Compared[];
}

/** What the suites `oracle` and `oracle-TOOL` brought last on each kernel; nothing of those on which none has run. */
export async function compared_results(kernels: readonly Kernel[], suites: readonly string[]): Promise<Brought[]> {
  const found: Brought[] = [];
  for (const { label } of kernels) {
    const all = await Promise.all(suites.map((suite) => brought(root + place(label, suite, true))));
    const in_time = all.flat().sort((a, b) => a.written_ms - b.written_ms);
    const [first] = in_time;
    if (!first) continue;
    const by_tool = new Map(in_time.flatMap((one) => one.compared.map(({ tool }) => [tool, one])));
    const compared = [...by_tool].flatMap(([tool, one]) => one.compared.filter((each) => each.tool === tool));
    found.push({ ...first, twins: Object.assign({}, ...in_time.map(({ twins }) => twins)), compared });
  }
  return found;
}

async function brought(dir: string): Promise<(Brought & { written_ms: number })[]> {
  const text = async (name: string) => (await Deno.readTextFile(`${dir}/${name}`)).trim();
  try {
    const written_ms = (await Deno.stat(`${dir}/oracle.json`)).mtime?.getTime() ?? 0;
    const compared = JSON.parse(await text("oracle.json"));
    return [{ release: await text("release"), twins: JSON.parse(await text("twins.json")), compared, written_ms }];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** How often which known difference was met, by its sentence. */
function met(why: string, found: readonly Brought[]): string {
  const counts = found.flatMap(({ release, compared }) => {
    const count = compared.reduce((total, { known }) => total + (known[why] ?? 0), 0);
    return count > 0 ? `${count} on ${release}` : [];
  });
  return counts.join(", ") || "not met";
}

/** One tool on one kernel; no line if it has not run there. */
function line(tool: string, { release, twins, compared }: Brought): string[][] {
  const of_tool = compared.filter((one) => one.tool === tool);
  const [first] = of_tool;
  if (!first) return [];
  const sum = (of: (one: Compared) => number) => String(of_tool.reduce((total, one) => total + of(one), 0));
  const differing = ({ known }: Compared) => Object.values(known).reduce((total, count) => total + count, 0);
  const apart_ms = of_tool.flatMap((one) => one.apart_ms ?? []);
  return [[
    tool,
    `${first.twin} (${Object.entries(twins).find(([path]) => path.endsWith(`/${first.twin}`))?.[1]})`,
    release,
    String(of_tool.length),
    sum(({ events }) => events),
    sum(({ equal }) => equal),
    sum(differing),
    apart_ms.length > 0 ? Math.max(...apart_ms).toFixed(3) : "",
  ]];
}

/** The text of docs/oracle.md. */
export function oracle_document(found: readonly Brought[]): string {
  const tools = new Set(found.flatMap(({ compared }) => compared.map(({ tool }) => tool)));
  const lines = [...tools].flatMap((tool) => found.flatMap((one) => line(tool, one)));
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
      lines,
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
