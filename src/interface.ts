import { BadInput, CannotRun } from "./failure.ts";
import { isCallError, type Kernel } from "./kernel.ts";
import { harmless } from "./output/text.ts";
import { findNetns, type Netns } from "./netns.ts";
import type { Variables } from "./session.ts";

/** What following an interface takes of the kernel. */
export type InterfaceKernel = Pick<
  Kernel,
  "exists" | "inode" | "interfaceIndex" | "interfaceName" | "netnsCookie" | "readText"
>;

/** An interface that is being followed. */
export interface Followed {
  /** The inode number of its network namespace. */
  readonly netns: number;
  /** The namespace's cookie, which no other has later; 0 where it is not known. */
  readonly cookie: bigint;
  /** Looks where it is by now, and puts its index and how many queues it has into the programs' variables. */
  readonly look: (variables: Variables) => void;
}

const OWN = "/proc/self/ns/net";

/**
 * Follows an interface, by its index through a change of its name, and by its name through an end and a new beginning;
 * `warn` takes a line of each. Throws BadInput if it is not there, CannotRun if that cannot be seen.
 */
export function followInterface(
  name: string,
  netns: Netns | undefined,
  kernel: InterfaceKernel,
  warn: (line: string) => void,
): Followed {
  const own = kernel.inode(OWN) ?? 0;
  const inode = netns?.inode ?? own;
  const path = inode === own ? undefined : netns?.path ?? findNetns(inode);
  if (inode !== own && path === undefined) {
    throw new BadInput(`No process is in the network namespace ${inode}, and none of that inode is in /run/netns.`);
  }
  let index = indexAtStart(name, path, kernel);
  const cookie = kernel.netnsCookie(path);
  let blind = false;

  const see = (variables: Variables) => {
    const before = index;
    if (index !== 0) {
      const found = kernel.interfaceName(index, path);
      if (found === "") index = 0;
      else if (found !== name) {
        warn(`${harmless(name)} is called ${harmless(found)} now, and is counted on.`);
        name = found;
      }
    }
    if (index === 0) index = kernel.interfaceIndex(name, path);
    if (index === before) return;
    const shown = harmless(name);
    if (index === 0) warn(`${shown} has vanished; it is counted again if one of this name comes.`);
    else warn(`${shown} is new, with index ${index}, and is counted from now on.`);
    if (index !== 0) { for (const variable of QUEUES) variables.set(variable, 0); }
  };

  return {
    netns: inode,
    cookie,
    look(variables) {
      if (blind) return;
      blind = path !== undefined && kernel.inode(path) !== inode || !seen(() => see(variables));
      if (blind) {
        // Its inode number may be that of another namespace from now on.
        index = 0;
        warn(
          `${path} does not lead to the network namespace of ${
            harmless(name)
          } any more: nothing is counted from now on.`,
        );
      }
      variables.set("ifindex", index);
      if (path !== undefined) return;
      for (const variable of QUEUES) {
        if (variables.get(variable) === 0) variables.set(variable, queues(name, index, variable, kernel));
      }
    },
  };
}

/** False if a call failed, as it does once a namespace has ended. */
function seen(look: () => void): boolean {
  try {
    look();
    return true;
  } catch (error) {
    if (!isCallError(error)) throw error;
    return false;
  }
}

function indexAtStart(name: string, path: string | undefined, kernel: InterfaceKernel): number {
  let index;
  try {
    index = kernel.interfaceIndex(name, path);
  } catch (error) {
    if (!isCallError(error)) throw error;
    throw new CannotRun(`nettrace may not look into ${path} (${error.message}): run it as root.`);
  }
  if (index === 0) {
    throw new BadInput(
      `There is no interface '${name}' in ${path === undefined ? "this network namespace" : path}: ` +
        "`ip link` there lists those that are; --netns says where else to look.",
    );
  }
  return index;
}

const QUEUES = ["tx_queues", "rx_queues"] as const;
/** No interface has more; queues without packets are shown up to there, whatever a recording says. */
export const MOST_QUEUES = 1024;

/** How many queues sysfs shows; 0 where it shows another namespace's interfaces, as it may after nsenter. */
function queues(name: string, index: number, variable: typeof QUEUES[number], kernel: InterfaceKernel): number {
  const directory = `/sys/class/net/${name}`;
  if (Number(kernel.readText(`${directory}/ifindex`)) !== index) return 0;
  let n = 0;
  while (n < MOST_QUEUES && kernel.exists(`${directory}/queues/${variable.slice(0, 2)}-${n}`)) n++;
  return n;
}
