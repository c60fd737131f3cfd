/** POST /api/v1/sync: what a node tells, read record by record, stored in one transaction, and acknowledged only then. */
import type { SyncAnswer } from "../../sync/wire.ts";
import { SYNC_API, SYNC_PATH } from "../../sync/wire.ts";
import { Refusal } from "../http/refusal.ts";
import type { Endpoint } from "../http/router.ts";
import type { Tally } from "../http/tally.ts";
import type { CollectorStore, Delivery } from "../store/port.ts";
import { parseRequest } from "../sync/parse-request.ts";

export interface SyncEndpointOptions {
  readonly store: Pick<CollectorStore, "deliver">;
  readonly tally: Tally;
  readonly version: string;
  readonly nowMs: () => number;
}

export function syncEndpoint({ store, tally, version, nowMs }: SyncEndpointOptions): Endpoint {
  return {
    method: "POST",
    path: SYNC_PATH,
    access: "node",
    handle: async ({ holder, body, receivedMs }) => {
      const request = parseRequest(body, receivedMs);
      if (request.kind === "bad") throw new Refusal(400, request.code, { message: request.message });
      const { delivery, rejected } = request;
      if (delivery.node !== holder?.name)
        throw new Refusal(403, "foreign-node", { message: "the token is not this node's: node must be the name that the token was made for" });
      const result = await store.deliver(delivery);
      if (result.kind === "foreign") throw new Refusal(403, "foreign-file", { message: `the file ${result.db} was first brought by another node` });
      tally.delivered(delivery.node, { records: countOf(delivery), rejected: rejected.length });
      const answer: SyncAnswer = {
        api: SYNC_API,
        acks: result.acks,
        rejected,
        received_at: new Date(receivedMs).toISOString(),
        answered_at: new Date(nowMs()).toISOString(),
        version,
      };
      return { kind: "json", value: answer };
    },
  };
}

function countOf({ files }: Delivery): number {
  return files.flatMap(({ lanes }) => lanes).reduce((sum, { records, rollups }) => sum + records.length + rollups.length, 0);
}
