/** The rows of the acceptance table, in the order in which they run. */
import type { Row } from "./row.ts";
import { bothEnds } from "./rows/both-ends.ts";
import { boundaries } from "./rows/boundaries.ts";
import { clockStep } from "./rows/clock-step.ts";
import { collectorFull } from "./rows/collector-full.ts";
import { collectorHostile } from "./rows/collector-hostile.ts";
import { collectorIngest } from "./rows/collector-ingest.ts";
import { collectorReconnect } from "./rows/collector-reconnect.ts";
import { cpu } from "./rows/cpu.ts";
import { kill } from "./rows/kill.ts";
import { latency } from "./rows/latency.ts";
import { memory } from "./rows/memory.ts";
import { million, noFalseIncidents } from "./rows/no-false-incidents.ts";
import { reload } from "./rows/reload.ts";
import { reportSpeed } from "./rows/report-speed.ts";
import { sharedRouter } from "./rows/shared-router.ts";
import { sigstop } from "./rows/sigstop.ts";
import { slots } from "./rows/slots.ts";
import { syncBulk } from "./rows/sync-bulk.ts";
import { syncChaos } from "./rows/sync-chaos.ts";
import { syncUplink } from "./rows/sync-uplink.ts";
import { tenPercent } from "./rows/ten-percent.ts";
import { tracedInside } from "./rows/traced-inside.ts";

const rows: readonly Row[] = [
  latency,
  boundaries,
  tracedInside,
  bothEnds,
  sharedRouter,
  tenPercent,
  kill,
  sigstop,
  clockStep,
  cpu,
  slots,
  reload,
  million,
  memory,
  reportSpeed,
  noFalseIncidents,
  syncUplink,
  syncBulk,
  syncChaos,
  collectorIngest,
  collectorReconnect,
  collectorFull,
  collectorHostile,
];

export const registry: ReadonlyMap<string, Row> = new Map(rows.map((row) => [row.name, row]));
