/**
 * The kernels of the matrix: Debian's, pinned in kernels.json, unpacked into the cache.
 *
 *   deno run -A tests/vm/kernel.ts LABEL   prints the directory
 */
import { type Output, output, run } from "./command.ts";

export interface Package {
  readonly name: string;
  /** Which of a suite's packages succeed this one, for when the suite has dropped it: names carry the version. */
  readonly newest: string;
  readonly version: string;
  readonly sha256: string;
}

export interface Kernel {
  readonly label: string;
  readonly suite: string;
  readonly packages: readonly Package[];
}

export interface Unpacked {
  readonly dir: string;
  /** The Debian version of the kernel. */
  readonly version: string;
  /** What to tell about a pin that could not be kept. */
  readonly moved?: string;
}

export const kernels_path = new URL("kernels.json", import.meta.url);
const debian_sh = new URL("../../package/debian.sh", import.meta.url).pathname;
const NO_LONGER_THERE = 3;

/** Every kernel of the matrix, oldest first. */
export function kernels(): Kernel[] {
  return JSON.parse(Deno.readTextFileSync(kernels_path));
}

/** The directory that downloads and what is made of them are kept in. */
export function cache(): string {
  const { NETTRACE_CACHE, XDG_CACHE_HOME, HOME } = Deno.env.toObject();
  return NETTRACE_CACHE ?? `${XDG_CACHE_HOME ?? `${HOME}/.cache`}/nettrace`;
}

/** The packages `kernel` would be pinned to today: the newest its suite has, all of one version. */
export async function current(kernel: Kernel): Promise<Package[]> {
  // Asking for any package refreshes the suite's index, which is then searched for the names.
  await run([debian_sh, "current", kernel.suite, kernel.packages[0]!.name]);
  const names = await output(["apt-cache", "pkgnames"], {
    env: { APT_CONFIG: `${cache()}/apt/${kernel.suite}-deb/apt.conf` },
  });
  return await Promise.all(kernel.packages.map(async (was) => {
    const name = newest(names.split("\n"), new RegExp(was.newest));
    if (name === undefined) throw new Error(`${kernel.suite} has no package like ${was.newest}: see kernels.json.`);
    const [version = "", sha256 = ""] = (await output([debian_sh, "current", kernel.suite, name])).trim().split(" ");
    return { ...was, name, version, sha256 };
  }));
}

/** The name with the highest version among those that match. */
export function newest(names: readonly string[], pattern: RegExp): string | undefined {
  const by_version = new Intl.Collator("en", { numeric: true });
  return names.filter((name) => pattern.test(name)).sort(by_version.compare).at(-1);
}

/** Downloads and unpacks `kernel`; a pin that has left its suite gives way to what the suite has now. */
export async function unpack(kernel: Kernel): Promise<Unpacked> {
  const pinned = await fetch_all(kernel, kernel.packages);
  if (Array.isArray(pinned)) return await extract(kernel, kernel.packages, pinned);
  const packages = await current(kernel);
  const debs = await fetch_all(kernel, packages);
  if (!Array.isArray(debs)) throw new Error(debs.stderr.trim());
  const { name, version } = packages[0]!;
  return {
    ...await extract(kernel, packages, debs),
    moved:
      `${kernel.label}: ${kernel.suite} has dropped the pinned kernel; this run has ${name} ${version} (make it the pin: deno run -A tests/vm/run.ts --pin).`,
  };
}

/** Paths of the .deb files, or the answer that says the suite no longer has one. */
async function fetch_all(kernel: Kernel, packages: readonly Package[]): Promise<string[] | Output> {
  const paths: string[] = [];
  for (const { name, version, sha256 } of packages) {
    const answer = await run([debian_sh, "fetch", kernel.suite, name, version, sha256]);
    if (answer.code === NO_LONGER_THERE) return answer;
    if (answer.code !== 0) throw new Error(answer.stderr.trim());
    paths.push(answer.stdout.trim());
  }
  return paths;
}

async function extract(kernel: Kernel, packages: readonly Package[], debs: string[]): Promise<Unpacked> {
  const version = packages[0]!.version;
  const dir = `${cache()}/vm/${kernel.label}_${version}`;
  try {
    Deno.statSync(dir);
  } catch {
    const part = `${dir}.part`;
    await Deno.remove(part, { recursive: true }).catch(() => {});
    await Deno.mkdir(part, { recursive: true });
    for (const deb of debs) await output(["dpkg-deb", "-x", deb, part]);
    await Deno.rename(part, dir); // last, so that a directory under this name is always a whole one
  }
  return { dir, version };
}

if (import.meta.main) {
  const kernel = kernels().find(({ label }) => label === Deno.args[0]);
  if (!kernel) {
    console.error(`kernel.ts: give one of ${kernels().map(({ label }) => label).join(", ")}.`);
    Deno.exit(2);
  }
  const { dir, moved } = await unpack(kernel);
  if (moved) console.error(moved);
  console.log(dir);
}
