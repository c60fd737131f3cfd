import type { PeerConfig } from "./config.ts";
import { formatDuration } from "./units.ts";
import { say, sayPart } from "../phrases/evidence.ts";

/** Different intervals named in the note; more would not be read. */
const MAX_EXAMPLES = 3;
/** Rounding of the sum of rates is far below this share of a probe. */
const SLACK = 1e-9;

/**
 * Makes every interval longer by one factor so that all peers together cause at most `maxRate` probes a second (the sum of 1000/intervalMs).
 * Whole milliseconds, rounded up, so the limit holds. The note is null when nothing had to change.
 */
export function stretchIntervals(
  peers: readonly PeerConfig[],
  maxRate: number,
): { readonly peers: readonly PeerConfig[]; readonly note: string | null } {
  const wanted = peers.reduce((sum, peer) => sum + 1000 / peer.intervalMs, 0);
  const factor = wanted / maxRate;
  if (factor <= 1 + SLACK) return { peers, note: null };
  const stretch = (intervalMs: number): number => Math.ceil(intervalMs * factor * (1 - SLACK));
  const examples = Array.from(new Set(peers.map((peer) => peer.intervalMs)), (ms) =>
    sayPart("interval", { n: formatDuration(ms), of: formatDuration(stretch(ms)) }),
  );
  const named = examples.slice(0, MAX_EXAMPLES).join(", ") + (examples.length > MAX_EXAMPLES ? `, ${sayPart("more")}` : "");
  const count = peers.length === 1 ? sayPart("onePeer") : sayPart("peers", { n: peers.length });
  const need = Math.ceil(wanted * (1 - SLACK));
  return {
    peers: peers.map((peer) => ({ ...peer, intervalMs: stretch(peer.intervalMs) })),
    note: say("stretched", { PEERS: count, INTERVALS: named, n: need, rate: maxRate }),
  };
}
