/** What was built: made by package/build_json.sh, with the runtime that carries it. */
export interface Build {
  version: string;
  commit: string;
  /** Version of the embedded libbpf. */
  libbpf: string;
  clang: string;
  runtime: "packed" | "denort" | "deno";
}

/** The answer to `nettrace --version`. */
export function versionText(build: Build): string {
  return [
    `nettrace ${build.version} (${build.commit})`,
    `runtime ${build.runtime}, Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`,
    `libbpf ${build.libbpf} embedded, objects by clang ${build.clang}`,
    "",
  ].join("\n");
}
