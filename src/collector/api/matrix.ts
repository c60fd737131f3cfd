/**
 * GET /api/v1/matrix?at=: every directed pair in that second. Bad is what a node saw to be bad: a burst that covers the second, or a minute without a single answer.
 * Blind is everything that nobody saw: a node that was blind or was not heard is never bad.
 */
import { iso } from "../../report/figures.ts";
import type { Endpoint } from "../http/router.ts";
import { findHeads } from "../reports/incident-heads.ts";
import type { CollectorStore } from "../store/port.ts";
import { Parameters } from "./parameters.ts";
import { matrixOf } from "./pairs.ts";

/** Rollups of a minute are there two minutes after it, when all is well. */
const DEFAULT_BACK_MS = 180_000;
/** A mesh of 450. */
const MAX_PAIRS = 200_000;
const MAX_BLIND = 20_000;
const SECOND_MS = 1_000;
const MINUTE_S = 60;

type Store = Pick<CollectorStore, "records" | "rollups" | "nodes">;

export function matrixEndpoint(store: Store): Endpoint {
  return {
    method: "GET",
    path: "/api/v1/matrix",
    access: "reader",
    handle: async ({ query, receivedMs }) => {
      const parameters = new Parameters(query, { known: ["at"], nowMs: receivedMs });
      const atMs = Math.floor(parameters.time("at", receivedMs - DEFAULT_BACK_MS) / SECOND_MS) * SECOND_MS;
      const second = { sinceMs: atMs, untilMs: atMs + SECOND_MS };
      const minute = Math.floor(atMs / SECOND_MS / MINUTE_S) * MINUTE_S;
      const [rollups, heads, blind, peers, nodes] = await Promise.all([
        store.rollups({ from: minute, to: minute + MINUTE_S, limit: MAX_PAIRS }),
        findHeads(store, second),
        store.records({ types: ["row.blind"], ...second, limit: MAX_BLIND }),
        store.records({ types: ["row.peers"], limit: MAX_PAIRS }),
        store.nodes(),
      ]);
      const pairs = matrixOf({ atMs, rollups, heads, blind, peers, nodes });
      return { kind: "json", value: { at: iso(atMs), complete: rollups.length < MAX_PAIRS && peers.length < MAX_PAIRS, pairs } };
    },
  };
}
