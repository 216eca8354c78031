import assert from "node:assert/strict";
import { parse, parseOptions } from "../../src/cli.ts";
import { commands, runCommand, type World } from "../../src/command.ts";
import { completions } from "../../src/completion.ts";
import { convert } from "../../src/convert/declaration.ts";
import { type Declaration, isDeclared, type Listed } from "../../src/declaration.ts";
import { commandHelp } from "../../src/help.ts";
import { commandManual } from "../../src/man.ts";
import { parseRecord } from "../../src/record/plan.ts";
import { report } from "../../src/report/declaration.ts";
import { tools } from "../../tools/mod.ts";
import { replayed } from "./recording.ts";

const declared: readonly Declaration[] = (commands as readonly Listed[]).filter(isDeclared);
const all = await Promise.all(Object.values(tools).map(async (load) => (await load()).default));
const spellings = ({ options }: Declaration) =>
  Object.entries(options).flatMap(([name, { short }]) => [`--${name}`, ...short === undefined ? [] : [`-${short}`]]);

/** An argument that a command's option takes, by what stands for it. */
const ARGUMENTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  record: { DIR: "rec", TIME: "10m", "HH:MM": "06:00", "TIME|SIZE": "7d" },
  replay: { TIME: "-10m" },
  convert: { PATH: "out" },
  report: { FILE: "page.html", N: "5", TIME: "-10m" },
};

/** Parses whole command lines as the commands do. They throw BadInput. */
const takesAll: Readonly<Record<string, (args: readonly string[]) => void | Promise<void>>> = {
  record(args) {
    for (const [name, ...others] of parseRecord(args, new Date())?.tools ?? []) {
      const tool = all.find((tool) => tool.name === name);
      assert.ok(tool, name);
      parse(tool, others);
    }
  },
  async replay(args) {
    const dir = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${dir}/tcplife-web1-20261120T060000Z.jsonl`, "");
      await replayed(args.map((arg) => /^(rec|\/var\/lib\/nettrace)$/.test(arg) ? dir : arg));
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
  convert: (args) => void parseOptions(convert, args, { options: convert.options, operand: "file" }),
  report: (args) => void parseOptions(report, args, { options: report.options, operand: "file" }),
};

/** Parses the command's own options. They throw BadInput. */
const takes: Readonly<Record<string, (own: readonly string[]) => void | Promise<void>>> = {
  record: (own) => takesAll["record"]?.([...own, "tcplife"]),
  replay: (own) => takesAll["replay"]?.(["tcplife", "rec", ...own]),
  convert: (own) => takesAll["convert"]?.(["rec", ...own]),
  report: (own) => takesAll["report"]?.(["rec", ...own]),
};

async function printed(...args: string[]): Promise<string> {
  let text = "";
  const world = { tools, build: () => ({ version: "1.2.3" }), print: (more: string) => text += more };
  assert.equal(await runCommand(args, world as unknown as World), 0);
  return text;
}

for (const command of declared) {
  const { name, options, examples, exits } = command;

  Deno.test(`${name}'s help and manual have every option, example and exit code`, async () => {
    const help = await printed(name, "--help");
    assert.equal(help, commandHelp(command));
    assert.equal(await printed("help", name), help);
    const page = await printed("man", name);
    assert.equal(page, commandManual(command, "1.2.3"));
    for (const option of [...spellings(command), "-h", "--help"]) {
      assert.match(help, new RegExp(`^  (-., )?${option}\\b`, "m"), option);
      assert.match(page, new RegExp(`^\\.B (\\S+, )?${option.replaceAll("-", "\\\\-")}\\b`, "m"), option);
    }
    for (const { command } of examples) {
      assert.ok(help.includes(`nettrace ${command}\n`), command);
      assert.ok(page.includes(`.B nettrace ${command.replaceAll("-", "\\-")}\n`), command);
    }
    for (const [code] of exits) assert.ok(page.includes(`.B ${code}\n`), code);
    assert.ok(help.split("\n").every((line) => line.length < 80));
    assert.doesNotMatch(page, /^\.(?!TH|SH|TP|PP|B )/m, "no text is taken for a request");
  });

  Deno.test(`${name} takes every option that it declares, and no other`, async () => {
    for (const [long, { argument, short, complete }] of Object.entries(options)) {
      for (const spelling of [`--${long}`, ...short === undefined ? [] : [`-${short}`]]) {
        const words = Array.isArray(complete) ? complete : [ARGUMENTS[name]?.[argument ?? ""]];
        for (const word of words) await takes[name]?.([spelling, ...word === undefined ? [] : [word]]);
      }
    }
    await assert.rejects(async () => await takes[name]?.(["--nonsense"]), /nonsense/);
  });

  Deno.test(`${name}'s examples are right`, async () => {
    for (const { command } of examples) {
      const [first, ...args] = command.split(" ");
      assert.equal(first, name);
      await takesAll[name]?.(args);
    }
  });
}

