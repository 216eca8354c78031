// Writes the table of tools into README.md, from the declarations; with --check, fails if it is not what they say.
import { tools } from "../tools/mod.ts";

const BEGIN = "<!-- tools: made by `make readme` -->\n", END = "<!-- end of tools -->\n";

/** The table of tools in Markdown. */
async function table(): Promise<string> {
  const rows = await Promise.all(
    Object.values(tools).map(async (load) => {
      const { default: tool } = await load();
      const letters = Object.entries(tool.options).map(([name, o]) => o.short ? `-${o.short}` : `--${name}`).join(" ");
      return `| \`${tool.name}\` | ${tool.summary} | \`${letters}\` | ${tool.plans.map((p) => p.name).join(", ")} |\n`;
    }),
  );
  return "| tool | what it does | options | plans |\n| --- | --- | --- | --- |\n" + rows.join("");
}

const file = new URL("../README.md", import.meta.url);
const text = Deno.readTextFileSync(file);
const [before, after] = [text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)];
const made = text.slice(0, before) + await table() + text.slice(after);
if (Deno.args.includes("--check")) {
  if (made !== text) {
    console.error("The table of tools in README.md is not what the declarations say: run make readme, and commit it.");
    Deno.exit(1);
  }
} else Deno.writeTextFileSync(file, made);
