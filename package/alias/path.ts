// Stands for node:path in the bundle: Deno's own costs 12 ms at start, and commander names a command after its file.

export function extname(path: string): string {
  const base = basename(path, "");
  const dot = base.lastIndexOf(".");
  return dot > 0 ? base.slice(dot) : "";
}

export function basename(path: string, suffix: string): string {
  const base = path.slice(path.lastIndexOf("/") + 1);
  return suffix !== "" && base !== suffix && base.endsWith(suffix) ? base.slice(0, -suffix.length) : base;
}
