/** A collector process with a database of the kind that is asked for, in a directory of the caller's. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startPostgres, type Postgres } from "../contract/postgres.ts";
import { CollectorProcess } from "./collector-process.ts";

export type StoreKind = "sqlite" | "postgres";
export const STORES: readonly StoreKind[] = ["sqlite", "postgres"];

export interface CollectorLab {
  readonly collector: CollectorProcess;
  /** Null for SQLite. */
  readonly postgres: Postgres | null;
  /** Until tokens that were added are in force. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** The collector looks for changed tokens once a second. */
const TOKENS_MS = 1_100;

export async function openCollectorLab(options: {
  readonly store: StoreKind;
  readonly directory: string;
  readonly cli?: string;
  readonly execArgv?: readonly string[];
  /** Directory of the database, where it is not one like any other. */
  readonly disk?: string;
}): Promise<CollectorLab> {
  const { store: kind, directory, disk, ...others } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const postgres = kind === "postgres" ? await startPostgres(disk === undefined ? {} : { directory: disk }) : null;
  const store = postgres?.url ?? `sqlite:${join(disk ?? directory, "collector.db")}`;
  try {
    const collector = await CollectorProcess.start({ directory, store, ...others });
    return {
      collector,
      postgres,
      settle: () => pause(TOKENS_MS),
      async close() {
        await collector.kill();
        await postgres?.stop();
      },
    };
  } catch (error) {
    await postgres?.stop();
    throw error;
  }
}
