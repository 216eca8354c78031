/**
 * Files that belong to the executable: libbpf, the BPF objects, what was built. Where they are depends on what runs:
 * "packed" is the runtime with our code and assets appended, "denort" what `deno compile` makes, "deno" the source.
 */

type Runtime = "packed" | "denort" | "deno";

/** In an archive's last eight bytes: the length of the index before them, then this mark. */
export const ARCHIVE_MARK = 0x5254_544e;

/**
 * Which of the three this is. Told from how the code was built and never from the environment, since who may set that
 * must not choose the library that an executable with file capabilities loads.
 */
export function runtime(): Runtime {
  if (Deno.build.standalone) return "denort";
  return import.meta.url.endsWith("/src/asset.ts") ? "deno" : "packed";
}

/** The bytes of the asset with this name; throws an Error that says so if there is none. */
export function asset(name: string): Uint8Array<ArrayBuffer> {
  switch (runtime()) {
    case "packed":
      return packedAsset(name);
    case "denort":
      return read(new URL(`./asset/${name}`, import.meta.url), name);
    case "deno":
      return read(new URL(`../out/${name}`, import.meta.url), name);
  }
}

function read(file: URL, name: string): Uint8Array<ArrayBuffer> {
  try {
    return Deno.readFileSync(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw missing(name);
  }
}

function missing(name: string): Error {
  return new Error(`There is no asset ${name} in this build; run: make nettrace`);
}

/** The stub has sealed the archive into memory and names it here, having dropped any such variable it was given. */
function packedAsset(name: string): Uint8Array<ArrayBuffer> {
  using archive = Deno.openSync(Deno.env.get("NETTRACE_PAYLOAD") ?? "");
  const size = archive.seekSync(0, Deno.SeekMode.End);
  const tail = new DataView(readAt(archive, size - 8, 8).buffer);
  if (tail.getUint32(4, true) !== ARCHIVE_MARK) throw new Error("This executable has no assets; build it again.");
  const length = tail.getUint32(0, true);
  const text = new TextDecoder().decode(readAt(archive, size - 8 - length, length));
  const index: Record<string, [offset: number, length: number]> = JSON.parse(text);
  const place = Object.hasOwn(index, name) ? index[name] : undefined;
  if (place === undefined) throw missing(name);
  return readAt(archive, ...place);
}

function readAt(file: Deno.FsFile, offset: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  file.seekSync(offset, Deno.SeekMode.Start);
  for (let filled = 0; filled < length;) {
    const count = file.readSync(bytes.subarray(filled));
    if (count === null) throw new Error("This executable is damaged; install it again.");
    filled += count;
  }
  return bytes;
}
