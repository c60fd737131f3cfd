/**
 * Text from outside (names, addresses, tool output) made harmless for a terminal: control characters become \xNN; those that reorder, hide or break text (bidi
 * controls, zero width, line separators, lone surrogates) \u{NNNN}. A backslash is doubled, so that the escaped text can be told from the real one.
 */
const UNSAFE = /[\\\p{Cc}\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}/gu;

export function escapeForTerminal(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (character === "\\") return "\\\\";
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}
