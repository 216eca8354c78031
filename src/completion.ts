import { allOptions } from "./cli.ts";
import { type Declaration, isDeclared, type Listed } from "./declaration.ts";
import { BadInput } from "./failure.ts";
import type { Option, Options } from "./option.ts";
import type { Tool } from "./tool.ts";

interface Word {
  word: string;
  help: string;
}

/** The completion script for a shell, made of the declarations. Throws BadInput for a shell that has none. */
export function completions(
  shell: string,
  tools: readonly Tool[],
  commands: readonly Listed[],
): string {
  const write = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
  if (!write) throw new BadInput(`There are completions for ${Object.keys(SHELLS).join(", ")}, not for '${shell}'.`);
  const first: Word[] = [
    ...tools.map((t) => ({ word: t.name, help: t.summary })),
    ...commands.map((c) => ({ word: c.name, help: c.summary })),
  ];
  const declared = commands.filter(isDeclared);
  return write({
    first,
    tools: tools.map(({ name }) => name),
    explained: [...tools, ...declared].map(({ name }) => name),
    subjects: [...tools.map(subjectOfTool), ...declared.map(subjectOfCommand)],
  });
}

interface Words {
  first: readonly Word[];
  tools: readonly string[];
  /** What has help and a manual page. */
  explained: readonly string[];
  subjects: readonly Subject[];
}

/** What has options. */
interface Subject {
  name: string;
  options: Options;
  positionals: readonly string[];
  /** What completes an argument that is no option; undefined if nothing does. */
  operand?: Declaration["operand"];
}

const SHELLS: Record<string, (words: Words) => string> = { bash, zsh, fish };

/** Commands whose argument is a tool or what else has a page. */
const TAKE_EXPLAINED = ["help", "man"];

function subjectOfTool(tool: Tool): Subject {
  const options = Object.entries(allOptions(tool)).map(([name, option]) =>
    [name, name === "plan" ? { ...option, complete: tool.plans.map((p) => p.name) } : option] as const
  );
  const positionals = (tool.positionals ?? []).map((p) => p.name);
  return { name: tool.name, options: Object.fromEntries(options), positionals };
}

function subjectOfCommand({ name, options, operand }: Declaration): Subject {
  return { name, options, positionals: [], operand };
}

function dashed(name: string, option: Option): string[] {
  return option.short === undefined ? [`--${name}`] : [`-${option.short}`, `--${name}`];
}

/** The command that makes bash reply with words, or with files. */
function bashReply(offered: "file" | readonly string[] | undefined): string {
  if (offered === undefined) return "COMPREPLY=()";
  return `COMPREPLY=($(compgen ${offered === "file" ? "-f" : `-W '${offered.join(" ")}'`} -- "$word"))`;
}

function bash({ first, tools, explained, subjects }: Words): string {
  const cases = subjects.map(({ name, options, operand }) => {
    const values = Object.entries(options).flatMap(([name, option]) =>
      option.argument === undefined
        ? []
        : [`        ${dashed(name, option).join("|")}) ${bashReply(option.complete)}; return ;;`]
    );
    const all = ["-h", "--help", ...Object.entries(options).flatMap(([name, option]) => dashed(name, option))];
    const offered = operand === "tools" ? tools : operand;
    const operands = offered === undefined ? [] : [
      `      [[ $word == -* ]] || { ${bashReply(offered)}; return; }`,
    ];
    return [
      `    ${name})`,
      '      case "$before" in',
      ...values,
      "      esac",
      ...operands,
      `      ${bashReply(all)} ;;`,
    ].join("\n");
  });
  return `_nettrace() {
  local word=${"$"}{COMP_WORDS[COMP_CWORD]} before=${"$"}{COMP_WORDS[COMP_CWORD-1]} subject=${"$"}{COMP_WORDS[1]} i
  if [ "$COMP_CWORD" = 1 ]; then
    ${bashReply(first.map((w) => w.word))}
    return
  fi
  if [ "$subject" = record ]; then
    for ((i = 2; i < COMP_CWORD; i++)); do
      case "${"$"}{COMP_WORDS[i]}" in
        +) subject=+ ;;
        ${tools.join("|")}) subject=${"$"}{COMP_WORDS[i]} ;;
      esac
    done
  fi
  case "$subject" in
    ${TAKE_EXPLAINED.join("|")}) ${bashReply(explained)} ;;
    schema|+) ${bashReply(tools)} ;;
    completions) ${bashReply(Object.keys(SHELLS))} ;;
    doctor) ${bashReply(["--json"])} ;;
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

function zsh({ first, tools, explained, subjects }: Words): string {
  const action = (offered: "file" | readonly string[] | undefined) =>
    offered === "file" ? "_files" : offered === undefined ? " " : `(${offered.join(" ")})`;
  const cases = subjects.map(({ name, options, positionals, operand }) => {
    const specs = Object.entries(options).map(([name, option]) => {
      const spellings = dashed(name, option);
      const excluded = [...spellings, ...[option.excludes ?? []].flat().map((other) => `--${other}`)].join(" ");
      const names = spellings.length > 1 ? `{${spellings.join(",")}}` : spellings[0];
      const value = option.argument === undefined ? "" : `:${quoted(option.argument)}:${action(option.complete)}`;
      return `        '(${excluded})'${names}'[${quoted(option.help)}]${value}'`;
    });
    specs.push(...positionals.map((positional) => `        ':${positional}: '`));
    if (operand !== undefined) specs.push(`        '*:${operand}:${action(operand === "tools" ? tools : operand)}'`);
    return `    ${name})\n      _arguments -s \\\n        '(-h --help)'{-h,--help}'[show this help message and exit]' \\\n${
      specs.join(" \\\n")
    } ;;`;
  });
  return `#compdef nettrace
