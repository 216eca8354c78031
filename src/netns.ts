import { BadInput, CannotRun } from "./failure.ts";
import { parseWhole } from "./option.ts";

/** A network namespace: its inode number, and a file that leads to it, where one is known. */
export interface Netns {
  inode: number;
  path?: string;
}

/** The network namespace that an inode number, a path or pid:N names. Throws BadInput, and CannotRun where it is hidden. */
export function parseNetns(text: string): Netns {
  if (/^\d+$/.test(text)) return { inode: parseWhole(text, "A network namespace", 1, 4294967295) };
  const path = text.startsWith("pid:") ? `/proc/${parseWhole(text.slice(4), "A PID", 1, 4194304)}/ns/net` : text;
  const inode = inodeOf(path, () => {
    throw new CannotRun(
      `This user may not look at ${path}: run nettrace as root, or with CAP_SYS_PTRACE for other users' processes, ` +
        "or type the inode number of the network namespace.",
    );
  });
  if (inode === undefined) {
    throw new BadInput(
      `There is no network namespace at ${path}: type its inode number, a path such as /run/netns/x, or pid:N.`,
    );
  }
  return { inode, path };
}

/** A file that leads to the namespace: a process's or one that `ip netns` made; undefined if there is none. */
export function findNetns(inode: number): string | undefined {
  const processes = namesIn("/proc").filter((name) => /^\d+$/.test(name)).map((pid) => `/proc/${pid}/ns/net`);
  const named = namesIn("/run/netns").map((name) => `/run/netns/${name}`);
  return [...named, ...processes].find((path) => inodeOf(path) === inode);
}

/** The inode number of the namespace that is there, or undefined; where that is hidden, what `refused` makes of it. */
function inodeOf(path: string, refused: () => undefined = () => undefined): number | undefined {
  const found = infoOf(path), own = infoOf("/proc/self/ns/net");
  if (typeof found !== "object") return found && refused();
  // All namespaces are of one file system; 5.10 shows the link that may not be followed.
  if (typeof own === "object" && found.dev !== own.dev) return path.endsWith("/ns/net") ? refused() : undefined;
  return isOfOtherKind(path) ? undefined : found.ino ?? undefined;
}

/** Whether it is a process's link to a namespace that is none of the network, as in pid:[4026531836]. */
function isOfOtherKind(path: string): boolean {
  try {
    return /^(?!net:)\w+:\[\d+\]$/.test(Deno.readLinkSync(path));
  } catch {
    return false; // no link, as what `ip netns` makes
  }
}

function infoOf(path: string): Deno.FileInfo | "hidden" | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    return error instanceof Deno.errors.PermissionDenied ? "hidden" : undefined;
  }
}

function namesIn(directory: string): string[] {
  try {
    return Array.from(Deno.readDirSync(directory), ({ name }) => name);
  } catch {
    return [];
  }
}
