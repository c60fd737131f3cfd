/**
 * One peer: the box that lost our state, the peer itself, or the path to it, and in which direction.
 *
 * The last link belongs to nobody: from here a dead peer and a dead last link look the same, so with total loss it is "the peer or its link", and with partial
 * loss and nobody to hear nothing is said. Beyond that a trace that ended in the middle names the path, and hearing names the direction.
 */
import { commonDirection } from "./common-direction.ts";
import { commonEnd, endCounts, hopOf } from "./common-end.ts";
import { acquitted, lossy, ratio, type EventView } from "./event-view.ts";
import type { Count, IncidentFacts, SegmentFacts } from "./facts.ts";
import { directionOf, expectedLoss, heardCounts, heardOf, type Heard } from "./hearing.ts";
import type { Match, Rule } from "./rule.ts";

/** Requests that must be due before their absence means anything. */
const MIN_DUE = 20;
const NEARLY_ALL = 0.9;
/** Around the edges of a burst a request or two still arrives. */
const EDGE_ARRIVALS = 3;
/** Replies to fresh ids: a single one may be the end of the fault. */
const MIN_FRESH = 2;
const FRESH_SHARE = 0.5;

export const stateFaults: readonly Rule[] = [stateOnTheWay];
export const peerFaults: readonly Rule[] = [agentStopped, requestsFiltered, answersSuppressed, peerDown, heardDirection, traceEnded].map(
  (rule) => (view: EventView) => {
    const [incident, ...others] = view.incidents;
    return incident === undefined || others.length > 0 ? null : rule(incident, view);
  },
);

/** A fresh id gets through while the old ones do not: a NAT or firewall holds, or refuses, their state. Of several peers: one box that all go through. */
function stateOnTheWay(view: EventView): Match | null {
  const asked = view.incidents.filter(({ freshId }) => freshId !== null && freshId.sent > 0);
  const answered = asked.filter(
    ({ freshId }) => freshId !== null && freshAnswers(freshId) >= MIN_FRESH && freshAnswers(freshId) >= FRESH_SHARE * freshId.sent,
  );
  if (!view.total || answered.length === 0 || answered.length < asked.length) return null;
  const freshSent = answered.reduce((sum, { freshId }) => sum + (freshId?.sent ?? 0), 0);
  const freshLost = answered.reduce((sum, { freshId }) => sum + (freshId?.lost ?? 0), 0);
  const [only, ...others] = view.incidents;
  const located = only !== undefined && others.length === 0 && only.segment?.isLast === false ? only.segment : null;
  const end = others.length === 0 ? null : commonEnd(view.incidents);
  return {
    scope: others.length > 0 ? "shared" : "path",
    direction: commonDirection(view),
    // Sweeps carry the ids that are lost and end where any loss ends; mtr has an id of its own and may get through, so that packets of both tell nothing.
    hop: located === null ? hopOf(end) : { after: located.after, before: located.before },
    certainty: "likely",
    rule: "state-on-the-way",
    counts: { freshSent, freshAnswered: freshSent - freshLost, lost: view.lost, judged: view.judged, links: located?.links ?? 1, ...endCounts(end) },
  };
}

function freshAnswers({ sent, lost }: { readonly sent: number; readonly lost: number }): number {
  return sent - lost;
}

/** Everything of ours is answered by its kernel while none of its own requests come any more. */
function agentStopped(incident: IncidentFacts, view: EventView): Match | null {
  const heard = heardOf([incident]);
  if (incident.lost > 0 || incident.brownout || view.judged < MIN_DUE || heard.in === null) return null;
  if (heard.in.sent < MIN_DUE || ratio(heard.in) < NEARLY_ALL) return null;
  return peer({ rule: "agent-stopped", certainty: sure(heard), counts: { ...heardCounts(heard), judged: view.judged } });
}

