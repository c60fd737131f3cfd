/**
 * What may be done with tokens, as pure steps on a list, and the list as the text of tokens_file. A token is kept as its SHA-256: 256 random bits cannot be guessed
 * from it, so it needs neither salt nor a slow hash, and whoever reads the file cannot write as a node.
 */

export type TokenRole = "node" | "reader";
export const TOKEN_ROLES: readonly TokenRole[] = ["node", "reader"];

export interface TokenEntry {
  /** Of a node token: `node.name` of the node that may write with it. */
  readonly name: string;
  readonly role: TokenRole;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly createdMs: number;
  /** Not valid from then on; null while nothing ends it. */
  readonly endsMs: number | null;
}

const FORMAT = "meshprobe.tokens/1";
/** Ten times the largest fleet, each with an old and a new one. */
export const MAX_TOKENS = 20_000;
/** As `node.name`. */
const MAX_NAME_CHARACTERS = 253;

/** A step that cannot be done, or a file that cannot be used. One line. */
export class TokenError extends Error {
  override readonly name = "TokenError";
}

/** Why nobody can be called this, null when it is fine. */
export function nameProblem(name: string): string | null {
  if (name === "" || name !== name.trim()) return "a name has at least one character, and no space at its ends";
  if (name.length > MAX_NAME_CHARACTERS) return `a name has at most ${MAX_NAME_CHARACTERS} characters`;
  return !name.isWellFormed() || /[\p{C}\p{Zl}\p{Zp}]/u.test(name) ? "a name has no control or invisible characters" : null;
}

export function addToken(list: readonly TokenEntry[], entry: TokenEntry): TokenEntry[] {
  const kept = withoutEnded(list, entry.createdMs);
  if (kept.some(({ name }) => name === entry.name))
    throw new TokenError(`there is a token for ${JSON.stringify(entry.name)} already; rotate it, or revoke it first`);
  return limited([...kept, entry]);
}

export function revokeTokens(list: readonly TokenEntry[], name: string): TokenEntry[] {
  requireKnown(list, name);
  return list.filter((entry) => entry.name !== name);
}

/** The new one has the role of the old ones, which end after the overlap, or earlier where that was said before. */
export function rotateToken(
  list: readonly TokenEntry[],
  fresh: { readonly name: string; readonly sha256: string; readonly nowMs: number; readonly overlapMs: number },
): TokenEntry[] {
  const { name, sha256, nowMs, overlapMs } = fresh;
  const role = requireKnown(withoutEnded(list, nowMs), name).role;
  const endsMs = nowMs + overlapMs;
  const ending = list.map((entry) => (entry.name === name ? { ...entry, endsMs: Math.min(entry.endsMs ?? Infinity, endsMs) } : entry));
  return limited([...withoutEnded(ending, nowMs), { name, role, sha256, createdMs: nowMs, endsMs: null }]);
}

function withoutEnded(list: readonly TokenEntry[], nowMs: number): TokenEntry[] {
  return list.filter(({ endsMs }) => endsMs === null || endsMs > nowMs);
}

function requireKnown(list: readonly TokenEntry[], name: string): TokenEntry {
  const found = list.find((entry) => entry.name === name);
  if (found === undefined) throw new TokenError(`there is no token for ${JSON.stringify(name)}; see meshprobe collector token list`);
  return found;
}

function limited(list: TokenEntry[]): TokenEntry[] {
  if (list.length > MAX_TOKENS) throw new TokenError(`there are ${MAX_TOKENS} tokens already; revoke some`);
  return list;
}

export function tokensToText(list: readonly TokenEntry[]): string {
  const tokens = list.map(({ name, role, sha256, createdMs, endsMs }) => ({
    name,
    role,
    sha256,
    created_at: new Date(createdMs).toISOString(),
    ends_at: endsMs === null ? null : new Date(endsMs).toISOString(),
  }));
  return `${JSON.stringify({ format: FORMAT, tokens }, null, 1)}\n`;
}

/** Throws TokenError where it is not exactly what `tokensToText` writes: half a list would lock nodes out. */
export function tokensFromText(text: string): TokenEntry[] {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch (cause) {
    throw new TokenError("it is not JSON", { cause });
  }
  const { format, tokens } = asObject(root);
  if (format !== FORMAT || !Array.isArray(tokens)) throw new TokenError(`it is not ${FORMAT}`);
  if (tokens.length > MAX_TOKENS) throw new TokenError(`it has more than ${MAX_TOKENS} tokens`);
  return tokens.map((one: unknown, index) => entryFrom(asObject(one), index + 1));
}

function entryFrom(cells: Readonly<Record<string, unknown>>, number: number): TokenEntry {
  const { name, role, sha256, created_at: created, ends_at: ends } = cells;
  const createdMs = typeof created === "string" ? Date.parse(created) : Number.NaN;
  const endsMs = ends === null ? null : typeof ends === "string" ? Date.parse(ends) : Number.NaN;
  const knownRole = TOKEN_ROLES.find((one) => one === role);
  const isWhole = typeof name === "string" && nameProblem(name) === null && typeof sha256 === "string" && /^[0-9a-f]{64}$/.test(sha256);
  if (!isWhole || knownRole === undefined || Number.isNaN(createdMs) || Number.isNaN(endsMs))
    throw new TokenError(`its token ${number} is not whole`);
  return { name, role: knownRole, sha256, createdMs, endsMs };
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
