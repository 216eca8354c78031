// Twins of nettrace's connection tools among Debian's libbpf-tools.
import { trace, type Tracing } from "./tracer.ts";

const TOOLS = [
  "tcpaccept",
  "tcpconnect",
  "tcpv4connect",
  "tcpconnlat",
  "tcplife",
  "tcpstates",
  "tcptracer",
  "solisten",
  "tcpdrop",
  "tcpretrans",
] as const;
export type ToolName = typeof TOOLS[number];

// What libbpf's perf_buffer__poll() and ring_buffer__poll() wait in: epoll_wait, or epoll_pwait where that is all there is.
const EPOLL = Deno.build.arch === "aarch64" ? ["22"] : ["232", "281"];

/** A twin that can trace on this kernel, or why there is none. */
type Twin = { command: string[] } | { lacking: string };

/** Runs a twin, and returns once it waits for events. Throws what it says if it cannot trace. */
export function traceTwin(command: readonly string[]): Promise<Tracing> {
  // Not known by its heading: that stays in stdio's buffer, which is left as it is, as flushing each row would slow it.
  return trace(command, (pid) => EPOLL.includes(Deno.readTextFileSync(`/proc/${pid}/syscall`).split(" ")[0] ?? ""));
}

async function find(tool: ToolName): Promise<Twin> {
  const command = [`/usr/sbin/${tool}`];
  if (!await Deno.stat(command.join()).then(() => true, () => false)) return { lacking: "not among libbpf-tools" };
  try {
    await using tracing = await traceTwin(command);
    await tracing.stop();
    return { command };
  } catch (error) {
    const hook = /kprobe|fentry|fexit/.exec(String(error))?.[0];
    return { lacking: hook ? `cannot attach ${hook} programs here` : "does not trace here" };
  }
}

let found: Promise<ReadonlyMap<ToolName, Twin>> | undefined;

/** Each connection tool and its twin, found out once by running it. */
export function twins(): Promise<ReadonlyMap<ToolName, Twin>> {
  found ??= (async () => {
    const all = new Map<ToolName, Twin>();
    for (const tool of TOOLS) all.set(tool, await find(tool));
    return all;
  })();
  return found;
}

/** Which tools are measured without a twin, and why, in words. */
export async function withoutTwin(): Promise<string> {
  const reasons = new Map<string, string[]>();
  for (const [tool, twin] of await twins()) {
    if ("lacking" in twin) reasons.set(twin.lacking, [...reasons.get(twin.lacking) ?? [], tool]);
  }
  return Array.from(reasons, ([reason, tools]) => `${tools.join(", ")}: ${reason}`).join("; ") || "none";
}
