/**
 * The mesh key file: one key a line, the first signs and all verify, so that a new key can be spread before it is used. Lines that are empty or begin with #
 * are left out. A file that others may read is refused: who has the key can make this node trace, and speak for any node.
 */
import { readFileSync, statSync } from "node:fs";
import { ConfigError } from "./config-error.ts";

/** Shorter ones are guessed; `openssl rand -hex 32` makes a good one. */
const MIN_KEY_CHARACTERS = 32;
/** Verifying costs a hash for each key and request. */
const MAX_KEYS = 8;
const OTHERS = 0o007;

/** The keys as bytes of their text, hexadecimal. Throws ConfigError. */
export function loadMeshKeys(file: string): string[] {
  const keys: string[] = [];
  read(file)
    .split("\n")
    .forEach((text, index) => {
      const key = text.trim();
      if (key === "" || key.startsWith("#")) return;
      const place = { file, line: index + 1, column: 1 };
      if (key.length < MIN_KEY_CHARACTERS)
        throw new ConfigError("range", `key of ${key.length} characters; at least ${MIN_KEY_CHARACTERS} are wanted: openssl rand -hex 32`, place);
      if (keys.length === MAX_KEYS) throw new ConfigError("range", `more than ${MAX_KEYS} keys; remove the oldest`, place);
      keys.push(Buffer.from(key, "utf8").toString("hex"));
    });
  if (keys.length === 0) throw whole("empty", file, "holds no key; write one on a line of its own: openssl rand -hex 32");
  return keys;
}

function read(file: string): string {
  try {
    const stats = statSync(file);
    // Reading a FIFO would wait for whoever writes into it.
    if (!stats.isFile()) throw whole("unreadable", file, "is not a regular file; name one");
    const mode = stats.mode & 0o777;
    if ((mode & OTHERS) !== 0)
      throw whole("unsafe", file, `may be read by other users (mode ${mode.toString(8).padStart(4, "0")}), who could sign with it; chmod o= ${file}`);
    return readFileSync(file, "utf8");
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw whole("unreadable", file, `mesh key cannot be read: ${code}; create it (openssl rand -hex 32) or remove mesh.key_file`, cause);
  }
}

function whole(code: "unreadable" | "unsafe" | "empty", file: string, reason: string, cause?: unknown): ConfigError {
  return new ConfigError(code, reason, { file, line: null, column: null, cause });
}
