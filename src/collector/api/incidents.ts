/** GET /api/v1/incidents and /api/v1/events: what happened on all nodes, from the heads. */
import type { Scope } from "../../verdict/verdict.ts";
import type { ApiRequest, Endpoint } from "../http/router.ts";
import { fleetEvents } from "../reports/fleet-report.ts";
import { MAX_HEADS } from "../reports/incident-heads.ts";
import { listIncidents, type ListQuery } from "../reports/listed-incidents.ts";
import type { CollectorStore } from "../store/port.ts";
import { Parameters } from "./parameters.ts";

const DEFAULT_BACK_MS = 24 * 3_600_000;
const DEFAULT_LIMIT = 1_000;
const SCOPES: readonly Scope[] = ["agent", "local", "gateway", "uplink", "shared", "path", "peer", "uncertain"];
const KNOWN = ["since", "until", "node", "peer", "scope", "limit"];

export function incidentsEndpoint(store: Pick<CollectorStore, "records">): Endpoint {
  return {
    method: "GET",
    path: "/api/v1/incidents",
    access: "reader",
    handle: async (request) => ({ kind: "json", value: await listIncidents(store, wanted(request)) }),
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

function wanted({ query, receivedMs }: ApiRequest): ListQuery {
  const parameters = new Parameters(query, { known: KNOWN, nowMs: receivedMs });
  const [node, peer] = [parameters.name("node"), parameters.name("peer")];
  return {
    ...parameters.range(DEFAULT_BACK_MS),
    ...(node === null ? {} : { node }),
    ...(peer === null ? {} : { peer }),
    scope: parameters.word("scope", SCOPES),
    limit: parameters.count("limit", { max: MAX_HEADS, fallback: DEFAULT_LIMIT }),
  };
}
