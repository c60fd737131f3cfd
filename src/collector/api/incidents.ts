/** GET /api/v1/incidents and /api/v1/events: what happened on all nodes, from the heads. */
import type { ReportVerdict } from "../../report/report.ts";
import type { Scope } from "../../verdict/verdict.ts";
import type { ApiRequest, Endpoint } from "../http/router.ts";
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

export function eventsEndpoint(store: Store): Endpoint {
  return {
    method: "GET",
    path: "/api/v1/events",
    access: "reader",
    handle: async (request) => {
      const { heads, isAll } = await wanted(request, store);
      return { kind: "json", value: { events: eventsOf(heads), complete: isAll } };
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

/** Incidents of several peers that began together: one event of one node. */
interface ListedEvent {
  readonly node: string;
  readonly id: string;
  readonly started_at: string;
  /** Null while one of them lasts. */
  readonly ended_at: string | null;
  readonly incidents: readonly string[];
  readonly verdict: ReportVerdict | null;
}

function eventsOf(heads: readonly ListedIncident[]): ListedEvent[] {
  const events = new Map<string, ListedEvent>();
  for (const { node, id, event_id: event, started_at: start, ended_at: end, verdict } of heads) {
    const key = JSON.stringify([node, event]);
    const earlier = events.get(key) ?? { node, id: event, started_at: start, ended_at: end, incidents: [], verdict };
    events.set(key, {
      ...earlier,
      started_at: start < earlier.started_at ? start : earlier.started_at,
      ended_at: end === null || earlier.ended_at === null ? null : end > earlier.ended_at ? end : earlier.ended_at,
      incidents: [...earlier.incidents, id],
    });
  }
  return [...events.values()];
}
