/** GET /api/v1/nodes: who was heard, when last, and what each still has to tell. */
import type { Endpoint } from "../http/router.ts";
import { fleetNodes } from "../reports/fleet-report.ts";
import type { CollectorStore } from "../store/port.ts";
import { requireNone } from "./parameters.ts";

export function nodesEndpoint(store: Pick<CollectorStore, "nodes">): Endpoint {
  return {
    method: "GET",
    path: "/api/v1/nodes",
    access: "reader",
    handle: async ({ query }) => {
      requireNone(query);
      return { kind: "json", value: { nodes: fleetNodes(await store.nodes()) } };
    },
  };
}
