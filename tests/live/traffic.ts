import { linesOf } from "./lines.ts";

/** One connection as its acceptor saw it, from the accepted socket itself. */
export interface Connection {
  family: 4 | 6;
  mapped: boolean;
  laddr: string;
  lport: number;
  raddr: string;
  rport: number;
  pid: number;
  tid: number;
  /** One character for each byte, of the same number: the bytes need not be UTF-8. */
  comm: string;
}

/** One end and the other of a socket. */
export type Ends = Pick<Connection, "laddr" | "lport" | "raddr" | "rport">;

/** What a scenario says when all is set up and nothing has connected yet. */
export interface Ready {
  /** Inode number of the network namespace that it made. */
  netns: number;
  /** The first acceptor's process; `pids` has all of them, `tids` their accepting threads. */
  pid: number;
  pids: number[];
  tids: number[];
  client: number;
  uid: number;
  /** Inode number of the first acceptor's mount namespace. */
  mntns: number;
  /** Of the acceptors; see Connection. */
  comm: string;
  /** Only with the option cgroup. */
  cgroup_id?: number;
  /** Of the listeners: for `accept` the IPv4 one and the dual-stack one. */
  ports: number[];
}

/** What a scenario did. */
export interface Done {
  connections: Connection[];
  /** failed: how many accepts failed. */
  failures?: number;
  /** mptcp, tfo: how many connections were really MPTCP, or began with data in the SYN. */
  special?: number;
  /** flood: how many connections were accepted, in what time, and so how many a second. */
  accepted?: number;
  elapsed_ns?: number;
  rate?: number;
  /** retransmit: the process that listens and accepts, what the sending sockets sent again, and what all did. */
  server?: number;
  retransmits?: number;
  all_retransmits?: number;
  /** bytes: what each end sent or received, the child that shared the sender's socket, the server's network namespace. */
  sent?: number;
  received?: number;
  child?: number;
  server_netns?: number;
  /** fdrace: how many descriptors were gone when accept returned. */
  gone?: number;
  /** fdrace: the socket that took the place of the accepted one. */
  decoy?: Ends;
}

/** A running scenario. Disposing of it ends it, and throws if it failed or complained. */
export interface Traffic extends AsyncDisposable {
  /** Throws if the kernel does not support the scenario. */
  readonly ready: Ready;
  /** Why the kernel does not support the scenario; undefined if it does. */
  readonly unsupported: string | undefined;
  /** Lets it act, once, and returns when it has; its sockets stay open. */
  go(): Promise<Done>;
}

const binary = Deno.env.get("TRAFFIC") ?? new URL("../../out/traffic", import.meta.url).pathname;

/**
 * Starts a scenario of traffic.c and waits until it is ready. Options are those of the scenario: an unknown one makes
 * it fail. Throws what the program says if it fails.
 */
export async function traffic(scenario: string, options: Record<string, string | number> = {}): Promise<Traffic> {
  const args = [scenario, ...Object.entries(options).map(([key, value]) => `${key}=${value}`)];
  const child = new Deno.Command(binary, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const complaints = new Response(child.stderr).text();
  const lines = linesOf(child.stdout);
  const stdin = child.stdin.getWriter();

  let ended = false;
  async function end(): Promise<void> {
    if (ended) return; // and what it complained of has been thrown
    ended = true;
    await stdin.close().catch(() => {}); // it may have ended already, as it does if unsupported
    await lines.return(undefined);
    const [{ code, signal }, complaint] = await Promise.all([child.status, complaints]);
    if (code !== 0 || complaint !== "") {
      throw new Error(`traffic ${args.join(" ")}: ${complaint.trim() || signal || `ended with status ${code}`}`);
    }
  }

  async function next(): Promise<Record<string, unknown>> {
    const line = await lines.next();
    if (!line.done) return JSON.parse(line.value);
    await end();
    throw new Error(`traffic ${args.join(" ")}: ended too early`);
  }

  const first = await next();
  const unsupported = first.unsupported as string | undefined;
  return {
    unsupported,
    get ready(): Ready {
      if (unsupported !== undefined) throw new Error(`traffic ${args.join(" ")}: ${unsupported}`);
      return first as unknown as Ready;
    },
    async go(): Promise<Done> {
      await stdin.write(new TextEncoder().encode("go\n")).catch(() => {}); // if it has ended, next() says why
      return await next() as unknown as Done;
    },
    [Symbol.asyncDispose]: end,
  };
}

/** True if this kernel is of that version, as in 5.17, or newer. */
export function is_since(version: string): boolean {
  const [major = 0, minor = 0] = Deno.osRelease().split(".").map(parseFloat);
  const [first = 0, second = 0] = version.split(".").map(Number);
  return major > first || (major === first && minor >= second);
}

/**
 * True if this kernel is older than `since` and does not support the scenario, which it may tell only when it acts. A
 * newer kernel is held to support it.
 */
export async function lacks(
  since: string,
  scenario: string,
  options: Record<string, string | number>,
): Promise<boolean> {
  if (is_since(since)) return false;
  await using made = await traffic(scenario, options);
  return made.unsupported !== undefined || (await made.go()).connections === undefined;
}
