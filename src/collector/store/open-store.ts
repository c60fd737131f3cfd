import { PostgresStore } from "./postgres-store.ts";
import { StoreRefused, type CollectorStore } from "./port.ts";
import { SqliteThread } from "./sqlite-thread.ts";

/**
 * `sqlite:PATH` or `postgres://USER@HOST/DATABASE`, as in the key `store`. Rejects with StoreRefused for what somebody has to mend first, and with StoreUnavailable
 * for a database that is not there now.
 */
export async function openStore(spec: string): Promise<CollectorStore> {
  if (/^postgres(ql)?:\/\//.test(spec)) return PostgresStore.open(spec);
  const path = /^sqlite:(?<path>.+)$/s.exec(spec)?.groups?.["path"];
  // What was given is not repeated: it may hold a password.
  if (path === undefined) throw new StoreRefused("Cannot open the store: `store` must be sqlite:PATH or postgres://USER@HOST/DATABASE");
  return SqliteThread.open(path);
}
