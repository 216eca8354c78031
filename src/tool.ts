import type { Need } from "./capability.ts";
import type { Column } from "./column.ts";
import type { JournalEntry } from "./journal.ts";
import type { Fill } from "./filter.ts";
import type { Kernel } from "./kernel.ts";
import type { Lookups } from "./lookup.ts";
import type { Constant, Option, Options, Positional } from "./option.ts";
import type { Fields } from "./output/row.ts";
import type { SampleMode } from "./sample.ts";
import type { Variables } from "./session.ts";

/** What bpf/gen.ts tells of an object file. */
export interface Layout {
  /** A record of the ring, if the object sends any. */
  readonly event?: { readonly size: number; readonly fields: Fields };
  /** An entry of the map `counts`, if the object counts (bpf/count.bpf.h). */
  readonly count?: { readonly size: number; readonly fields: Fields };
  /** An entry of the maps `samples_0` and `samples_1`, if the object counts into them (bpf/sample.bpf.h). */
  readonly sample?: { readonly size: number; readonly fields: Fields };
  readonly rodata: Fields;
  readonly bss: Fields;
  /** The maps with an entry for each open socket (PER_SOCKET in bpf/nettrace.bpf.h). */
  readonly perSocket?: readonly string[];
  /** The programs, each with its section, which names the hook. */
  readonly programs: Readonly<Record<string, string>>;
}

/** A set of hooks that shows a tool's events. */
export interface Plan {
  name: string;
  /** Names that --plan takes for it besides its own. */
  aliases?: readonly string[];
  /** All of these must load and attach. */
  programs: readonly string[];
  /** These attach if the kernel has their hook: what they see does not exist where it is missing. */
  optional?: readonly string[];
  /** An iterator to run through once all is attached: it tells the others of what was there before. */
  seed?: string;
  /** An iterator to run at the end of each interval: it counts what no hook tells of. */
  look?: string;
  /** What people are to know of what it shows, if that is not all that the best plan does. */
  note?: string;
  /**
   * Iterators over a map of what has been seen only in part, one to run a few times a second and one for the end; and the
   * variable that says how many entries the map has.
   */
  sweep?: { map: string; size: string; often: string; last: string };
}

/** The plans of a tool that must see accepts (bpf/accept.bpf.h), with the programs that it has besides. */
export function acceptPlans(own: readonly string[] = [], seed?: string): Plan[] {
  const seeded = seed === undefined ? {} : { seed };
  const optional = ["submit_req", "submit_sqe", "complete"] as const;
  return [
    { name: "fexit", programs: [...own, "graft_fexit"], ...seeded },
    { name: "kprobe", aliases: ["kretprobe"], programs: [...own, "graft_kprobe"], ...seeded },
    { name: "tracepoint", programs: [...own, "exit_accept", "exit_accept4"], optional, ...seeded },
    { name: "raw_tracepoint", programs: [...own, "exit_any"], optional, ...seeded },
  ];
}

/** A command line that does something useful, and what. */
export interface Example {
  command: string;
  does: string;
}

/** How a tool counts its events instead of showing each. */
export interface CountMode {
  /** The option that asks for it. */
  option: string;
  /** Over the fields of the layout's `count`. */
  columns: readonly Column[];
  /** By count; where rows are of a family, within IPv4 and then IPv6. */
  order: "ascending" | "descending";
}

/** What tells of the running kernel and its machine. */
export type KernelFacts = Pick<
  Kernel,
  "readText" | "readBytes" | "openBytes" | "exists" | "inode" | "interfaceIndex" | "interfaceName" | "netnsCookie"
>;

/** What a tool found out about the running kernel. */
export interface Learned {
  /** Constants of the program; what the command line says goes before them. */
  constants: Readonly<Record<string, Constant>>;
  lookups: Lookups;
  /** What goes into maps of the program besides what the command line asks for. */
  fills?: readonly Fill[];
  /** Looks again, before the first interval of a tool that samples and several times a second. */
  watch?: (variables: Variables) => void;
}

/** Some of a tool's events: those that have one of the values in the field, or all of them. */
export type Moment<Field extends string = string> =
  | { readonly field: Field; readonly is: readonly number[] }
  | { readonly field?: never };

/** A tool: a row for each record of its program, or reports on what its program counted. */
export interface Tool {
  readonly name: string;
  /** What it does, in a few words: the first line of help, and its row in every list. */
  readonly summary: string;
  /** What it shows and what it does not, in a paragraph or two, for the man page. */
  readonly description: string;
  readonly layout: Layout;
  /** The tool whose object it uses, if not its own. */
  readonly object?: string;
  readonly options: Options;
  /** What it takes besides options, in this order. */
  readonly positionals?: readonly Positional[];
  /** What it needs besides what all tools do and its options say. */
  readonly capabilities?: readonly Need[];
  /** The constants of the program that are always set. */
  readonly constants?: Readonly<Record<string, Constant>>;
  /** The best plan first. */
  readonly plans: readonly Plan[];
  readonly columns: readonly Column[];
  /** The columns of bcc's own CSV, in a tool that has an option `csv` of its own for it. */
  readonly csvColumns?: readonly Column[];
  readonly count?: CountMode;
  readonly sample?: SampleMode;
  /** Which of its events begin a connection and which end one, each a kind of its own. */
  readonly connection?: { readonly begins?: readonly Moment[]; readonly ends?: readonly Moment[] };
  /** What the option `journal` sends to systemd's journal for each event. */
  readonly journal?: JournalEntry;
  /**
   * What it must know of the running kernel before it starts, under the options given; `warn` takes a line for people,
   * now or later. Throws BadInput and CannotRun.
   */
  readonly learn?: (kernel: KernelFacts, warn: (line: string) => void, given: ReadonlyMap<string, unknown>) => Learned;
  /** What bcc prints before the table's heading. */
  readonly intro?: string;
  readonly examples: readonly Example[];
  /** What tracing costs, measured. */
  readonly overhead: string;
  /** What the tool cannot see or may get wrong. */
  readonly caveats: readonly string[];
}

/** Declares a tool whose object sends a record for each row; field names are checked against its layout. */
export function stream<const L extends Layout & Required<Pick<Layout, "event">>>(
  tool: Tool & {
    layout: L;
    options: Record<string, Option>;
    columns: readonly Column<Extract<keyof L["event"]["fields"], string>>[];
    connection?: {
      begins?: readonly Moment<Extract<keyof L["event"]["fields"], string>>[];
      ends?: readonly Moment<Extract<keyof L["event"]["fields"], string>>[];
    };
    journal?: JournalEntry<Extract<keyof L["event"]["fields"], string>>;
    count?: { columns: readonly Column<Extract<keyof NonNullable<L["count"]>["fields"], string>>[] };
  },
): Tool & { layout: L } {
  return tool;
}

/** Declares a tool whose object counts, for a report on each interval; field names are checked against its layout. */
export function sample<const L extends Layout & Required<Pick<Layout, "sample">>>(
  tool: Tool & {
    layout: L;
    options: Record<string, Option>;
    columns: readonly Column<Extract<keyof L["sample"]["fields"], string>>[];
    sample: SampleMode<Extract<keyof L["sample"]["fields"], string>>;
  },
): Tool {
  return tool;
}
