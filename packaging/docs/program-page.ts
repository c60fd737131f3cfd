/** meshprobe(1), from the declarations of the commands. */
import type { Declaration, SwitchOption, ValueOption } from "../../src/commands/command.ts";
import { exitCodes, optionText, usageLines } from "../../src/commands/help.ts";
import { DESCRIPTION, EXIT_CODES, FILES, SUMMARY } from "../../src/commands/program.ts";
import { VERSION } from "../../src/version.ts";
import { bold, entry, escapeRoff, example, italic, pageHead, paragraphs, textLines } from "./roff.ts";

export function programPage(declarations: readonly Declaration[], date: string): string {
  return [
    pageHead({ title: "meshprobe", section: 1, date, source: `meshprobe ${VERSION}`, manual: "User Commands" }),
    ".SH NAME",
    `meshprobe \\- ${escapeRoff(SUMMARY)}`,
    ".SH SYNOPSIS",
    ...declarations.flatMap(usageLines).flatMap((line, index) => [...(index === 0 ? [] : [".br"]), synopsis(line)]),
    ".SH DESCRIPTION",
    ...paragraphs(DESCRIPTION).slice(1),
    ".SH COMMANDS",
    ...declarations.flatMap(commandSection),
    ".SH EXIT STATUS",
    ...Object.entries(EXIT_CODES).flatMap(([code, text]) => entry(bold(code), [text])),
    ".SH FILES",
    ...FILES.flatMap(([path, text]) => entry(italic(path), [text])),
    ".SH SEE ALSO",
    ".BR meshprobe\\-peers (5),",
    ".BR meshprobe\\-collector (5),",
    ".BR mtr (8)",
    "",
  ].join("\n");
}

/** Words in capitals stand for something, the others are typed. */
function synopsis(line: string): string {
  return `meshprobe ${line}`.replace(/-*[A-Za-z][\w.-]*|[^A-Za-z-]+/g, (part) => {
    if (/^-*[a-z]/.test(part)) return bold(part);
    return /^[A-Z]/.test(part) ? italic(part) : escapeRoff(part);
  });
}

function optionHead(name: string, option: SwitchOption | ValueOption): string {
  const names = `${option.short === undefined ? "" : `${bold(`-${option.short}`)}, `}${bold(`--${name}`)}`;
  return "argument" in option ? `${names} ${italic(option.argument)}` : names;
}

function commandSection(declaration: Declaration): string[] {
  const { name, summary, description, operands, examples } = declaration;
  return [
    `.SS ${escapeRoff(name)}`,
    ...textLines(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`),
    ...paragraphs(description),
    ...(operands?.entries ?? []).flatMap(({ name: operand, text }) => entry(italic(operand), [text])),
    ...Object.entries(declaration.options).flatMap(([option, value]) => entry(optionHead(option, value), [optionText(value)])),
    ...(examples.length === 0
      ? []
      : [".PP", "Examples:", ...example(examples.map(({ command, text }) => (text === undefined ? command : `${command}    # ${text}`)))]),
    ...paragraphs([
      `Exit status: ${exitCodes(declaration)
        .map(([code, text]) => `${code} ${text}`)
        .join("; ")}.`,
    ]),
  ];
}
