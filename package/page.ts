// deno run -A package/page.ts DIR OUT: makes the page of reports, one file, of DIR's page.html, page.css and main.ts and
// what they import. It allows itself no script and no style but these two, by their hashes, and no network.
import * as esbuild from "esbuild";

const [directory, out] = Deno.args;
if (directory === undefined || out === undefined) {
  console.error("usage: page.ts DIR OUT");
  Deno.exit(2);
}

/** What esbuild makes of an entry: text that cannot end the element that it stands in. */
async function bundled(entry: string): Promise<string> {
  const { outputFiles: [file] } = await esbuild.build({
    entryPoints: [`${directory}/${entry}`],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    mainFields: ["module", "main"],
    charset: "ascii",
    legalComments: "none",
    logLevel: "warning",
    write: false,
  });
  const text = file?.text.trim() ?? "";
  if (/<\/(script|style)|<!--/i.test(text)) {
    throw new Error(`${entry} has text that ends its element or hides the rest.`);
  }
  return text;
}

async function hash(text: string): Promise<string> {
  return `'sha256-${new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toBase64()}'`;
}

const script = await bundled("main.ts"), style = await bundled("page.css");
await esbuild.stop();
const page = Deno.readTextFileSync(`${directory}/page.html`);
const parts: Record<string, string> = {
  "default-src 'none'": `default-src 'none'; script-src ${await hash(script)}; style-src ${await hash(style)}`,
  "<!--style-->": `<style>${style}</style>`,
  "<!--script-->": `<script>${script}</script>`,
};
let text = page;
for (const [mark, part] of Object.entries(parts)) {
  if (page.split(mark).length !== 2) throw new Error(`page.html must have ${mark}, and once.`);
  text = text.replace(mark, () => part);
}
Deno.writeTextFileSync(out, text);
