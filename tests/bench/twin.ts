// Twins of nettrace's tools among Debian's libbpf-tools.

/** Those that need neither kprobes nor fentry, and so run on every kernel. */
const RUN_ANYWHERE = ["tcplife", "tcpstates", "softirqs"];

/** The command line of a tool's twin; undefined if it has none that runs on every kernel. */
export function twinOf(tool: string): string[] | undefined {
  return RUN_ANYWHERE.includes(tool) ? ["stdbuf", "-oL", `/usr/sbin/${tool}`] : undefined;
}
