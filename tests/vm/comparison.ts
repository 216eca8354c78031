// How tools last compared with their twins on each kernel, for docs/oracle.md.
import type { Compared } from "../oracle/report.ts";
import { in_order, keep_lines, kept_lines } from "./jsonl.ts";
import { root } from "./payload.ts";
import { place, type Trial } from "./trial.ts";

/** A tool beside its twin on one kernel, all scenarios added up: a line of comparisons.jsonl. */
export interface Comparison {
  readonly tool: string;
  /** Of the kernel. */
  readonly label: string;
  /** `uname -r`. */
  readonly release: string;
  /** Its name, and its package's name and version. */
  readonly twin: string;
  readonly scenarios: number;
  /** How many events nettrace shows. */
  readonly events: number;
  /** Of how many both say the same. */
  readonly equal: number;
  /** The largest of the scenarios' median differences of times; not there if they measure none. */
  readonly apart_ms?: number;
  /** How often which known difference was met, by its sentence. */
  readonly known: Readonly<Record<string, number>>;
}

/** All that are kept, by tool and then by kernel. */
export const comparisons = (): Promise<Comparison[]> => kept_lines("comparisons");

/** Keeps what these trials compared, of which none may have failed. */
export async function keep_comparisons(trials: readonly Trial[]): Promise<void> {
  const all = [...await comparisons(), ...(await Promise.all(trials.map(brought))).flat()];
  await keep_lines("comparisons", in_order(new Map(all.map((one) => [`${one.tool} ${one.label}`, one]))));
}

async function brought({ label, job: { suite } }: Trial): Promise<Comparison[]> {
  const text = async (name: string) => (await Deno.readTextFile(`${root}${place(label, suite, true)}/${name}`)).trim();
  const compared: Compared[] = JSON.parse(await text("oracle.json"));
  return summed(label, await text("release"), JSON.parse(await text("twins.json")), compared);
}

/** What scenarios brought on a kernel, added up for each tool; `twins` has package and version by a program's path. */
export function summed(
  label: string,
  release: string,
  twins: Readonly<Record<string, string>>,
  compared: readonly Compared[],
): Comparison[] {
  return [...Map.groupBy(compared, ({ tool }) => tool)].map(([tool, of_tool]) => {
    const sum = (of: (one: Compared) => number) => of_tool.reduce((total, one) => total + of(one), 0);
    const name = of_tool[0]?.twin ?? "", apart_ms = of_tool.flatMap((one) => one.apart_ms ?? []);
    const known = new Map<string, number>();
    for (const [why, count] of of_tool.flatMap((one) => Object.entries(one.known))) {
      known.set(why, (known.get(why) ?? 0) + count);
    }
    return {
      tool,
      label,
      release,
      twin: `${name} (${Object.entries(twins).find(([path]) => path.endsWith(`/${name}`))?.[1]})`,
      scenarios: of_tool.length,
      events: sum(({ events }) => events),
      equal: sum(({ equal }) => equal),
      ...apart_ms.length > 0 && { apart_ms: Math.max(...apart_ms) },
      known: Object.fromEntries(known),
    };
  });
}
