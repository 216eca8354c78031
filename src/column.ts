import type { Cgroup } from "./cgroup.ts";

/**
 * What a column shows, as data over the fields of an event, so that every writer can put it straight into bytes.
 * `field` names a member of the event struct.
 */
export type Cell<Field extends string = string> =
  | { kind: "uint"; field: Field }
  /** A whole number of 32 bits with a sign. */
  | { kind: "int"; field: Field }
  | { kind: "port"; field: Field }
  | { kind: "ip_version"; field: Field }
  /** IPv6 in brackets if they are asked for. */
  | { kind: "address"; field: Field; family: Field; brackets?: boolean }
  /** An address and a port with a colon between them, IPv6 without brackets, as bcc has it. */
  | { kind: "endpoint"; address: Field; port: Field; family: Field }
  | { kind: "comm"; field: Field; most?: number }
  | { kind: "time_of_day"; field: Field }
  | { kind: "elapsed_s"; field: Field; digits: number }
  | { kind: "elapsed_ns"; field: Field }
  | { kind: "time"; field: Field }
  /** Microseconds since 1970. */
  | { kind: "realtime_us"; field: Field }
  | { kind: "text"; text: string }
  /** Whole multiples of the divisor, as bcc shows KB. */
  | { kind: "quotient"; field: Field; divisor: number }
  /** One field by another, with `digits` decimals; 0 if the other is 0. */
  | { kind: "mean"; field: Field; by: Field; digits: number }
  /** What was counted in an interval, for each second of it. */
  | { kind: "per_s"; field: Field; digits: number }
  /** Nanoseconds as milliseconds, from whole microseconds, as bcc has them. */
  | { kind: "ms"; field: Field; digits: number }
  | { kind: "hex"; field: Field }
  /** True for 1. */
  | { kind: "flag"; field: Field }
  /** All the whole numbers of 64 bits that the field is made of. */
  | { kind: "list"; field: Field }
  /** A name for each number; numbers without one stand as they are. */
  | { kind: "enum"; field: Field; names: readonly (string | undefined)[] }
  /** What a lookup says of a number, by the lookup's name (Lookups in src/lookup.ts), or a text about what it says. */
  | { kind: "named"; field: Field; by: string; about?: ReadonlyMap<string, string>; otherwise?: string }
  /** The DNS name that an address was found by, if it was before `time`; only with a lookup `query`. */
  | { kind: "query"; field: Field; time: Field }
  /** Texts and values, one after the other. */
  | { kind: "joined"; parts: readonly (string | Cell<Field>)[] }
  /** What is known of the cgroup of this id; of that, at most so many characters in a table. */
  | { kind: "cgroup"; field: Field; part: keyof Cgroup; most?: number }
  /** An id of the connection, for recordings. */
  | { kind: "connection" }
  /** An address of the kernel's code, as a symbol. */
  | { kind: "symbol"; field: Field }
  /** Addresses of the kernel's code, as symbols; those before the address in `from` are left out. */
  | { kind: "stack"; field: Field; from: Field };

/** A column of the table, a key of JSON and CSV records, or both. */
export interface Column<Field extends string = string> {
  /** The key in JSON and CSV: bcc's heading in lower case, with its unit. */
  key: string;
  /** The table's heading; a column without one is in records only. */
  heading?: string;
  width: number;
  /** True if no blank follows the column: its width holds the gap, as in bcc's time columns. */
  glued?: boolean;
  align?: "left" | "right";
  /** True if the cell stands in lines of its own under the row; such columns are the last ones. */
  below?: true;
  /** False if the column is in the table only. */
  record?: boolean;
  /** Shown in the table only if this option is given, or all of these. */
  option?: string | readonly string[];
  /** Not shown in the table if this option is given, or one of these. */
  unless?: string | readonly string[];
  /** A field that is 0 where the value is not known: it then stands as null, or in a table as 0 or -. */
  known?: Field;
  cell: Cell<Field>;
  /** One line for the man page's FIELDS and the JSON Schema. */
  description: string;
}

/** The fields that every event has (struct origin in bpf/nettrace.bpf.h). */
type OriginField = "time_ns" | "cgroup_id" | "pid" | "tid" | "uid" | "netns" | "comm";

