/** A stretch of wall time; null while it lasts. The end does not belong to it. */
export interface Span {
  readonly startedMs: number;
  readonly endedMs: number | null;
}

/** A trace of the good time between two bursts is no witness of either. */
export function isWithin(spans: readonly Span[], atMs: number): boolean {
  return spans.some(({ startedMs, endedMs }) => atMs >= startedMs && (endedMs === null || atMs < endedMs));
}