Deno.test("the manual page that leads to the others names every tool and command", async () => {
  const page = await printed("man");
  for (const { name } of [...all, ...commands]) assert.match(page, new RegExp(`^\\.B ${name}\\b`, "m"), name);
  for (const { name } of [...all, ...declared]) {
    assert.match(page, new RegExp(`^\\.BR nettrace\\\\-${name} \\(8\\)( ,)?$`, "m"), name);
  }
});

/** What bash offers for the last of these words, by the script. */
async function offered(...words: string[]): Promise<string[]> {
  const script = `${completions("bash", all, commands)}
COMP_WORDS=(nettrace ${words.map((w) => `'${w}'`).join(" ")}) COMP_CWORD=${words.length}
_nettrace; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { code, stdout, stderr } = await new Deno.Command("bash", { args: ["-c", script] }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trimEnd().split("\n");
}

Deno.test("bash completes commands' options and files, and behind record's tools their options", async () => {
  for (const command of declared) {
    assert.deepEqual((await offered(command.name, "-")).toSorted(), ["-h", "--help", ...spellings(command)].toSorted());
  }
  assert.deepEqual(await offered("man", "rec"), ["record"]);
  assert.deepEqual(await offered("help", "repl"), ["replay"]);
  assert.deepEqual(await offered("record", "--compress", ""), ["zstd", "gzip", "none"]);
  assert.ok((await offered("record", "-o", "/proc/self/moun")).includes("/proc/self/mountinfo"));
  assert.deepEqual(await offered("record", "-o", "rec", "tcpl"), ["tcplife"]);
  assert.deepEqual(await offered("record", "-o", "rec", "tcpconnect", "--resu"), ["--result"]);
  assert.deepEqual(await offered("record", "tcpconnect", "--result", "+", "tcpli"), ["tcplife"]);
  assert.deepEqual(await offered("record", "tcpconnect", "--result", "+", "tcplife", "--resu"), [""]);
  assert.deepEqual(await offered("record", "tcplife", "--plan", "k"), ["kprobe"]);
  assert.ok((await offered("replay", "/proc/self/moun")).includes("/proc/self/mountinfo"));
});

Deno.test("completions for zsh and fish name every option of commands, and the tools behind record", () => {
  const [zsh, fish] = [completions("zsh", all, commands), completions("fish", all, commands)];
  for (const { name, options } of declared) {
    const ofZsh = zsh.slice(zsh.indexOf(`\n    ${name})\n`)).split(" ;;")[0] ?? "";
    for (const option of Object.keys(options)) {
      assert.ok(ofZsh.includes(`--${option}`), `zsh ${name} ${option}`);
      assert.match(fish, new RegExp(`seen_subcommand_from ${name}'.* -l ${option} `), `fish ${name} ${option}`);
    }
  }
  const names = all.map((tool) => tool.name).join(" ");
  assert.ok(zsh.includes(`'*:tools:(${names})'`));
  assert.ok(fish.includes(`'__fish_seen_subcommand_from record' -f -a '${names}'`));
  assert.ok(fish.includes("'__fish_seen_subcommand_from replay' -F\n"));
});
