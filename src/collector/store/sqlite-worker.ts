/** The other side of sqlite-thread.ts: one SqliteStore, whose calls and answers are messages. */
import { parentPort, workerData } from "node:worker_threads";
import { type Delivery, type Eviction, type RecordQuery, type RollupQuery, StoreRefused, StoreUnavailable } from "./port.ts";
import { SqliteStore } from "./sqlite-store.ts";

export type ThreadCall =
  | { readonly kind: "open" | "nodes" | "close" }
  | { readonly kind: "deliver"; readonly delivery: Delivery }
  | { readonly kind: "records"; readonly query: RecordQuery }
  | { readonly kind: "rollups"; readonly query: RollupQuery }
  | { readonly kind: "evict"; readonly eviction: Eviction };

/** Classes do not pass between threads. */
export interface ThreadError {
  readonly kind: "unavailable" | "refused" | "other";
  readonly message: string;
  readonly cause: unknown;
}

export type ThreadAnswer =
  | { readonly id: number; readonly kind: "done"; readonly result: unknown }
  | { readonly id: number; readonly kind: "failed"; readonly error: ThreadError };

let opened: SqliteStore | null = null;

async function done(call: ThreadCall): Promise<unknown> {
  if (call.kind === "open") {
    opened = new SqliteStore(String(workerData));
    return null;
  }
  if (opened === null) throw new Error("The store is not open");
  switch (call.kind) {
    case "deliver":
      return opened.deliver(call.delivery);
    case "records":
      return opened.records(call.query);
    case "rollups":
      return opened.rollups(call.query);
    case "nodes":
      return opened.nodes();
    case "evict":
      return opened.evict(call.eviction);
    case "close":
      return opened.close();
  }
}

function errorOf(error: unknown): ThreadError {
  const kind = error instanceof StoreUnavailable ? "unavailable" : error instanceof StoreRefused ? "refused" : "other";
  return error instanceof Error
    ? { kind, message: error.message, cause: error.cause ?? (kind === "other" ? error : undefined) }
    : { kind, message: String(error), cause: undefined };
}

parentPort?.on("message", ({ id, call }: { readonly id: number; readonly call: ThreadCall }) => {
  const answer = (message: ThreadAnswer): void => parentPort?.postMessage(message, []);
  done(call).then(
    (result) => answer({ id, kind: "done", result }),
    (error: unknown) => answer({ id, kind: "failed", error: errorOf(error) }),
  );
});
