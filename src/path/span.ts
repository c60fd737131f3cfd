/** A stretch of wall time; null while it lasts. The end does not belong to it. */
export interface Span {
  readonly startedMs: number;
  readonly endedMs: number | null;
}

/**
 * The spans without what comes after their last bad probe. They end with the first good one, an interval later, and the fault ended somewhere between the two:
 * a trace packet sent there may have met it or not.
 */
export function untilLastBad(spans: readonly Span[], intervalMs: number): Span[] {
  return spans.map(({ startedMs, endedMs }) => ({ startedMs, endedMs: endedMs === null ? null : Math.max(startedMs, endedMs - intervalMs) }));
}

/** A trace of the good time between two bursts is no witness of either. */
export function isWithin(spans: readonly Span[], atMs: number): boolean {
  return spans.some(({ startedMs, endedMs }) => atMs >= startedMs && (endedMs === null || atMs < endedMs));
}
