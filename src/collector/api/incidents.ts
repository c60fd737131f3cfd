/** GET /api/v1/incidents and /api/v1/events: what happened on all nodes, from the heads. */
import type { Scope } from "../../verdict/verdict.ts";
import type { ApiRequest, Endpoint } from "../http/router.ts";
import { fleetEvents } from "../reports/fleet-report.ts";
import type { CollectorStore } from "../store/port.ts";
import { type ListedIncident, readHeads } from "./heads.ts";
import { Parameters } from "./parameters.ts";

const DEFAULT_BACK_MS = 24 * 3_600_000;
const DEFAULT_LIMIT = 1_000;
/** 10 MB of heads. */
const MAX_LIMIT = 5_000;
const SCOPES: readonly Scope[] = ["agent", "local", "gateway", "uplink", "shared", "path", "peer", "uncertain"];
const KNOWN = ["since", "until", "node", "peer", "scope", "limit"];

type Store = Pick<CollectorStore, "records">;

export function incidentsEndpoint(store: Store): Endpoint {
  return {
    method: "GET",
    path: "/api/v1/incidents",
    access: "reader",
    handle: async (request) => {
      const { heads, isAll } = await wanted(request, store);
      return { kind: "json", value: { incidents: heads, complete: isAll } };
    },
  };
}

/** What the nodes saw together: the sides of one fault stand in one event. */
export function eventsEndpoint(store: CollectorStore): Endpoint {
  return {
    method: "GET",
    path: "/api/v1/events",
    access: "reader",
    handle: async ({ query, receivedMs }) => {
      const parameters = new Parameters(query, { known: ["since", "until", "node", "peer"], nowMs: receivedMs });
      const about = { ...parameters.range(DEFAULT_BACK_MS), node: parameters.name("node"), peer: parameters.name("peer"), nowMs: receivedMs };
      return { kind: "json", value: await fleetEvents(store, about) };
    },
  };
}

async function wanted(
  { query, receivedMs }: ApiRequest,
  store: Store,
): Promise<{ readonly heads: readonly ListedIncident[]; readonly isAll: boolean }> {
  const parameters = new Parameters(query, { known: KNOWN, nowMs: receivedMs });
  const limit = parameters.count("limit", { max: MAX_LIMIT, fallback: DEFAULT_LIMIT });
  const scope = parameters.word("scope", SCOPES);
  const filter = { ...parameters.range(DEFAULT_BACK_MS), node: parameters.name("node"), peer: parameters.name("peer") };
  // The scope stands in the verdict, not in the head: all are read, and then looked at.
  const { heads, isAll } = await readHeads(store, { ...filter, limit: scope === null ? limit : MAX_LIMIT });
  if (scope === null) return { heads, isAll };
  const fitting = heads.filter(({ verdict }) => verdict?.scope === scope);
  return { heads: fitting.slice(Math.max(0, fitting.length - limit)), isAll: isAll && fitting.length <= limit };
}
