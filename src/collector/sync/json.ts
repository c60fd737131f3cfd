/** JSON from outside: taken only when it is not deeper than anything that is ever sent, so that nobody who walks it can run out of stack. Pure. */

/** The deepest is a row inside a record inside a lane inside a file, and a head with a few levels of its own. */
const MAX_DEPTH = 24;

export type JsonResult =
  { readonly kind: "ok"; readonly value: unknown } | { readonly kind: "bad"; readonly reason: "is not JSON" | "is nested too deeply" };

export function parseJson(text: string): JsonResult {
  let value: unknown;
  try {
    // Does not recurse: it comes back from any depth.
    value = JSON.parse(text);
  } catch {
    return { kind: "bad", reason: "is not JSON" };
  }
  return isDeeper(value, MAX_DEPTH) ? { kind: "bad", reason: "is nested too deeply" } : { kind: "ok", value };
}

/** Of the value and not of the text, for most of what is sent is text inside strings. Goes no deeper than `levels` itself. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) {
    for (const one of value as unknown[]) if (typeof one === "object" && isDeeper(one, levels - 1)) return true;
    return false;
  }
  for (const key in value) {
    const one = (value as Readonly<Record<string, unknown>>)[key];
    if (typeof one === "object" && isDeeper(one, levels - 1)) return true;
  }
  return false;
}
