/**
 * One delta for a whole event. Counters have grown since the host was last well; states are the worst that any snapshot saw, for a gateway that was gone may be
 * back at the end; shares are of the event itself, where a minute of health before it would dilute them.
 */
import type { HostDelta, HostDetails } from "./host-delta.ts";

export interface EventDeltas {
  /** The result for the snapshot before; null for the first of an event. */
  readonly earlier: HostDelta | null;
  readonly sinceHealthy: HostDelta;
  readonly sincePrevious: HostDelta;
  /** Since the first snapshot of the event; null in that one. */
  readonly sinceFirst: HostDelta | null;
}

export function overEvent({ earlier, sinceHealthy, sincePrevious, sinceFirst }: EventDeltas): HostDelta {
  const [host, had] = [sinceHealthy.host, earlier?.host];
  const details = Object.keys(sinceHealthy.more) as (keyof HostDetails)[];
  return {
    elapsedMs: sinceHealthy.elapsedMs,
    host: {
      interface: host.interface,
      gateway: host.gateway ?? null,
      carrierLost: ever(had?.carrierLost, host.carrierLost),
      carrierChanges: most(had?.carrierChanges, host.carrierChanges),
      nicErrors: most(had?.nicErrors, host.nicErrors),
      nicDrops: most(had?.nicDrops, host.nicDrops),
      softnetDrops: most(had?.softnetDrops, host.softnetDrops),
      queueDrops: most(had?.queueDrops, host.queueDrops),
      gatewayNeighbour: had?.gatewayNeighbour === "failed" ? "failed" : (host.gatewayNeighbour ?? had?.gatewayNeighbour ?? null),
      conntrackFull: ever(had?.conntrackFull, host.conntrackFull),
      tcpRetransmits: most(had?.tcpRetransmits, host.tcpRetransmits),
      linkUse: most(had?.linkUse, sincePrevious.host.linkUse),
    },
    agent: (sinceFirst ?? sincePrevious).agent,
    more: Object.fromEntries(details.map((name) => [name, most(earlier?.more[name], sinceHealthy.more[name])])) as unknown as HostDetails,
  };
}

function ever(earlier: boolean | null | undefined, now: boolean | null): boolean | null {
  return earlier === true ? true : (now ?? earlier ?? null);
}

function most(earlier: number | null | undefined, now: number | null): number | null {
  return earlier == null || now === null ? (now ?? earlier ?? null) : Math.max(earlier, now);
}
