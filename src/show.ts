import type { Column } from "./column.ts";
import { BadInput } from "./failure.ts";
import type { Option } from "./option.ts";

/** Columns that every event can have besides its tool's own, by the names that --show takes. */
export const showable = {
  container: {
    key: "container",
    heading: "CONTAINER",
    width: 12,
    cell: { kind: "cgroup", field: "cgroup_id", part: "container", most: 12 },
    description: "Id of the process's container, by its cgroup's name; null if it is in none. The table has 12 digits.",
  },
  unit: {
    key: "unit",
    heading: "UNIT",
    width: 20,
    cell: { kind: "cgroup", field: "cgroup_id", part: "unit" },
    description: "The process's systemd unit, by its cgroup's name; null if it is in none, or in a container's only.",
  },
  cgroup: {
    key: "cgroup",
    heading: "CGROUP",
    width: 20,
    cell: { kind: "cgroup", field: "cgroup_id", part: "path" },
    description: "Path of the process's cgroup (v2) below the root of all; null if it is not known.",
  },
  netns: {
    key: "netns",
    heading: "NETNS",
    width: 10,
    record: false, // as every record has it
    cell: { kind: "uint", field: "netns" },
    description: "Inode number of the socket's network namespace.",
  },
  uid: {
    key: "uid",
    heading: "UID",
    width: 6,
    record: false,
    known: "pid",
    cell: { kind: "uint", field: "uid" },
    description: "User id of the process.",
  },
  tid: {
    key: "tid",
    heading: "TID",
    width: 7,
    known: "pid",
    cell: { kind: "uint", field: "tid" },
    description: "Id of the thread.",
  },
} as const satisfies Record<string, Column>;

type Name = keyof typeof showable;

/** The option --show, whose value is the names in its list. */
export const show: Option = {
  argument: "LIST",
  help: `add columns: of ${Object.keys(showable).join(", ")} (a list)`,
  parse: (text) =>
    Array.from(new Set(text.split(",")), (name) => { // as a key is in a record once
      if (Object.hasOwn(showable, name)) return name;
      throw new BadInput(`--show takes a list of ${Object.keys(showable).join(", ")}, and not '${name}'.`);
    }),
  constants: (names) =>
    (names as Name[]).some((name) => showable[name].cell.kind === "cgroup") ? { noting_cgroups: true } : {},
  complete: Object.keys(showable),
};

/** A table's columns with those that the value of --show asks for: before what stands under the row. */
export function tableShown(columns: readonly Column[], names: unknown): Column[] {
  const added = ((names ?? []) as Name[]).map((name) => showable[name]);
  return [...columns.filter((c) => !c.below), ...added, ...columns.filter((c) => c.below)];
}

/** What the value of --show adds to records. */
export function recordShown(names: unknown): Column[] {
  return ((names ?? []) as Name[]).map((name): Column => showable[name]).filter((c) => c.record !== false);
}
