/**
 * Which losses in a hop table mean something. A hop is lossy only if the loss reaches the destination; loss at a middle hop alone is a router that limits the
 * ICMP it answers itself. The counts stay as they were measured: the label goes into the note, with the reply rate that the hop had while healthy.
 */
import type { Hop } from "./hop.ts";

/** Loss behind a hop below this part of its own is better than chance explains; between this and all of it nothing is claimed. */
const CLEARLY_BETTER = 0.5;

/**
 * Adds notes to the lines whose loss is not the path's. `healthy` is the table before the incident, null where there is none; `lossPct` what the probes
 * themselves lost at that time: a handful of trace packets that got through excuses no hop while the destination was losing.
 */
export function annotateHops(hops: readonly Hop[], healthy: readonly Hop[] | null, lossPct: number = 0): Hop[] {
  return hops.map((hop, index) => {
    const label = labelOf(hop, {
      lossPct,
      later: hops.slice(index + 1),
      before: healthy?.find((other) => other.ttl === hop.ttl && other.sent > 0) ?? null,
    });
    return label === null ? hop : { ...hop, note: hop.note === null ? label : `${hop.note}; ${label}` };
  });
}

function labelOf(hop: Hop, around: { readonly lossPct: number; readonly later: readonly Hop[]; readonly before: Hop | null }): string | null {
  const answering = around.later.filter((other) => other.received > 0);
  const end = around.later.at(-1);
  if (hop.lossPct === null || hop.lossPct === 0 || answering.length === 0 || end === undefined) return null;
  const best = Math.max(around.lossPct, Math.min(...answering.map((other) => other.lossPct ?? 100)));
  const healthyLoss = around.before?.lossPct ?? null;
  const isAlwaysSilent = hop.received === 0 && healthyLoss === 100;
  if (best > hop.lossPct * CLEARLY_BETTER && !isAlwaysSilent) return null;
  if (hop.received === 0) {
    if (healthyLoss === null) return "silent; later hops answer";
    return healthyLoss === 100 ? "silent, also while healthy; later hops answer" : "silent; later hops answer; answered while healthy";
  }
  const where = end.lossPct === 0 ? "loss does not reach the destination" : `later hops lose ${best} %`;
  const usual = healthyLoss === null || healthyLoss === 0 ? "" : `; ${healthyLoss} % while healthy`;
  return `answers limited by the router (${where}${usual})`;
}
