/** meshprobe(1), from the declarations of the commands. */
import type { Declaration } from "../../src/commands/command.ts";
import { exitCodes, optionText } from "../../src/commands/help.ts";
import { DESCRIPTION, EXIT_CODES, FILES, SUMMARY } from "../../src/commands/program.ts";
import { VERSION } from "../../src/version.ts";
import { bold, entry, escapeRoff, example, italic, pageHead, paragraphs, textLines } from "./roff.ts";

export function programPage(declarations: readonly Declaration[], date: string): string {
  return [
    pageHead({ title: "meshprobe", section: 1, date, source: `meshprobe ${VERSION}`, manual: "User Commands" }),
    ".SH NAME",
    `meshprobe \\- ${escapeRoff(SUMMARY)}`,
    ".SH SYNOPSIS",
    ...declarations.flatMap((declaration, index) => [...(index === 0 ? [] : [".br"]), synopsis(declaration)]),
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
    ".BR mtr (8)",
    "",
  ].join("\n");
}

function synopsis({ name, operands }: Declaration): string {
  return `${bold(`meshprobe ${name}`)}${operands === undefined ? "" : ` ${italic(operands.usage)}`} [${italic("OPTIONS")}]`;
}

function commandSection(declaration: Declaration): string[] {
  const { name, summary, description, operands, examples } = declaration;
  return [
    `.SS ${escapeRoff(name)}`,
    ...textLines(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`),
    ...paragraphs(description),
    ...(operands === undefined ? [] : entry(italic(operands.usage), [operands.text])),
    ...Object.entries(declaration.options).flatMap(([option, value]) =>
      entry("argument" in value ? `${bold(`--${option}`)} ${italic(value.argument)}` : bold(`--${option}`), [optionText(value)]),
    ),
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
