import { output } from "./command.ts";
import type { Entry } from "./cpio.ts";

const LARGE_BYTES = 16 << 20, SPARE_BYTES = 48 << 20;

/**
 * Makes an image of a disk with the large ones of the files; returns what is left for the initramfs, which is all in
 * memory, and with it the list that init makes links from.
 */
export async function move_to_disk(files: readonly Entry[], image: string): Promise<Entry[]> {
  const size = (entry: Entry) => "copy" in entry ? Deno.statSync(entry.copy).size : 0;
  const large = files.filter((entry) => size(entry) >= LARGE_BYTES);
  const dir = `${image}.d`;
  for (const entry of large) {
    if (!("copy" in entry)) continue;
    const path = `${dir}${entry.path}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.copyFile(entry.copy, path);
    await Deno.chmod(path, entry.mode);
  }
  const size_k = Math.ceil((large.reduce((sum, entry) => sum + size(entry), SPARE_BYTES)) / 1024);
  await output(["/sbin/mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", dir, image, `${size_k}k`]);
  await Deno.remove(dir, { recursive: true });
  const list = large.map(({ path }) => `${path}\n`).join("");
  return [
    ...files.filter((entry) => !large.includes(entry)),
    { path: "/on_disk", mode: 0o644, data: new TextEncoder().encode(list) },
  ];
}
