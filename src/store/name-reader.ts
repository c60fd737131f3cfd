/** Names of hops as they were: that of the time, else the first that was learned later. */
import type { StatementCache } from "./statement-cache.ts";

interface Name {
  readonly sinceMs: number;
  readonly name: string | null;
}

export class NameReader {
  readonly #sql: StatementCache;
  readonly #names = new Map<string, readonly Name[]>();

  constructor(sql: StatementCache) {
    this.#sql = sql;
  }

  /** Null where there is none, or none is known. */
  of(address: string | null, atMs: number): string | null {
    if (address === null) return null;
    const names = this.#namesOf(address);
    return (names.findLast(({ sinceMs }) => sinceMs <= atMs) ?? names[0])?.name ?? null;
  }

  #namesOf(address: string): readonly Name[] {
    let names = this.#names.get(address);
    if (names === undefined) {
      const rows = this.#sql.all("SELECT since_ms, name FROM hop_names WHERE address = ? ORDER BY since_ms", address);
      names = rows.map((row) => ({ sinceMs: Number(row["since_ms"]), name: row["name"] === null ? null : String(row["name"]) }));
      this.#names.set(address, names);
    }
    return names;
  }
}