/** It hears none of ours, yet is content with our answers to its own: our direction works, and something there drops echo requests. */
function requestsFiltered(incident: IncidentFacts, view: EventView): Match | null {
  const heard = heardOf([incident]);
  if (!view.total || incident.hearing.saysBad !== false || heard.in === null || heard.in.sent < MIN_DUE || !acquitted(heard.in, view.loss))
    return null;
  if (heard.out !== null && ratio(heard.out) < NEARLY_ALL) return null;
  return peer({ rule: "requests-filtered", certainty: sure(heard), counts: heardCounts(heard) });
}

/** It heard ours and its requests arrive complete: only its answers are missing, filtered or limited there, or lost on a way that its requests do not take. */
function answersSuppressed(incident: IncidentFacts, view: EventView): Match | null {
  const heard = heardOf([incident]);
  if (heard.in === null || heard.out === null || !acquitted(heard.in, view.loss) || !acquitted(heard.out, view.loss)) return null;
  return peer({ rule: "answers-suppressed", certainty: sure(heard), counts: heardCounts(heard) });
}

/** Every router up to it answers, it does not, and nothing of it is heard. Others behind the same router, or that router's own word, make it likely. */
function peerDown({ segment, hearing, ...incident }: IncidentFacts, view: EventView): Match | null {
  const heard = heardOf([{ segment, hearing, ...incident }]);
  if (!view.total || segment === null || !segment.isLast || segment.links > 1) return null;
  if (heard.in !== null && isAlive(heard.in)) return null;
  if (heard.out !== null && !(lossy(heard.out, view.loss) && ratio(heard.out) >= NEARLY_ALL * view.loss)) return null;
  const neighbours = view.facts.mesh.members.filter(({ path }) => segment.after !== null && path?.at(-1) === segment.after).length;
  return {
    ...peer({
      rule: "peer-down",
      certainty: neighbours > 0 || segment.refusals > 0 ? "likely" : "possible",
      counts: { ...heardCounts(heard), ...traceCounts(segment), refusals: segment.refusals, neighbours },
    }),
    hop: { after: segment.after, before: incident.address },
  };
}

/** Its requests arrived meanwhile. One that stood still sent none, so that none is missing either: silence without gaps speaks for no life. */
function isAlive({ sent, lost }: Count): boolean {
  return sent - lost > Math.max(EDGE_ARRIVALS, (1 - NEARLY_ALL) * sent);
}

function heardDirection(incident: IncidentFacts, view: EventView): Match | null {
  const heard = heardOf([incident]);
  const found = directionOf(heard, view.loss);
  if (found === null) return null;
  const both = heard.in !== null && heard.out !== null ? { expectedLossPct: Math.round(expectedLoss(heard.in, heard.out) * 1000) / 10 } : {};
  return { scope: "path", ...found, hop: hopBehind(incident), counts: { ...heardCounts(heard), ...both, ...traceCounts(incident.segment) } };
}

/** It ended in the middle of the path; in which direction nobody told. */
function traceEnded(incident: IncidentFacts, view: EventView): Match | null {
  const { segment } = incident;
  if (segment === null || segment.isLast || segment.votes === 0) return null;
  const certainty = view.total || segment.far.lost >= 2 ? "likely" : "possible";
  return { scope: "path", direction: "unknown", hop: hopBehind(incident), certainty, rule: "trace-ended", counts: traceCounts(segment) };
}

export function hopBehind({ segment, address }: IncidentFacts): Match["hop"] {
  return segment === null ? null : { after: segment.after, before: segment.isLast ? address : segment.before };
}

/** Packets of the traces on either side of the fault. */
export function traceCounts(segment: SegmentFacts | null): Record<string, number> {
  if (segment === null) return {};
  const { near, far, votes, of, links } = segment;
  return {
    ...(near === null ? {} : { nearSent: near.sent, nearAnswered: near.sent - near.lost }),
    farSent: far.sent,
    farAnswered: far.sent - far.lost,
    votes,
    of,
    links,
  };
}

function sure(heard: Heard): "likely" | "possible" {
  return heard.authentic ? "likely" : "possible";
}

function peer(given: Pick<Match, "rule" | "certainty" | "counts">): Match {
  return { scope: "peer", direction: "unknown", hop: null, ...given };
}
