/** GET /api/v1/nodes: who was heard, when last, and what each still has to tell. */
import { iso, isoOrNull } from "../../report/figures.ts";
import type { Endpoint } from "../http/router.ts";
import type { CollectorStore, StoredNode } from "../store/port.ts";
import { requireNone } from "./parameters.ts";

export function nodesEndpoint(store: Pick<CollectorStore, "nodes">): Endpoint {
  return {
    method: "GET",
    path: "/api/v1/nodes",
    access: "reader",
    handle: async ({ query }) => {
      requireNone(query);
      return { kind: "json", value: { nodes: (await store.nodes()).map(listed) } };
    },
  };
}

function listed({ node, version, address, firstHeardMs, lastHeardMs, clock, backlog, blindSinceMs }: StoredNode): Readonly<Record<string, unknown>> {
  return {
    node,
    version,
    address,
    first_heard_at: iso(firstHeardMs),
    last_heard_at: iso(lastHeardMs),
    blind_since: isoOrNull(blindSinceMs),
    clock: clock === null ? null : { offset_ms: clock.offsetMs, error_ms: clock.errorMs },
    backlog,
  };
}
