/** Longest piece of somebody's file repeated in a message, characters. */
const MAX_QUOTED = 60;

/** Text from a file as it may stand in a one-line message: in quotes, clipped, nothing in it that a terminal would obey. */
export function quote(text: string): string {
  const characters = Array.from(text.slice(0, 2 * MAX_QUOTED + 2));
  const clipped = characters.length > MAX_QUOTED ? `${characters.slice(0, MAX_QUOTED - 1).join("")}…` : text;
  return JSON.stringify(clipped).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}
