import { BadInput } from "../failure.ts";
import type { Option } from "../option.ts";
import type { Fields } from "../output/row.ts";
import type { Run } from "../run.ts";

/** True if the event at byte `q` of the view is to be shown. */
export type Keep = (view: DataView, q: number) => boolean;

/** The fields that filters judge by, by the maps and constants that the programs have for them (bpf/filter.bpf.h). */
const EXACT: Readonly<Record<string, string>> = { pids: "pid", uids: "uid", netnses: "netns", cgroups: "cgroup_id" };
const PREFIX: Readonly<Record<string, string>> = { comms: "comm", laddrs: "laddr", raddrs: "raddr" };
const PORTS: Readonly<Record<string, string>> = { lports: "lport", rports: "rport" };
const FAMILY = ["filter_family", "packet_family"];
const LEAVE_OUT_OTHERS = 1;
const KEY_BITS_BYTES = 4;

/** True if an option is a filter that recordings can be judged by. */
export function isFilter(option: Option, value: unknown): boolean {
  const map = option.fill?.(value).map;
  const constants = Object.keys(option.constants?.(value) ?? {});
  if (map !== undefined) return map in EXACT || map in PREFIX;
  return constants.length > 0 &&
    constants.every((name) => FAMILY.includes(name) || name.replace("filter_", "") in PORTS);
}

/** The filters of a run, over events of these fields. Throws BadInput for one that they do not tell of. */
export function compileKeep(run: Run, fields: Fields): Keep {
  const place = (name: string) => {
    const field = fields[name];
    if (!field) throw new BadInput(`What ${run.tool.name} records has no ${name} to filter by: leave that filter out.`);
    return field;
  };
  const keeps: Keep[] = [];
  for (const { map, entries } of run.fills) {
    const others = run.constants[`filter_${map}`] !== LEAVE_OUT_OTHERS;
    const exact = EXACT[map], prefix = PREFIX[map];
    if (exact !== undefined) keeps.push(keepExact(place(exact), entries, others));
    else if (prefix !== undefined) keeps.push(keepPrefix(place(prefix), entries, others));
  }
  for (const [name, value] of Object.entries(run.constants)) {
    const port = PORTS[name];
    if (port !== undefined && value instanceof Uint8Array) keeps.push(keepPort(place(port), value));
    if (FAMILY.includes(name)) {
      const { offset } = place("family");
      keeps.push((view, q) => view.getUint16(q + offset, true) === value);
    }
  }
  return keeps.length === 0 ? () => true : (view, q) => keeps.every((keep) => keep(view, q));
}

type Entries = Run["fills"][number]["entries"];

function keepExact({ offset, size }: { offset: number; size: number }, entries: Entries, others: boolean): Keep {
  const listed = new Map(
    entries.map(({ key, value }) => [new DataView(key.buffer, key.byteOffset).getBigUint64(0, true), value[0] !== 0]),
  );
  return (view, q) => {
    const key = size === 8 ? view.getBigUint64(q + offset, true) : BigInt(view.getUint32(q + offset, true));
    return listed.get(key) ?? others;
  };
}

/** The longest match decides. */
function keepPrefix({ offset }: { offset: number }, entries: Entries, others: boolean): Keep {
  const prefixes = entries.map(({ key, value }) => ({
    bits: new DataView(key.buffer, key.byteOffset).getUint32(0, true),
    bytes: key.subarray(KEY_BITS_BYTES),
    keep: value[0] !== 0,
  })).sort((a, b) => b.bits - a.bits);
  return (view, q) => prefixes.find(({ bits, bytes }) => begins(view, q + offset, bytes, bits))?.keep ?? others;
}

function begins(view: DataView, at: number, bytes: Uint8Array, bits: number): boolean {
  for (let i = 0; 8 * i < bits; i++) {
    const left = bits - 8 * i, mask = left >= 8 ? 255 : 255 << (8 - left) & 255;
    if (((view.getUint8(at + i) ^ (bytes[i] as number)) & mask) !== 0) return false;
  }
  return true;
}

function keepPort({ offset }: { offset: number }, bits: Uint8Array): Keep {
  return (view, q) => {
    const port = view.getUint16(q + offset, true);
    return ((bits[port >> 3] as number) & 1 << (port & 7)) !== 0;
  };
}
