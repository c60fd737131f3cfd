/**
 * Which losses in a hop table mean something. A hop is lossy only if the loss reaches the destination; loss at a middle hop alone is a router that limits the
 * ICMP it answers itself. The counts stay as they were measured: the label goes into the note, with the reply rate that the hop had while healthy.
 *
 * While the destination loses packets a few that came back excuse nobody. But hops that answered so many that they cannot have had the destination's loss lie
 * before the fault, and so does every hop before them.
 */
import type { Hop } from "./hop.ts";
import { say, sayPart } from "../phrases/evidence.ts";

/** Loss behind a hop below this part of its own is better than chance explains; between this and all of it nothing is claimed. */
const CLEARLY_BETTER = 0.5;
/** Chance that hops behind the fault answered that well: below it, they are before it. */
const ALIBI = 0.05;
/** No loss is so total that the fault may not have begun within a trace. */
const MAX_LOSS = 0.99;

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
  if (best > hop.lossPct * CLEARLY_BETTER && !isAlwaysSilent) {
    const alibi = hop.received === 0 ? null : alibiOf(hop.lossPct, around);
    return alibi === null ? null : say("limited", { WHERE: sayPart("behindAnswered", { n: alibi.received, of: alibi.sent }) });
  }
  if (hop.received === 0) {
    if (healthyLoss === null) return say("silent");
    return healthyLoss === 100 ? say("silentAlways") : say("silentNow");
  }
  const where = end.lossPct === 0 ? sayPart("endsBefore") : sayPart("laterLose", { n: best });
  return healthyLoss === null || healthyLoss === 0 ? say("limited", { WHERE: where }) : say("limitedUsually", { WHERE: where, n: healthyLoss });
}

/** The next hops, as many as it takes: what they answered although the destination lost what it lost. */
function alibiOf(
  ownPct: number,
  { lossPct, later }: { readonly lossPct: number; readonly later: readonly Hop[] },
): { readonly sent: number; readonly received: number } | null {
  let [sent, received] = [0, 0];
  for (const hop of later.slice(0, -1)) {
    sent += hop.sent;
    received += hop.received;
    if (sent - received > (ownPct / 100) * CLEARLY_BETTER * sent) continue;
    if (chanceOfAtMost(sent - received, { of: sent, loss: Math.min(MAX_LOSS, lossPct / 100) }) < ALIBI) return { sent, received };
  }
  return null;
}

/** Binomial. By logarithms: of a thousand packets the chance that none was lost is no number any more. */
function chanceOfAtMost(lost: number, { of, loss }: { readonly of: number; readonly loss: number }): number {
  if (loss === 0) return 1;
  let log = of * Math.log(1 - loss);
  let sum = Math.exp(log);
  for (let count = 1; count <= lost; count++) {
    log += Math.log((of - count + 1) / count) + Math.log(loss / (1 - loss));
    sum += Math.exp(log);
  }
  return sum;
}
