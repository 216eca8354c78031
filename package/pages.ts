// Writes manual pages and completions, made of the declarations, to where they belong under a prefix:
//
//   pages.ts PREFIX VERSION
import { commands } from "../src/command.ts";
import { completions } from "../src/completion.ts";
import { isDeclared, type Listed } from "../src/declaration.ts";
import { commandManual, manual, overview } from "../src/man.ts";
import { tools } from "../tools/mod.ts";

const [prefix = "", version = ""] = Deno.args;
const all = await Promise.all(Object.values(tools).map(async (load) => (await load()).default));
const listed: readonly Listed[] = commands;

function put(directory: string, name: string, text: string): void {
  Deno.mkdirSync(`${prefix}/share/${directory}`, { recursive: true });
  Deno.writeTextFileSync(`${prefix}/share/${directory}/${name}`, text, { mode: 0o644 });
}

put("man/man8", "nettrace.8", overview(all, listed, version));
for (const tool of all) put("man/man8", `nettrace-${tool.name}.8`, manual(tool, version));
for (const command of listed.filter(isDeclared)) {
  put("man/man8", `nettrace-${command.name}.8`, commandManual(command, version));
}
put("bash-completion/completions", "nettrace", completions("bash", all, listed));
put("zsh/site-functions", "_nettrace", completions("zsh", all, listed));
put("fish/vendor_completions.d", "nettrace.fish", completions("fish", all, listed));
