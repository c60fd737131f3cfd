/** Whether the databases are whole, and of which schema. Reads every page once: seconds for gigabytes. */
import { basename } from "node:path";
import { usedBytes } from "./database.ts";
import type { StoreReader } from "./reader.ts";
import { errorCode } from "./store-error.ts";

export interface FileHealth {
  /** Without its directory. */
  readonly file: string;
  readonly version: number;
  readonly bytes: number;
  /** What SQLite found first, null when all is well. */
  readonly damage: string | null;
}

export function readHealth(reader: StoreReader): readonly FileHealth[] {
  return [reader.evidence, reader.metrics].flatMap((db) =>
    db === null
      ? []
      : [
          {
            file: basename(db.name),
            version: Number(db.pragma("user_version", { simple: true })),
            bytes: usedBytes(db),
            damage: damageOf(() => String(db.pragma("quick_check(1)", { simple: true }))),
          },
        ],
  );
}

/** quick_check answers "ok", or says what is wrong; some damage makes it fail instead. */
function damageOf(check: () => string): string | null {
  try {
    const answer = check();
    return answer === "ok" ? null : (answer.split("\n", 1)[0] ?? answer);
  } catch (error) {
    if (!errorCode(error).startsWith("SQLITE_")) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}
