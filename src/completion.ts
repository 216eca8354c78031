import { allOptions } from "./cli.ts";
import { BadInput } from "./failure.ts";
import type { Option } from "./option.ts";
import type { Tool } from "./tool.ts";

interface Word {
  word: string;
  help: string;
}

/** The completion script for a shell, made of the declarations. Throws BadInput for a shell that has none. */
export function completions(
  shell: string,
  tools: readonly Tool[],
  commands: readonly { name: string; summary: string }[],
): string {
  const write = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
  if (!write) throw new BadInput(`There are completions for ${Object.keys(SHELLS).join(", ")}, not for '${shell}'.`);
  const first: Word[] = [
    ...tools.map((t) => ({ word: t.name, help: t.summary })),
    ...commands.map((c) => ({ word: c.name, help: c.summary })),
  ];
  return write(first, tools);
}

const SHELLS: Record<string, (first: readonly Word[], tools: readonly Tool[]) => string> = { bash, zsh, fish };

/** Commands whose argument is a tool. */
const TAKE_TOOL = ["help", "man", "schema"];

function dashed(name: string, option: Option): string[] {
  return option.short === undefined ? [`--${name}`] : [`-${option.short}`, `--${name}`];
}

/** The words that may follow an option, or "file"; undefined for a flag or free text. */
function candidates(tool: Tool, name: string, option: Option): "file" | readonly string[] | undefined {
  return name === "plan" ? tool.plans.map((p) => p.name) : option.complete;
}

function bash(first: readonly Word[], tools: readonly Tool[]): string {
  const names = tools.map((t) => t.name);
  const cases = tools.map((tool) => {
    const options = Object.entries(allOptions(tool));
    const values = options.flatMap(([name, option]) => {
      if (option.argument === undefined) return [];
      const offered = candidates(tool, name, option);
      const reply = offered === "file"
        ? 'COMPREPLY=($(compgen -f -- "$word"))'
        : offered === undefined
        ? "COMPREPLY=()"
        : `COMPREPLY=($(compgen -W '${offered.join(" ")}' -- "$word"))`;
      return [`        ${dashed(name, option).join("|")}) ${reply}; return ;;`];
    });
    const all = ["-h", "--help", ...options.flatMap(([name, option]) => dashed(name, option))].join(" ");
    return [
      `    ${tool.name})`,
      '      case "$before" in',
      ...values,
      "      esac",
      `      COMPREPLY=($(compgen -W '${all}' -- "$word")) ;;`,
    ].join("\n");
  });
  return `_nettrace() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  if [ "$COMP_CWORD" = 1 ]; then
    COMPREPLY=($(compgen -W '${first.map((w) => w.word).join(" ")}' -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
    ${TAKE_TOOL.join("|")}) COMPREPLY=($(compgen -W '${names.join(" ")}' -- "$word")) ;;
    completions) COMPREPLY=($(compgen -W '${Object.keys(SHELLS).join(" ")}' -- "$word")) ;;
    doctor) COMPREPLY=($(compgen -W '--json' -- "$word")) ;;
${cases.join("\n")}
  esac
}
complete -F _nettrace nettrace
`;
}

/** Text in single quotes for any of the shells, free of the characters that _arguments takes for its own. */
function quoted(text: string): string {
  return text.replaceAll("'", "").replaceAll(/[[\]:]/g, " ");
}

function zsh(first: readonly Word[], tools: readonly Tool[]): string {
  const cases = tools.map((tool) => {
    const specs = Object.entries(allOptions(tool)).map(([name, option]) => {
      const spellings = dashed(name, option);
      const excluded = [...spellings, ...option.excludes === undefined ? [] : [`--${option.excludes}`]].join(" ");
      const names = spellings.length > 1 ? `{${spellings.join(",")}}` : spellings[0];
      const offered = candidates(tool, name, option);
      const action = offered === "file" ? "_files" : offered === undefined ? " " : `(${offered.join(" ")})`;
      const value = option.argument === undefined ? "" : `:${option.argument}:${action}`;
      return `        '(${excluded})'${names}'[${quoted(option.help)}]${value}'`;
    });
    specs.push(...(tool.positionals ?? []).map((p) => `        ':${p.name}: '`));
    return `    ${tool.name})\n      _arguments -s \\\n        '(-h --help)'{-h,--help}'[show this help message and exit]' \\\n${
      specs.join(" \\\n")
    } ;;`;
  });
  return `#compdef nettrace
_nettrace() {
  local -a first
  first=(
${first.map((w) => `    '${w.word}:${quoted(w.help)}'`).join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe 'tool or command' first
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
    ${TAKE_TOOL.join("|")}) _values tool ${tools.map((t) => t.name).join(" ")} ;;
    completions) _values shell ${Object.keys(SHELLS).join(" ")} ;;
    doctor) _arguments '--json[print JSON]' ;;
${cases.join("\n")}
  esac
}
compdef _nettrace nettrace
`;
}

function fish(first: readonly Word[], tools: readonly Tool[]): string {
  const using = (names: readonly string[]) => `'__fish_seen_subcommand_from ${names.join(" ")}'`;
  const lines = first.map((w) =>
    `complete -c nettrace -f -n __fish_use_subcommand -a ${w.word} -d '${quoted(w.help)}'`
  );
  lines.push(`complete -c nettrace -f -n ${using(TAKE_TOOL)} -a '${tools.map((t) => t.name).join(" ")}'`);
  lines.push(`complete -c nettrace -f -n ${using(["completions"])} -a '${Object.keys(SHELLS).join(" ")}'`);
  lines.push(`complete -c nettrace -f -n ${using(["doctor"])} -l json`);
  for (const tool of tools) {
    for (const [name, option] of Object.entries(allOptions(tool))) {
      const offered = candidates(tool, name, option);
      const short = option.short === undefined ? "" : ` -s ${option.short}`;
      const value = option.argument === undefined
        ? " -f"
        : offered === "file"
        ? " -r -F"
        : offered === undefined
        ? " -x"
        : ` -x -a '${offered.join(" ")}'`;
      lines.push(
        `complete -c nettrace -n ${using([tool.name])}${short} -l ${name}${value} -d '${quoted(option.help)}'`,
      );
    }
  }
  return lines.join("\n") + "\n";
}
