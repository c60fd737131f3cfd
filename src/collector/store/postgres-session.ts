/**
 * Connections to PostgreSQL, and transactions on them. No prepared statements and no settings that outlast a transaction: a pooler may stand between.
 *
 * Nothing may wait for ever: not for a connection, not for a lock, and not for a collector that vanished in the middle of a transaction (its machine lost power;
 * the database would keep the locks until TCP gives up, which takes hours).
 */
import { randomInt } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { Client, Pool, TypeOverrides, types } from "pg";
import { isConflict, sqlState, unavailable } from "./postgres-errors.ts";
import { StoreRefused } from "./port.ts";

/** Of each of the two threads of a collector, which takes deliveries and which answers questions; a database takes a hundred unless told otherwise. */
const MAX_CONNECTIONS = 10;
/** Also the wait for one of ours to be free. */
const CONNECT_TIMEOUT_MS = 3_000;
const STATEMENT_TIMEOUT_MS = 10_000;
/** When the database itself hangs, or the way to it. */
const ANSWER_TIMEOUT_MS = 12_000;
const IDLE_IN_TRANSACTION_MS = 15_000;
const IDLE_CONNECTION_MS = 30_000;
const MAX_ATTEMPTS = 6;
/** Doubled with every attempt, and drawn between half and all of it. */
const RETRY_MS = 20;

const BEGIN = `BEGIN; SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS}; SET LOCAL idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS}`;

export type Query = (sql: string, values?: readonly unknown[]) => Promise<{ readonly rows: unknown[]; readonly count: number }>;

export class PostgresSession {
  readonly #pool: Pool;
  readonly #where: string;

  /** Throws StoreRefused for an address that cannot be understood. */
  constructor(url: string) {
    this.#where = describe(url);
    this.#pool = new Pool({
      Client: LeavingClient,
      connectionString: url,
      max: MAX_CONNECTIONS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
      idleTimeoutMillis: IDLE_CONNECTION_MS,
      keepAlive: true,
      application_name: "meshprobe collector",
      types: numberTypes(),
    });
    // A connection that breaks fails the query that runs on it, and an idle one is forgotten; that it broke is said by who needs it next.
    this.#pool.on("error", () => {});
    this.#pool.on("connect", (client) => client.on("error", () => {}));
  }

  get where(): string {
    return this.#where;
  }

  /** All of `work` in one transaction, committed when it resolves; run again from its beginning when others were in its way. */
  async transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(work);
      } catch (error) {
        if (!isConflict(error) || attempt === MAX_ATTEMPTS) throw this.#told(error);
      }
      const longestMs = RETRY_MS * 2 ** attempt;
      await pause(randomInt(longestMs / 2, longestMs));
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #attempt<T>(work: (query: Query) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw unavailable(error, this.#where) ?? error;
    });
    let broken = false;
    /** An error without a SQLSTATE is not the database's answer, but the end of the connection. */
    const query: Query = async (sql, values) => {
      try {
        const { rows, rowCount } = await client.query<Record<string, unknown>>(sql, values === undefined ? undefined : [...values]);
        return { rows, count: rowCount ?? 0 };
      } catch (error) {
        broken = sqlState(error) === null;
        throw broken ? (unavailable(error, this.#where) ?? error) : error;
      }
    };
    try {
      await query(BEGIN);
      const result = await work(query);
      await query("COMMIT");
      return result;
    } catch (error) {
      if (!broken) await query("ROLLBACK").catch(() => (broken = true));
      throw error;
    } finally {
      client.release(broken);
    }
  }

  #told(error: unknown): unknown {
    return sqlState(error) === null ? error : (unavailable(error, this.#where) ?? error);
  }
}

/**
 * Leaves when it cannot log in. pg (8.23) keeps the connection open after an error of its own, such as a password that is wanted and not there; the process could not
 * end before the server gives up waiting for the login, which takes a minute.
 */
class LeavingClient extends Client {
  override connect(): Promise<Client>;
  override connect(callback: (error: Error) => void): void;
  override connect(callback?: (error: Error) => void): Promise<Client> | void {
    if (callback === undefined) return super.connect();
    super.connect((error: Error | null) => {
      if (error !== null && error !== undefined) void this.end();
      callback(error as Error);
    });
  }
}

/** bigint as a number: all of ours are safe integers. */
function numberTypes(): TypeOverrides {
  const own = new TypeOverrides();
  own.setTypeParser(types.builtins.INT8, Number);
  return own;
}

/** As pg reads it, with the files that it names and what the environment adds; without a password. */
function describe(url: string): string {
  try {
    const { host, port, database } = new Client({ connectionString: url });
    return `PostgreSQL at ${host.startsWith("/") ? host : `${host}:${port}`}/${database ?? ""}`;
  } catch (error) {
    throw new StoreRefused(`Cannot use the PostgreSQL address in \`store\`: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
