/** JSON from outside: parsed only when it is not deeper than anything that is ever sent, so that nobody who walks it can run out of stack. Pure. */

/** The deepest is a row inside a record inside a lane inside a file, and a head with a few levels of its own. */
const MAX_DEPTH = 24;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_MAP = 0x7b;
const CLOSE_MAP = 0x7d;

export type JsonResult =
  { readonly kind: "ok"; readonly value: unknown } | { readonly kind: "bad"; readonly reason: "is not JSON" | "is nested too deeply" };

export function parseJson(text: string): JsonResult {
  if (isTooDeep(text)) return { kind: "bad", reason: "is nested too deeply" };
  try {
    return { kind: "ok", value: JSON.parse(text) };
  } catch {
    return { kind: "bad", reason: "is not JSON" };
  }
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
    } else if (code === OPEN_LIST || code === OPEN_MAP) {
      if (++depth > MAX_DEPTH) return true;
    } else if (code === CLOSE_LIST || code === CLOSE_MAP) depth--;
  }
  return false;
}

/** Where the string that begins at `from` is closed; the end of the text when it is not. */
function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let before = at - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if ((at - before) % 2 === 1) return at;
  }
  return text.length;
}
