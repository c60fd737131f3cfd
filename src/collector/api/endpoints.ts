/** All paths of the collector; config/openapi.yaml has the same, and a test holds the two together. Those that read are apart: a thread of their own answers them. */
import type { Family } from "../../control/exposition.ts";
import type { Endpoint } from "../http/router.ts";
import type { Tally } from "../http/tally.ts";
import type { CollectorStore } from "../store/port.ts";
import { healthEndpoints } from "./health.ts";
import { eventsEndpoint, incidentsEndpoint } from "./incidents.ts";
import { matrixEndpoint } from "./matrix.ts";
import { nodesEndpoint } from "./nodes.ts";
import type { Reports } from "./ports.ts";
import { reportEndpoints } from "./reports.ts";
import { syncEndpoint } from "./sync.ts";

export interface EndpointsOptions {
  readonly store: CollectorStore;
  /** `readingEndpoints`, or those of a ReaderThread, which answers the same. */
  readonly reading: readonly Endpoint[];
  readonly tally: Tally;
  readonly families: () => readonly Family[];
  readonly version: string;
  readonly nowMs: () => number;
}

export function createEndpoints({ store, reading, tally, families, version, nowMs }: EndpointsOptions): Endpoint[] {
  return [syncEndpoint({ store, tally, version, nowMs }), ...reading, ...healthEndpoints({ store, nowMs, families })];
}

export function readingEndpoints(store: CollectorStore, reports: Reports): Endpoint[] {
  return [incidentsEndpoint(store), ...reportEndpoints(reports), eventsEndpoint(store), nodesEndpoint(store), matrixEndpoint(store)];
}
