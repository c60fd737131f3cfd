/**
 * Whose a token is. The list is looked up by a keyed hash of what was presented: the key is random and the process's own, so the time that a look-up takes tells
 * nothing about the stored sums, and stays the same with twenty thousand of them; what is found is then compared in constant time.
 *
 * The file is looked at again when it may have changed. One that cannot be read, or is half written by somebody else's tool, leaves the last good list in force:
 * nodes must not be locked out by an editor.
 */
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { FactLog } from "../../fact-log.ts";
import { readTokens, tokenFileStamp } from "./token-file.ts";
import type { TokenEntry, TokenRole } from "./token-list.ts";

/** How long a revoked token may still be taken; one look at the file's times. */
const LOOK_MS = 1000;
/** A token that is not known may have been added a moment ago: whoever added it uses it at once. Guessing costs a look at the file's times in this time at most. */
const LOOK_FOR_NEW_MS = 20;
/** 32 bytes in base64url have 43; what is longer is not hashed. */
const MAX_TOKEN_CHARACTERS = 128;
const TOKEN_BYTES = 32;

export interface Holder {
  readonly name: string;
  readonly role: TokenRole;
}

export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString("base64url");
}

export function tokenSum(token: string): string {
  return hash("sha256", token, "hex");
}

export interface TokenBookOptions {
  readonly file: string;
  readonly log: FactLog;
  readonly nowMs: () => number;
}

export class TokenBook {
  readonly #options: TokenBookOptions;
  readonly #key = randomBytes(TOKEN_BYTES);
  /** Compared with where nothing was found. */
  readonly #nobody = randomBytes(TOKEN_BYTES);
  #entries = new Map<string, { readonly entry: TokenEntry; readonly sum: Buffer }>();
  #stamp: string | null = null;
  #lookedMs = -Infinity;

  constructor(options: TokenBookOptions) {
    this.#options = options;
  }

  /** Throws TokenError: at the start a file that cannot be read is an error. */
  open(): void {
    this.#lookedMs = this.#options.nowMs();
    this.#stamp = tokenFileStamp(this.#options.file);
    this.#take(readTokens(this.#options.file));
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Null for a token that is nobody's, or no longer valid. */
  holderOf(token: string): Holder | null {
    const nowMs = this.#options.nowMs();
    this.#look(nowMs, LOOK_MS);
    if (token.length > MAX_TOKEN_CHARACTERS) return null;
    const sum = hash("sha256", token, "buffer");
    if (!this.#entries.has(this.#keyed(sum))) this.#look(nowMs, LOOK_FOR_NEW_MS);
    const found = this.#entries.get(this.#keyed(sum));
    const isEqual = timingSafeEqual(sum, found?.sum ?? this.#nobody);
    if (found === undefined || !isEqual) return null;
    const { name, role, endsMs } = found.entry;
    return endsMs !== null && endsMs <= nowMs ? null : { name, role };
  }

  #look(nowMs: number, everyMs: number): void {
    const sinceMs = nowMs - this.#lookedMs;
    if (sinceMs >= 0 && sinceMs < everyMs) return;
    this.#lookedMs = nowMs;
    const { file, log } = this.#options;
    const stamp = tokenFileStamp(file);
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    if (stamp === "") return log.warn({ file }, "tokens_file is gone; the tokens that it held stay valid until there is another");
    try {
      this.#take(readTokens(file));
      log.info({ file, tokens: this.size }, "tokens were read again");
    } catch (error) {
      log.warn({ error: error instanceof Error ? error.message : String(error) }, "tokens_file cannot be used; the tokens of before stay valid");
    }
  }

  #take(list: readonly TokenEntry[]): void {
    this.#entries = new Map(
      list.map((entry) => {
        const sum = Buffer.from(entry.sha256, "hex");
        return [this.#keyed(sum), { entry, sum }];
      }),
    );
  }

  #keyed(sum: Uint8Array): string {
    return hash("sha256", Buffer.concat([this.#key, sum]), "hex");
  }
}
