import assert from "node:assert/strict";

// Which layer may import which: everything points inward, and only the composition root knows all.
const ALLOWED: Record<string, RegExp> = {
  "src/main.ts": /^(src|ffi|tools)\//,
  src: /^src\//,
  tools: /^(src|tools)\/|^bpf\/\w+\.gen\.ts$/,
  ffi: /^ffi\//,
  bpf: /^$/,
};

Deno.test("modules import only from the layers beneath them", async () => {
  const root = new URL("../../", import.meta.url);
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "src/main.ts"],
    cwd: root.pathname,
  }).output();
  const graph: { modules: { specifier: string; dependencies?: { code?: { specifier?: string } }[] }[] } = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  const local = (url: string) => url.startsWith(root.href) ? url.slice(root.href.length) : undefined;
  let edges = 0;
  for (const { specifier, dependencies = [] } of graph.modules) {
    const from = local(specifier);
    if (from === undefined || from.startsWith("node_modules/")) continue;
    const allowed = ALLOWED[from] ?? ALLOWED[from.split("/")[0] ?? ""];
    assert.ok(allowed, `${from} is in no layer`);
    for (const { code } of dependencies) {
      const to = local(code?.specifier ?? "");
      if (to === undefined || to.startsWith("node_modules/")) continue;
      edges++;
      assert.match(to, allowed, `${from} must not import ${to}`);
    }
  }
  assert.ok(edges > 20, "the graph was read");
});
