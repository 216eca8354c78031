/** One thing in the guest's root file system, at an absolute path. Directories come into being as needed. */
export type Entry =
  | { readonly path: string; readonly mode: number; readonly data: Uint8Array }
  | { readonly path: string; readonly mode: number; readonly copy: string }
  | { readonly path: string; readonly link: string }
  | { readonly path: string; readonly directory: true };

const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
const encoder = new TextEncoder();

/** Writes `entries` to `file` as the "newc" cpio archive that the kernel unpacks (its initramfs buffer format). */
export async function write_cpio(file: string, entries: Iterable<Entry>): Promise<void> {
  using out = await Deno.open(file, { create: true, truncate: true, write: true });
  const writer = out.writable.getWriter();
  let inode = 0;
  const made = new Set([""]);

  const pad = async (length: number) => await writer.write(new Uint8Array(-length & 3));
  const header = async (name: string, mode: number, size: number) => {
    // ino, mode, uid, gid, nlink, mtime, size, device and rdevice (major, minor), name length with its 0, checksum
    const fields = [++inode, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name.length + 1, 0];
    const head = encoder.encode(
      "070701" + fields.map((field) => field.toString(16).padStart(8, "0")).join("") + name + "\0",
    );
    await writer.write(head);
    await pad(head.length);
  };
  const body = async (bytes: Uint8Array) => {
    await writer.write(bytes);
    await pad(bytes.length);
  };
  const directory = async (name: string) => {
    if (made.has(name)) return;
    made.add(name);
    await directory(name.slice(0, Math.max(name.lastIndexOf("/"), 0)));
    await header(name, S_IFDIR | 0o755, 0);
  };

  for (const entry of entries) {
    const name = entry.path.replace(/^\/+/, "");
    if ("directory" in entry) {
      await directory(name);
      continue;
    }
    await directory(name.slice(0, Math.max(name.lastIndexOf("/"), 0)));
    if ("link" in entry) {
      const target = encoder.encode(entry.link);
      await header(name, S_IFLNK | 0o777, target.length);
      await body(target);
    } else {
      const data = "data" in entry ? entry.data : await Deno.readFile(entry.copy);
      await header(name, S_IFREG | entry.mode, data.length);
      await body(data);
    }
  }
  await header("TRAILER!!!", 0, 0);
  await writer.close();
}
