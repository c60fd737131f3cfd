import type Sqlite from "better-sqlite3";
import type { Database } from "./database.ts";

export type Cell = string | number | Uint8Array | null;
/** One row as SQLite gives it, by column name. */
export type Cells = Readonly<Record<string, Cell>>;

/** Prepares each SQL text once. The texts are constants of this folder, so the cache is as large as the code. */
export class StatementCache {
  readonly #db: Database;
  readonly #statements: Map<string, Sqlite.Statement<unknown[], Cells>> = new Map();

  constructor(db: Database) {
    this.#db = db;
  }

  /** Returns the number of rows changed. */
  run(sql: string, ...cells: readonly Cell[]): number {
    return this.#statement(sql).run(...cells).changes;
  }

  runNamed(sql: string, cells: Cells): number {
    return this.#statement(sql).run(cells).changes;
  }

  get(sql: string, ...cells: readonly Cell[]): Cells | undefined {
    return this.#statement(sql).get(...cells);
  }

  all(sql: string, ...cells: readonly Cell[]): Cells[] {
    return this.#statement(sql).all(...cells);
  }

  #statement(sql: string): Sqlite.Statement<unknown[], Cells> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare<unknown[], Cells>(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
