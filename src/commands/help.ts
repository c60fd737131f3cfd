/** `--help` of the program and of each command, from the declarations. */
import { wrap } from "../report/wrap.ts";
import { VERSION } from "../version.ts";
import type { Declaration, SwitchOption, ValueOption } from "./command.ts";
import { EXIT_CODES, SUMMARY } from "./program.ts";

/** Narrower is unreadable in two columns, wider is tiring to read. */
const MIN_COLUMNS = 60;
const MAX_COLUMNS = 100;
/** Left of an option's text; a longer option has a line of its own. */
const OPTION_COLUMNS = 20;

export function programHelp(declarations: readonly Declaration[]): string {
  const width = Math.max(...declarations.map(({ name }) => name.length)) + 2;
  return [
    `meshprobe ${VERSION}: ${SUMMARY}`,
    "",
    "Usage: meshprobe COMMAND [OPTIONS]",
    "",
    "Commands:",
    ...declarations.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    "",
    `meshprobe COMMAND --help tells more. Exit codes: ${codeList(Object.entries(EXIT_CODES))}.`,
    "",
  ].join("\n");
}

export function commandHelp(declaration: Declaration, columns: number): string {
  const wide = Math.max(MIN_COLUMNS, Math.min(MAX_COLUMNS, columns));
  const paragraphs = declaration.description.flatMap((paragraph) => ["", ...wrap(paragraph, wide)]);
  const { operands } = declaration;
  const entries = [
    ...(operands?.entries ?? []).map(({ name, text }) => ({ left: name, text })),
    ...allOptions(declaration).map(([name, option]) => ({ left: optionUsage(name, option), text: optionText(option) })),
  ];
  return [
    `meshprobe ${declaration.name}: ${declaration.summary}`,
    "",
    ...usageLines(declaration).map((line, index) => `${index === 0 ? "Usage:" : "      "} meshprobe ${line}`),
    ...paragraphs,
    "",
    "Options:",
    ...entries.flatMap(({ left, text }) => twoColumns(left, text, wide)),
    ...exampleLines(declaration, wide),
    "",
    ...wrap(`Exit codes: ${codeList(exitCodes(declaration))}.`, wide),
    "",
  ].join("\n");
}

/** Without `meshprobe` in front. */
export function usageLines({ name, forms, operands }: Declaration): readonly string[] {
  if (forms !== undefined) return forms.map((form) => `${name} ${form}`);
  const names = (operands?.entries ?? []).map((entry) => entry.name).join("|");
  const more = (operands?.max ?? 0) > 1 ? "…" : "";
  const operand = operands === undefined ? "" : operands.min === 0 ? ` [${names}${more}]` : ` ${names}${more}`;
  return [`${name}${operand} [OPTIONS]`];
}

/** The declared ones and the one that everybody has. */
export function allOptions(declaration: Declaration): readonly (readonly [name: string, option: SwitchOption | ValueOption])[] {
  return [...Object.entries(declaration.options), ["help", { text: "this text" }]];
}

export function optionUsage(name: string, option: SwitchOption | ValueOption): string {
  const names = `${option.short === undefined ? "" : `-${option.short}, `}--${name}`;
  return "argument" in option ? `${names} ${option.argument}` : names;
}

export function optionText(option: SwitchOption | ValueOption): string {
  return "default" in option && option.default !== undefined ? `${option.text} (default ${option.default})` : option.text;
}

export function exitCodes(declaration: Declaration): readonly (readonly [code: string, text: string])[] {
  const all: Declaration["exitCodes"] = { 0: EXIT_CODES[0], 2: EXIT_CODES[2], ...declaration.exitCodes };
  return Object.entries(all);
}

function codeList(codes: readonly (readonly [code: string, text: string])[]): string {
  return codes.map(([code, text]) => `${code} ${text}`).join(", ");
}

function exampleLines({ examples }: Declaration, wide: number): readonly string[] {
  if (examples.length === 0) return [];
  const width = Math.max(...examples.filter(({ text }) => text !== undefined).map(({ command }) => command.length), 0) + 2;
  const lines = examples.map(({ command, text }) => {
    const line = `  ${text === undefined ? command : `${command.padEnd(width)}${text}`}`;
    return line.length <= wide || text === undefined ? [line] : [`  ${command}`, ...wrap(text, wide - 6).map((part) => `      ${part}`)];
  });
  return ["", "Examples:", ...lines.flat()];
}

function twoColumns(left: string, text: string, wide: number): readonly string[] {
  const [first = "", ...rest] = wrap(text, wide - OPTION_COLUMNS);
  const indent = " ".repeat(OPTION_COLUMNS);
  const head = `  ${left}`;
  const lines = head.length + 2 <= OPTION_COLUMNS ? [head.padEnd(OPTION_COLUMNS) + first] : [head, indent + first];
  return [...lines, ...rest.map((line) => indent + line)];
}