_nettrace() {
  local -a first
  local i
  first=(
${first.map((w) => `    '${w.word}:${quoted(w.help)}'`).join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe 'tool or command' first
    return
  fi
  shift words
  (( CURRENT-- ))
  if [[ $words[1] == record ]]; then
    for (( i = CURRENT - 1; i > 1; i-- )); do
      case $words[i] in
        +|${tools.join("|")})
          shift $(( i - 1 )) words
          (( CURRENT -= i - 1 ))
          break ;;
      esac
    done
  fi
  case $words[1] in
    ${TAKE_EXPLAINED.join("|")}) _values subject ${explained.join(" ")} ;;
    schema|+) _values tool ${tools.join(" ")} ;;
    completions) _values shell ${Object.keys(SHELLS).join(" ")} ;;
    doctor) _arguments '--json[print JSON]' ;;
${cases.join("\n")}
  esac
}
if [[ $funcstack[1] == _nettrace ]]; then # as a file that zsh loads by itself
  _nettrace "$@"
else
  compdef _nettrace nettrace
fi
`;
}

function fish({ first, tools, explained, subjects }: Words): string {
  const using = (names: readonly string[]) => `'__fish_seen_subcommand_from ${names.join(" ")}'`;
  const lines = first.map((w) =>
    `complete -c nettrace -f -n __fish_use_subcommand -a ${w.word} -d '${quoted(w.help)}'`
  );
  lines.push(`complete -c nettrace -f -n ${using(TAKE_EXPLAINED)} -a '${explained.join(" ")}'`);
  lines.push(`complete -c nettrace -f -n ${using(["schema"])} -a '${tools.join(" ")}'`);
  lines.push(`complete -c nettrace -f -n ${using(["completions"])} -a '${Object.keys(SHELLS).join(" ")}'`);
  lines.push(`complete -c nettrace -f -n ${using(["doctor"])} -l json`);
  for (const { name: subject, options, operand } of subjects) {
    const offered = operand === "tools" ? tools : operand;
    if (offered !== undefined) {
      const given = offered === "file" ? "-F" : `-f -a '${offered.join(" ")}'`;
      lines.push(`complete -c nettrace -n ${using([subject])} ${given}`);
    }
    for (const [name, option] of Object.entries(options)) {
      const { short, argument, complete, help } = option;
      const letter = short === undefined ? "" : ` -s ${short}`;
      const value = argument === undefined
        ? " -f"
        : complete === "file"
        ? " -r -F"
        : complete === undefined
        ? " -x"
        : ` -x -a '${complete.join(" ")}'`;
      lines.push(`complete -c nettrace -n ${using([subject])}${letter} -l ${name}${value} -d '${quoted(help)}'`);
    }
  }
  return lines.join("\n") + "\n";
}
