/** Keys of a configuration file as entries of its man page. */
import { type KeyText, keyParagraph, type SectionText } from "../../src/config/key-text.ts";
import { bold, entry, italic, paragraphs } from "./roff.ts";

export function sectionEntries({ section, intro, keys }: SectionText): string[] {
  return [`.SS ${section}`, ...(intro === null ? [] : paragraphs([intro]).slice(1)), ...keys.flatMap((key) => keyEntry(key, `${section}.`))];
}

export function keyEntry(key: KeyText, path: string): string[] {
  const name = `${path}${key.key}`;
  return [...entry(`${bold(name)}: ${italic(key.value)}`, [keyParagraph(key)]), ...(key.keys ?? []).flatMap((inner) => keyEntry(inner, `${name}.`))];
}
