/**
 * Text for a paragraph or a table cell of GitHub's markdown. Characters that mean something anywhere are escaped; those that do so only at the start of a line only
 * there, and addresses stay readable for a desk that does not render markdown. What GitHub would make a link by itself is broken up.
 */
import { escapeForTerminal } from "../escape.ts";

const ANYWHERE = /[\\`*_{}[\]<>#|~&!$@]/g;
const AT_START = /^(\s*)([-+](?=[\s-]|$)|=|\d{1,9}[.)](?=\s|$))/;

export function escapeMarkdown(text: string): string {
  return escapeForTerminal(text)
    .replace(ANYWHERE, (character) => `\\${character}`)
    .replace(AT_START, (_, space: string, mark: string) => `${space}${mark.slice(0, -1)}\\${mark.slice(-1)}`)
    .replaceAll("://", ":\\//")
    .replaceAll(/www\./gi, (www) => `${www.slice(0, 3)}\\.`);
}

/** Text as it is, in a fence that it cannot close. */
export function fenced(lines: readonly string[]): string[] {
  const longest = Math.max(0, ...lines.flatMap((line) => (line.match(/`+/g) ?? []).map((run) => run.length)));
  const fence = "`".repeat(Math.max(3, longest + 1));
  return [`${fence}text`, ...lines, fence];
}