/** bcc's two time columns, shown by the options of the same names. */
export const timeColumns = [
  {
    key: "time_of_day",
    heading: "TIME",
    width: 9,
    glued: true,
    record: false,
    option: "time",
    cell: { kind: "time_of_day", field: "time_ns" },
    description: "Local time of the event (HH:MM:SS).",
  },
  {
    key: "elapsed_s",
    heading: "TIME(s)",
    width: 9,
    glued: true,
    record: false,
    option: "timestamp",
    cell: { kind: "elapsed_s", field: "time_ns", digits: 3 },
    description: "Time of the event, in seconds since the first one shown.",
  },
] as const satisfies readonly Column<OriginField>[];

/** bcc's time columns of tcplife and tcpstates. */
export const preciseTimeColumns = [
  { ...timeColumns[0], width: 8, glued: false },
  { ...timeColumns[1], width: 9, glued: false, cell: { kind: "elapsed_s", field: "time_ns", digits: 6 } },
] as const satisfies readonly Column<OriginField>[];

/** A column in its narrow form, and in the form that the option `wide` shows in its place. */
export function narrowOrWide<Field extends string>(
  column: Column<Field>,
  wide: Partial<Column<Field>>,
): Column<Field>[] {
  return [{ ...column, unless: "wide" }, { ...column, ...wide, option: "wide", record: false }];
}

/** TCP states by number (include/net/tcp_states.h), in bcc's words. */
export const TCP_STATES = [
  undefined,
  "ESTABLISHED",
  "SYN_SENT",
  "SYN_RECV",
  "FIN_WAIT1",
  "FIN_WAIT2",
  "TIME_WAIT",
  "CLOSE",
  "CLOSE_WAIT",
  "LAST_ACK",
  "LISTEN",
  "CLOSING",
  "NEW_SYN_RECV",
] as const;

/** What leads every record in JSON and CSV. */
export function recordHead(tool: string): Column<OriginField>[] {
  return [
    {
      key: "time",
      width: 0,
      cell: { kind: "time", field: "time_ns" },
      description: "Time of the event, RFC 3339 in UTC with nanoseconds.",
    },
    { key: "tool", width: 0, cell: { kind: "text", text: tool }, description: "The tool that saw the event." },
  ];
}

/** What ends every record in JSON and CSV. */
export const recordTail = [
  {
    key: "uid",
    width: 0,
    known: "pid",
    cell: { kind: "uint", field: "uid" },
    description: "User id of the process.",
  },
  {
    key: "netns",
    width: 0,
    cell: { kind: "uint", field: "netns" },
    description: "Inode number of the socket's network namespace.",
  },
  {
    key: "cgroup_id",
    width: 0,
    known: "pid",
    cell: { kind: "uint", field: "cgroup_id" },
    description: "Id of the process's cgroup (v2): the inode number of its directory.",
  },
] as const satisfies readonly Column<OriginField>[];

/** Tells which options were given. */
type Given = Pick<ReadonlySet<string>, "has">;

/** The columns that are there under these options. */
export function shownColumns(columns: readonly Column[], given: Given): Column[] {
  return columns.filter((c) =>
    [c.option ?? []].flat().every((option) => given.has(option)) &&
    ![c.unless ?? []].flat().some((option) => given.has(option))
  );
}

/** The columns that a table shows under these options. */
export function tableColumns(columns: readonly Column[], given: Given): Column[] {
  return shownColumns(columns, given).filter((c) => c.heading !== undefined);
}

/** The columns of a record. */
export function recordColumns(tool: string, columns: readonly Column[]): Column[] {
  return [...recordHead(tool), ...columns.filter((c) => c.record !== false), ...recordTail];
}

/** The columns of a record of an interval; those that need an option are in it only if that is given. */
export function sampleColumns(tool: string, columns: readonly Column[]): Column[] {
  return [
    {
      key: "time",
      width: 0,
      cell: { kind: "time", field: "end_ns" },
      description: "When the record was made: the end of the interval, RFC 3339 in UTC with nanoseconds.",
    },
    { key: "tool", width: 0, cell: { kind: "text", text: tool }, description: "The tool that counted." },
    { key: "start", width: 0, cell: { kind: "time", field: "start_ns" }, description: "Start of the interval." },
    { key: "end", width: 0, cell: { kind: "time", field: "end_ns" }, description: "End of the interval." },
    {
      key: "partial",
      width: 0,
      cell: { kind: "flag", field: "partial" },
      description: "True if the interval ended before its time, as the last one does that is interrupted.",
    },
    ...columns.filter((c) => c.record !== false),
  ];
}
