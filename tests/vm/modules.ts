import type { Entry } from "./cpio.ts";
import { output } from "./command.ts";

/** Modules that init loads, and what needs each. Debian's cloud kernels have the rest of what we use built in. */
const WANTED: Readonly<Record<string, string>> = {
  veth: "live tests join their network namespaces by veth pairs",
  dummy: "an interface that has addresses and no peer",
  sch_netem: "loss and delay, so that connections retransmit",
  nf_tables: "rules that drop packets with a reason",
  nft_reject_inet: "rules that answer with a reset",
};

/** The same of modules that not every kernel has; what tests them asks for them, and is ignored there. */
const OPTIONAL: Readonly<Record<string, string>> = {
  virtio_pci: "the disk of machines that have one; built in on newer kernels",
  virtio_blk: "that disk",
  ext4: "its file system; built in on cloud kernels",
  tls: "kTLS sockets, of which bytes are counted; Debian builds 5.10 without",
  gcm: "their cipher, which the kernel would load by itself if the guest had modprobe",
  ctr: "part of that cipher; built in on 6.12",
  ghash_generic: "part of that cipher; in the library of newer kernels",
};

const decompressors: Readonly<Record<string, string>> = { xz: "xz", zst: "zstd" };

/** The wanted modules of the kernel unpacked in `dir`, and /modules.list to load them from, in that order. */
export async function module_entries(dir: string): Promise<Entry[]> {
  const files = await module_files(dir);
  const loaded = new Map<string, Uint8Array>();
  const load = async (name: string): Promise<void> => {
    const file = files.get(name);
    if (loaded.has(name)) return;
    if (file === undefined) throw new Error(`the kernel in ${dir} has no module ${name}: see tests/vm/modules.ts.`);
    const data = await read_module(file);
    for (const dependency of depends(data)) await load(dependency);
    loaded.set(name, data); // after what it depends on: the map keeps the order
  };
  const optional = Object.keys(OPTIONAL).filter((name) => files.has(name));
  for (const name of [...Object.keys(WANTED), ...optional]) await load(name);
  const list = [...loaded.keys()].map((name) => `/modules/${name}.ko\n`).join("");
  return [
    ...[...loaded].map(([name, data]) => ({ path: `/modules/${name}.ko`, mode: 0o644, data })),
    { path: "/modules.list", mode: 0o644, data: new TextEncoder().encode(list) },
  ];
}

/** Paths of all modules by name; Debian has moved them from /lib to /usr/lib. */
async function module_files(dir: string): Promise<Map<string, string>> {
  const found = await output(["find", dir, "-name", "*.ko*", "-path", "*/lib/modules/*"]);
  return new Map(found.trim().split("\n").map((path) => [module_name(path.split("/").at(-1)!), path]));
}

/** Files are named with - or _ as their author liked; the kernel knows modules by _ alone. */
function module_name(file: string): string {
  return file.replace(/\.ko(\.\w+)?$/, "").replaceAll("-", "_");
}

async function read_module(path: string): Promise<Uint8Array> {
  const program = decompressors[path.split(".").at(-1)!];
  if (!program) return await Deno.readFile(path);
  const { success, stdout } = await new Deno.Command(program, { args: ["-dc", path] }).output();
  if (!success) throw new Error(`${program} cannot unpack ${path}.`);
  return stdout;
}

/** Names in the depends= field of the module's .modinfo section. */
export function depends(module: Uint8Array): string[] {
  const text = new TextDecoder("latin1").decode(module);
  const names = /(?:^|\0)depends=([^\0]*)\0/.exec(text)?.[1];
  return names ? names.split(",").map((name) => name.replaceAll("-", "_")) : [];
}
