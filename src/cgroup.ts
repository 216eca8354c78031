import type { Session } from "./session.ts";

/** A cgroup (v2), by what its path tells. */
export interface Cgroup {
  /** From the root, as in /proc/PID/cgroup. */
  path: string;
  /** The whole id of the container whose cgroup it is, or is below; undefined if there is none. */
  container: string | undefined;
  /** The systemd unit, which is no container's; undefined if there is none. */
  unit: string | undefined;
}

/**
 * What stands before and behind a container's id in its cgroup's name: docker-ID.scope, cri-containerd-ID.scope,
 * crio-ID.scope, libpod-ID.scope; where systemd is not asked, ID alone, or SLICE:cri-containerd:ID.
 */
export const AROUND_ID = ["(?:^|[-:])", "(?:\\.scope)?$"] as const;
const CONTAINER = new RegExp(AROUND_ID.join("([0-9a-f]{64})"));
const UNIT = /\.(?:service|scope)$/;

/** What the path of a cgroup tells; the deepest container and unit count. */
export function describe(path: string): Cgroup {
  const names = path.split("/").reverse();
  const container = names.map((name) => CONTAINER.exec(name)?.[1]).find((id) => id !== undefined);
  return { path, container, unit: names.find((name) => UNIT.test(name) && !CONTAINER.test(name)) };
}

// struct cgroup_names in bpf/cgroup.bpf.h
const WHOLE_BYTES = 8, NAME_BYTES = 128, LEVELS = 10;
export const CGROUP_NAMES_BYTES = WHOLE_BYTES + LEVELS * NAME_BYTES;

/** True if all names were noted, and none is cut; nobody writes to them any more then. */
export function isWhole(noted: Uint8Array): boolean {
  return noted[0] === 1;
}

/** The path that the kernel side noted; undefined if it is not whole. */
export function parseNames(noted: Uint8Array): string | undefined {
  if (!isWhole(noted)) return undefined;
  const names: string[] = [];
  for (let at = WHOLE_BYTES; at < noted.length; at += NAME_BYTES) {
    const name = noted.subarray(at, at + NAME_BYTES), end = name.indexOf(0);
    names.push(new TextDecoder().decode(name.subarray(0, end)));
  }
  return "/" + names.filter((name) => name !== "" && name !== "/").reverse().join("/");
}

/** What is known of cgroups; each is looked up once. */
export interface Cgroups {
  /** A part of what is known of the cgroup of this id. */
  text(id: bigint, part: keyof Cgroup): string | undefined;
  /** How many have no name that could be found. */
  readonly unnamed: number;
}

/** What a sentence for a machine without them begins with. */
export const NO_CGROUP2 = "Only cgroups of version 2 can be told apart, and this machine has mounted none (cgroup2)";

/** Where cgroups of version 2 are mounted; undefined if they are not. */
export function cgroupRoot(): string | undefined {
  return /^\S+ (\S+) cgroup2 /m.exec(Deno.readTextFileSync("/proc/self/mounts"))?.[1];
}

/** The path of a cgroup that is there now: its id is the inode number of its directory. */
function findPath(id: bigint): string | undefined {
  const root = cgroupRoot();
  if (root === undefined) return undefined;
  const search = (path: string): string | undefined => {
    try {
      if (BigInt(Deno.statSync(path).ino ?? 0) === id) return path.slice(root.length) || "/";
      for (const { name, isDirectory } of Deno.readDirSync(path)) {
        const found = isDirectory ? search(`${path}/${name}`) : undefined;
        if (found !== undefined) return found;
      }
    } catch {
      // It went away meanwhile.
    }
    return undefined;
  };
  return search(root);
}

/** New cgroups between two times that the programs' map is tidied: an eighth of those that it has room for. */
const TIDY_AFTER = 256;

/** Cgroups that are known at once. A machine that goes through more has those that live on noted again. */
const MOST_KNOWN = 65536;

/**
 * Looks cgroups up among those that the programs have noted, then among those that are there now. What is known need not
 * be noted any longer; the programs note it again if it lives on, so their map holds what is new and what is alive.
 */
export function newCgroups({ cgroupNames, forgetCgroups }: Pick<Session, "cgroupNames" | "forgetCgroups">): Cgroups {
  const known = new Map<bigint, Cgroup | undefined>();
  let unnamed = 0;
  return {
    text(id, part) {
      if (known.has(id)) return known.get(id)?.[part];
      const noted = id === 0n ? undefined : cgroupNames(id); // 0 stands for an unknown owner
      const path = id === 0n ? undefined : (noted && parseNames(noted)) ?? findPath(id);
      if (path === undefined && id !== 0n) unnamed++;
      const found = path === undefined ? undefined : describe(path);
      if (known.size === MOST_KNOWN) known.clear();
      known.set(id, found);
      if (known.size % TIDY_AFTER === 0) forgetCgroups((id) => known.has(id));
      return found?.[part];
    },
    get unnamed() {
      return unnamed;
    },
  };
}
