/**
 * Where the traces of several peers ended. Storm control traces a few representatives only, so the hop they agree on stands for all: two at least, or one whose
 * hop every bad peer's baseline goes through.
 */
import type { EventView } from "./event-view.ts";
import type { IncidentFacts, SegmentFacts } from "./facts.ts";
import type { Match } from "./rule.ts";

export interface CommonEnd {
  readonly after: string | null;
  readonly afterTtl: number;
  /** Null where nobody knows it, or those that do disagree: a peer without a baseline knows nothing. */
  readonly before: string | null;
  readonly traced: number;
  readonly agreeing: number;
}

/** Of the traced peers; the rest may have been traced when the fault moved. */
const AGREE = 0.75;

/** Null when they do not agree, or too few were traced. */
export function commonEnd(incidents: readonly IncidentFacts[]): CommonEnd | null {
  const located = incidents.flatMap(({ segment }) => (segment?.links === 1 ? segment : []));
  const groups = new Map<string, SegmentFacts[]>();
  for (const segment of located) {
    const key = segment.after ?? `ttl ${segment.afterTtl}`;
    groups.set(key, [...(groups.get(key) ?? []), segment]);
  }
  const group = [...groups.values()].sort((a, b) => b.length - a.length)[0];
  const first = group?.[0];
  if (group === undefined || first === undefined) return null;
  const alone = located.length === 1 && first.afterTtl <= commonTtl(incidents);
  if (!alone && (group.length < 2 || group.length < AGREE * located.length)) return null;
  const known = new Set(group.flatMap(({ before }) => before ?? []));
  const next = known.size > 0 ? known : nextHops(first, incidents);
  const [before = null] = next;
  return {
    after: first.after,
    afterTtl: Math.min(...group.map((segment) => segment.afterTtl)),
    before: next.size === 1 ? before : null,
    traced: located.length,
    agreeing: group.length,
  };
}

/** What comes behind it by the baselines of bad peers that were not traced themselves. */
function nextHops({ after, afterTtl }: SegmentFacts, incidents: readonly IncidentFacts[]): Set<string> {
  const through = incidents.filter(({ path }) => after !== null && path?.[afterTtl - 1] === after);
  return new Set(through.flatMap(({ path }) => path?.[afterTtl] ?? []));
}

/** TTL up to which the baselines of all bad peers are one path; 0 when fewer than two are known. */
export function commonTtl(incidents: readonly IncidentFacts[]): number {
  const paths = incidents.flatMap(({ path }) => (path === null ? [] : [path]));
  const [first, ...others] = paths;
  if (first === undefined || others.length === 0) return 0;
  const fork = first.findIndex((hop, index) => others.some((path) => path[index] !== hop));
  return fork === -1 ? first.length : fork;
}

/** Traces ended at several hops while everything was lost: whatever lies before all of these hops forwards, both ways. */
export function endsApart({ incidents, total }: EventView): boolean {
  const located = incidents.filter(({ segment }) => segment?.links === 1);
  return total && located.length >= 2 && commonEnd(incidents) === null;
}

/** At least the first router answered a trace while its target did not. */
export function gatewayAnswersTraces({ incidents }: EventView): boolean {
  return incidents.some(({ segment }) => segment !== null && segment.afterTtl >= 1);
}

/** How many peers were traced, and how many of the traces ended there. */
export function endCounts(end: CommonEnd | null): { readonly traced: number; readonly agreeing: number } {
  return { traced: end?.traced ?? 0, agreeing: end?.agreeing ?? 0 };
}

export function hopOf(end: Pick<CommonEnd, "after" | "before"> | null): Match["hop"] {
  return end === null ? null : { after: end.after, before: end.before };
}
