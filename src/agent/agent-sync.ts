/** The agent's side towards the collector: what the sender needs to know of the rest of the agent, and when it is to look again. */
import type { WireHealth } from "../capture/wire-health.ts";
import type { Config } from "../config/config.ts";
import type { Incident } from "../detect/incident.ts";
import type { FactLog } from "../fact-log.ts";
import { Sync } from "../sync/sync.ts";
import type { AgentStore } from "./agent-store.ts";

export interface AgentSyncTools {
  readonly version: string;
  readonly store: Pick<AgentStore, "outboxes" | "onWritten">;
  readonly desks: { readonly incidents: { readonly live: readonly Pick<Incident, "continues">[] } };
  readonly health: Pick<WireHealth, "unwatchedSinceMs">;
  readonly log: FactLog;
}

/** Null where no collector is configured. Nothing is sent before its start. */
export function openSync(
  { collector, node }: Pick<Config, "collector" | "node">,
  { version, store, desks, health, log }: AgentSyncTools,
): Sync | null {
  if (collector === null) return null;
  const sync = new Sync({
    collector,
    node: { name: node.name, address: node.address, version },
    outboxes: store.outboxes,
    log,
    // One that continues another lasts for half an hour already: a peer that is gone for good must not keep rollups here until they are evicted.
    isCalm: () => desks.incidents.live.every(({ continues }) => continues !== null),
    blindSinceMs: () => health.unwatchedSinceMs,
  });
  store.onWritten = () => sync.wake();
  return sync;
}
