/** Completion for bash, from the declarations: commands, options, the words and files that they take. Needs nothing of the bash-completion package. */
import type { Declaration, ValueOption } from "../../src/commands/command.ts";
import { allOptions } from "../../src/commands/help.ts";

export function bashCompletion(declarations: readonly Declaration[]): string {
  const commands = declarations.map(({ name }) => name);
  return `# bash completion for meshprobe; made from the commands' own declarations.
_meshprobe() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]} words=
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W '${[...commands, "help", "--help", "--version"].join(" ")}' -- "$current")
    return
  fi
  # --option=value arrives as three words.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case "$command $previous" in
${declarations.flatMap(valueCases).join("\n")}
  esac
  if [[ $current == -* ]]; then
    case $command in
${declarations.map((declaration) => `      ${declaration.name}) words='${optionWords(declaration)}' ;;`).join("\n")}
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    return
  fi
  case $command in
${[`    help) ${offer({ words: commands })};;`, ...declarations.flatMap(operandCases)].join("\n")}
  esac
}

_meshprobe_paths() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

complete -F _meshprobe meshprobe
`;
}

function optionWords(declaration: Declaration): string {
  return allOptions(declaration)
    .map(([name]) => `--${name}`)
    .join(" ");
}

/** What follows an option that takes a value; nothing is offered where anything may stand. */
function valueCases({ name, options }: Declaration): string[] {
  return Object.entries(options).flatMap(([option, value]) => {
    if (!("argument" in value)) return [];
    const short = value.short === undefined ? "" : ` | '${name} -${value.short}'`;
    return [`    '${name} --${option}'${short}) ${offer(value)}return ;;`];
  });
}

function operandCases({ name, operands }: Declaration): string[] {
  return operands?.completes === undefined && operands?.words === undefined ? [] : [`    ${name}) ${offer(operands)};;`];
}

function offer({ words, completes }: Pick<ValueOption, "words" | "completes">): string {
  if (words !== undefined) return `mapfile -t COMPREPLY < <(compgen -W '${words.join(" ")}' -- "$current"); `;
  if (completes === undefined) return "";
  return `_meshprobe_paths ${completes === "file" ? "-f" : "-d"} "$current"; `;
}
