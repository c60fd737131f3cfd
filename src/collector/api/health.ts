/** GET /healthz, /readyz and /metrics: for whoever runs the collector. */
import { exposition, EXPOSITION_TYPE, type Family } from "../../control/exposition.ts";
import { busy } from "../http/refusal.ts";
import type { Endpoint } from "../http/router.ts";
import { type CollectorStore, StoreUnavailable } from "../store/port.ts";

/** Nobody needs a token for it, so the store is asked at most this often. */
const ASK_EVERY_MS = 1_000;
/** A store that has not answered by then is not ready. */
const PATIENCE_MS = 2_000;

export interface HealthOptions {
  readonly store: Pick<CollectorStore, "nodes">;
  readonly nowMs: () => number;
  readonly families: () => readonly Family[];
}

export function healthEndpoints({ store, nowMs, families }: HealthOptions): Endpoint[] {
  const isReady = onceInAWhile(() => isThere(store), nowMs);
  return [
    { method: "GET", path: "/healthz", access: "open", handle: () => Promise.resolve({ kind: "json", value: { status: "ok" } }) },
    {
      method: "GET",
      path: "/readyz",
      access: "open",
      handle: async () => {
        if (!(await isReady())) throw busy("store-unavailable", "the store does not answer");
        return { kind: "json", value: { status: "ready" } };
      },
    },
    {
      method: "GET",
      path: "/metrics",
      access: "local",
      handle: () => Promise.resolve({ kind: "text", text: exposition(families()), type: EXPOSITION_TYPE }),
    },
  ];
}

async function isThere(store: Pick<CollectorStore, "nodes">): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), PATIENCE_MS)));
  try {
    return await Promise.race([store.nodes().then(() => true), late]);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    return false;
  } finally {
    clearTimeout(timer);
  }
}

function onceInAWhile(ask: () => Promise<boolean>, nowMs: () => number): () => Promise<boolean> {
  let answer: Promise<boolean> | null = null;
  let askedMs = -Infinity;
  return () => {
    const ms = nowMs() - askedMs;
    if (answer !== null && ms >= 0 && ms < ASK_EVERY_MS) return answer;
    askedMs = nowMs();
    return (answer = ask());
  };
}
