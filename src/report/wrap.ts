/**
 * Breaks a text into lines of at most `columns` columns, a longer word on a line of its own; lines after the first are indented by `hang`. It breaks at spaces, and
 * between Chinese characters, where no line begins with a closing mark or ends with an opening one.
 */
import { textWidth } from "./width.ts";

const OPENING = "（「《“";
const CLOSING = "，。；：、）」》”！？";
/** What stays together: one Chinese character or a run of others, with the marks that belong to it. */
const PIECES = new RegExp(`[${OPENING}]*(?:\\p{Script=Han}|[^\\p{Script=Han}${OPENING}${CLOSING}]+)?[${CLOSING}]*`, "gu");

export function wrap(text: string, columns: number, hang: number = 0): string[] {
  const lines: string[] = [];
  let line = "";
  for (const { piece, gap } of text.split(" ").flatMap(piecesOf)) {
    const longer = line === "" ? piece : line + gap + piece;
    if (line.trim() === "" || textWidth(longer) <= columns) line = longer;
    else {
      lines.push(line);
      line = " ".repeat(hang) + piece;
    }
  }
  return [...lines, line];
}

/** Of one word, with what stands before each of them. */
function piecesOf(word: string): { readonly piece: string; readonly gap: string }[] {
  const [first = "", ...others] = (word.match(PIECES) ?? []).filter((piece) => piece !== "");
  return [{ piece: first, gap: " " }, ...others.map((piece) => ({ piece, gap: "" }))];
}
