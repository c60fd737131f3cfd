/**
 * Makes and updates the tables. Several collectors may start at once on a new database; the row of `schema_version` is the lock, for advisory locks are not known
 * everywhere. Before that row is there two may make its table at the same time, and one of them is told that it exists: it looks again.
 */
import { migrations, POSTGRES } from "./migrations.ts";
import { sqlState } from "./postgres-errors.ts";
import type { PostgresSession, Query } from "./postgres-session.ts";
import { StoreRefused } from "./port.ts";

const MAX_ATTEMPTS = 10;
/** unique_violation, of the catalogue; duplicate_object (a table brings a type of its name); duplicate_table; internal_error ("tuple concurrently updated"). */
const MADE_BY_ANOTHER: readonly (string | null)[] = ["23505", "42710", "42P07", "XX000"];

/** Throws StoreRefused for the tables of a newer version. */
export async function migratePostgres(session: PostgresSession): Promise<void> {
  const steps = migrations(POSTGRES);
  for (let attempt = 1; ; attempt++) {
    try {
      await session.transaction(makeVersion);
      break;
    } catch (error) {
      if (!MADE_BY_ANOTHER.includes(sqlState(error)) || attempt === MAX_ATTEMPTS) throw error;
    }
  }
  await session.transaction(async (query) => {
    const { rows } = await query("SELECT version FROM schema_version WHERE only_row = 1 FOR UPDATE");
    const version = Number((rows as { version: number }[])[0]?.version);
    if (version > steps.length)
      throw new StoreRefused(
        `Cannot use ${session.where}: a newer meshprobe wrote it (schema ${version}, this one knows ${steps.length}); update meshprobe, or name another database in \`store\``,
      );
    if (version === steps.length) return;
    for (const statement of steps.slice(version).flat()) await query(statement);
    await query("UPDATE schema_version SET version = $1 WHERE only_row = 1", [steps.length]);
  });
}

async function makeVersion(query: Query): Promise<void> {
  const { rows } = await query("SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'schema_version'");
  if (rows.length === 0)
    await query("CREATE TABLE IF NOT EXISTS schema_version (only_row BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1), version BIGINT NOT NULL)");
  await query("INSERT INTO schema_version (only_row, version) VALUES (1, 0) ON CONFLICT (only_row) DO NOTHING");
}
