/**
 * Facts of one event → its verdict. A table of small rules, asked in order, first match wins: what is near is excluded before anything far is accused. The rules
 * see nothing but the facts, so a copied data directory gives the same verdict anywhere.
 */
import { viewOf, type EventView } from "./event-view.ts";
import type { EventFacts } from "./facts.ts";
import { findingsOf } from "./findings.ts";
import { allPeersFaults, nearFaults } from "./near-faults.ts";
import { ownFaults } from "./own-faults.ts";
import { hopBehind, peerFaults, stateFaults, traceCounts } from "./peer-faults.ts";
import type { Match, Rule } from "./rule.ts";
import { sharedFaults } from "./shared-faults.ts";
import type { Verdict } from "./verdict.ts";

const RULES: readonly Rule[] = [...ownFaults, ...nearFaults, ...stateFaults, ...allPeersFaults, ...sharedFaults, ...peerFaults];

export function judge(facts: EventFacts): Verdict {
  const view = viewOf(facts);
  for (const rule of RULES) {
    const match = rule(view);
    if (match !== null) return { ...match, findings: findingsOf(view, match) };
  }
  const nothing = uncertain(view);
  return { ...nothing, findings: findingsOf(view, nothing) };
}

/** Of one peer the traces may tell at least that it is the last link or the peer itself. */
function uncertain({ peers, bad, sent, lost, judged, incidents }: EventView): Match {
  const [only, ...others] = incidents;
  const isAlone = only !== undefined && others.length === 0;
  const counts = { peers, bad, sent, judged, lost, ...(isAlone ? traceCounts(only.segment) : {}) };
  const rule = others.length > 0 ? "no-common-cause" : "not-located";
  return { scope: "uncertain", direction: "unknown", hop: isAlone ? hopBehind(only) : null, certainty: "possible", rule, counts };
}
