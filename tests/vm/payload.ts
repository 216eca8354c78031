import { output, run } from "./command.ts";
import type { Entry } from "./cpio.ts";

export const root = new URL("../../", import.meta.url).pathname;

/** The distributor's libbpf, which --libbpf can name. */
const SYSTEM_LIBBPF = `/usr/lib/${Deno.build.arch}-linux-gnu/libbpf.so.1`;

/** Programs of this machine that the guest needs, each with the libraries it is linked with. */
const PROGRAMS: Readonly<Record<string, string>> = {
  "/usr/bin/deno": Deno.execPath(),
  "/bin/sh": "/usr/bin/dash", // busybox's prefers its own programs to those on PATH
  "/usr/sbin/ip": "/usr/sbin/ip", // busybox's knows neither veth pairs nor named namespaces
  "/usr/sbin/nft": "/usr/sbin/nft",
  "/usr/bin/setpriv": "/usr/bin/setpriv", // busybox's sets no user
  "/usr/bin/unshare": "/usr/bin/unshare", // busybox's makes no time namespaces
  "/usr/bin/nsenter": "/usr/bin/nsenter",
  "/nettrace/nettrace": `${root}nettrace`,
  "/nettrace/out/traffic": `${root}out/traffic`,
  "/nettrace/out/relinquish.so": `${root}out/relinquish.so`,
  [SYSTEM_LIBBPF]: SYSTEM_LIBBPF,
};

/** Live test files by name: `tcpaccept` for tests/live/tcpaccept_test.ts. */
export function suites(): string[] {
  return [...Deno.readDirSync(`${root}tests/live`)]
    .flatMap(({ name }) => name.endsWith("_test.ts") ? name.slice(0, -"_test.ts".length) : [])
    .sort();
}

/** The programs, and the tests with all they import, laid out as in this tree under /nettrace. */
export async function payload(): Promise<Entry[]> {
  const files = [...await sources()].map((copy) => ({
    path: `/nettrace/${copy.slice(root.length)}`,
    mode: 0o644,
    copy,
  }));
  return [...await program_entries(PROGRAMS), ...files];
}

/** Programs of this machine by their paths in the guest, with their libraries. Throws a sentence when one is missing. */
export async function program_entries(programs: Readonly<Record<string, string>>): Promise<Entry[]> {
  const entries = new Map<string, Entry>();
  for (const [path, copy] of Object.entries(programs)) {
    await Deno.stat(copy).catch(() => {
      throw new Error(`${copy} is missing: type make, and install what tests/vm/README.md lists.`);
    });
    entries.set(path, { path, mode: 0o755, copy });
    for (const library of await libraries(copy)) entries.set(library, { path: library, mode: 0o755, copy: library });
  }
  return [...entries.values()];
}

/** Absolute paths of the shared libraries and the loader of an ELF file; none of a static one or a script. */
async function libraries(program: string): Promise<string[]> {
  const { stdout } = await run(["ldd", program]);
  return [...stdout.matchAll(/^\t(?:\S+ => )?(\/\S+) \(0x/gm)].map(([, path]) => path!);
}

/** All files of tests/live, and the modules that these and guest.ts import. */
async function sources(): Promise<Set<string>> {
  const live = (await output(["find", `${root}tests/live`, "-type", "f"])).trim().split("\n");
  const modules = [`${root}tests/vm/guest.ts`, ...live.filter((file) => file.endsWith(".ts"))];
  return new Set([...live, ...await imported(modules)]);
}

/** The modules, and all that they import. */
export async function imported(modules: readonly string[]): Promise<Set<string>> {
  const files = new Set<string>();
  for (const module of modules) for (const file of await imports(module)) files.add(file);
  return files;
}

async function imports(module: string): Promise<string[]> {
  const { modules }: { modules: { specifier: string; local?: string; error?: string }[] } = JSON.parse(
    await output([Deno.execPath(), "info", "--json", "--no-config", "--no-lock", module]),
  );
  return modules.flatMap(({ specifier, local, error }) => {
    if (specifier.startsWith("node:")) return [];
    if (local?.startsWith(root) && !error) return [local];
    throw new Error(`${module} imports ${specifier}: tests that run in a guest can import files of this tree only.`);
  });
}
