/**
 * How wide a text is on a terminal: Chinese characters take two columns, marks that sit on another character none. Characters that are wide only in an East Asian font
 * (quotation marks, arrows) count as one, as terminals have them.
 */
import { eastAsianWidth } from "get-east-asian-width";

const PLAIN = /^[\x20-\x7e]*$/;
const MARK = /\p{Mn}|\p{Me}/u;

export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  return [...text].reduce((sum, character) => sum + (MARK.test(character) ? 0 : eastAsianWidth(character.codePointAt(0) ?? 0)), 0);
}

/** As much of it as fits, with "…" for the rest. */
export function clip(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let [kept, width] = ["", 1];
  for (const character of text) {
    width += textWidth(character);
    if (width > columns) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Blanks behind it, up to that many columns. */
export function padEnd(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - textWidth(text)));
}

/** Blanks before it, up to that many columns. */
export function padStart(text: string, columns: number): string {
  return " ".repeat(Math.max(0, columns - textWidth(text))) + text;
}
