// BPF objects of processes, told by their ids, so that those of other tracers on the machine do not count.
import { libc, tryBpf } from "./bpf.ts";

type Kind = "prog" | "map" | "link";

// enum bpf_cmd (include/uapi/linux/bpf.h): BPF_PROG_GET_FD_BY_ID, BPF_MAP_GET_FD_BY_ID, BPF_LINK_GET_FD_BY_ID.
const BY_ID: Readonly<Record<Kind, number>> = { prog: 13, map: 14, link: 30 };

/** An object of the kernel's. */
export interface BpfObject {
  kind: Kind;
  id: number;
}

/** What the kernel tells of each descriptor that a process holds. */
export function fdinfos(pid: number | "self"): string[] {
  return Array.from(Deno.readDirSync(`/proc/${pid}/fdinfo`), ({ name }) => readText(`/proc/${pid}/fdinfo/${name}`));
}

function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return ""; // closed meanwhile
  }
}

/** The programs, maps and links that a process holds by descriptors. */
export function objectsOf(pid: number): BpfObject[] {
  const found = new Map<string, BpfObject>();
  for (const text of fdinfos(pid)) {
    for (const kind of Object.keys(BY_ID) as Kind[]) {
      const [, id] = new RegExp(`^${kind}_id:\\s+(\\d+)$`, "m").exec(text) ?? [];
      if (id !== undefined) found.set(`${kind} ${id}`, { kind, id: Number(id) });
    }
  }
  return [...found.values()];
}

/** True if the kernel still has it, for whatever reason: another descriptor, a link or a pin. */
function exists({ kind, id }: BpfObject): boolean {
  const fd = tryBpf(BY_ID[kind], [[0, id]]);
  if (fd < 0) return false;
  libc.close(fd);
  return true;
}

const PATIENCE_MS = 20_000;

/** Waits until the kernel has none of them any more, which it frees a grace period after the last use; gives those left. */
export async function leaked(objects: readonly BpfObject[]): Promise<BpfObject[]> {
  const until_ms = performance.now() + PATIENCE_MS;
  for (;;) {
    const left = objects.filter(exists);
    if (left.length === 0 || performance.now() > until_ms) return left;
    await new Promise((next) => setTimeout(next, 20)); // of a bounded poll
  }
}
