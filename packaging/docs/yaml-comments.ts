/** Keys of a configuration file as it is shipped: each with its text as a comment, and its default or an example. */
import { type KeyText, keyParagraph, type SectionText } from "../../src/config/key-text.ts";
import { wrap } from "../../src/report/wrap.ts";

const WIDTH = 150;

export function sectionLines({ section, intro, isExample, keys }: SectionText): string[] {
  const lines = [`${section}:`, ...keys.flatMap((key) => keyLines(key, 2))];
  return [...(intro === null ? [] : comment(intro, 0)), ...(isExample ? lines.map((line) => `# ${line}`) : lines)];
}

export function keyLines(key: KeyText, indent: number): string[] {
  return [...comment(keyParagraph(key), indent), `${" ".repeat(indent)}${key.key}: ${key.example ?? key.default ?? ""}`];
}

export function comment(text: string, indent: number, hang = 0): string[] {
  const lead = `${" ".repeat(indent)}# `;
  return text.split("\n").flatMap((paragraph) => wrap(paragraph, WIDTH - lead.length, hang).map((line) => lead + line));
}
