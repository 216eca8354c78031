/** What the suite `oracle` needs in its guest besides: the tools of others that nettrace is compared with. */
import { PAIRS, SOFTIRQS } from "../oracle/pairs.ts";
import { output } from "./command.ts";
import type { Entry } from "./cpio.ts";
import { imported, program_entries, root } from "./payload.ts";
import { ORACLE } from "./result.ts";

const encoder = new TextEncoder();

/** What bpftrace includes, and what scripts do where the kernel has BTF. */
const HEADERS = ["linux/types.h", "sys/socket.h"];

const TWINS = [...PAIRS, SOFTIRQS];

/** The suites that compare all tools with their twins, or one. */
export const oracles = () => [ORACLE, ...TWINS.map(({ tool }) => `${ORACLE}-${tool}`)];

/** The twins, or that of one tool, as installed on this machine, with what they need, and the test that runs them. */
export async function twin_entries(tool?: string): Promise<Entry[]> {
  const twins = TWINS.filter((one) => one.tool === (tool ?? one.tool));
  const paths = [...new Set(twins.flatMap(({ twin }) => twin.filter((word) => word.startsWith("/usr/"))))];
  const scripts = paths.filter((path) => path.endsWith(".bt"));
  const programs = paths.filter((path) => !path.endsWith(".bt"));
  const files = scripts.length === 0 ? [] : [...scripts, ...await headers()];
  const versions = await Promise.all(paths.map(async (path) => [path, await version(path)]));
  const tests = await imported([`${root}tests/oracle/beside_twin.ts`]);
  return [
    ...await program_entries(Object.fromEntries(programs.map((path) => [path, path]))),
    ...files.map((path) => ({ path, mode: 0o644, copy: path })),
    ...[...tests].map((copy) => ({ path: `/nettrace/${copy.slice(root.length)}`, mode: 0o644, copy })),
    { path: "/out/twins.json", mode: 0o644, data: encoder.encode(JSON.stringify(Object.fromEntries(versions))) },
  ];
}

/** Name and version of the package that has a program. */
async function version(path: string): Promise<string> {
  const owner = (await output(["dpkg-query", "--search", path])).split(":")[0] ?? "";
  return await output(["dpkg-query", "--show", "--showformat=${Package} ${Version}", owner]);
}

/** Absolute paths of the headers and all that they include. */
async function headers(): Promise<string[]> {
  const source = HEADERS.map((header) => `#include <${header}>\n`).join("");
  const rule = await output(["sh", "-c", `printf '${source}' | clang -M -E -x c -`]);
  return rule.split(/[\s\\]+/).filter((word) => word.startsWith("/"));
}
