/**
 * Some peers bad, others clean: what do the bad ones have in common? The place where their traces ended is better evidence than any label, and also serves
 * when no baseline and no label is known.
 */
import { commonDirection } from "./common-direction.ts";
import { commonEnd, endCounts, hopOf } from "./common-end.ts";
import type { EventView } from "./event-view.ts";
import { bestGroup } from "./groups.ts";
import type { Match, Rule } from "./rule.ts";

/** Two of anything may have something in common by chance. */
const ENOUGH = 3;
/** Right behind our gateway everything ends that fails near us: not a property of these peers. */
const MIN_SHARED_TTL = 2;

export const sharedFaults: readonly Rule[] = [sharedGroup, sharedEnd];

function sharedGroup(view: EventView): Match | null {
  if (view.bad < 2) return null;
  const group = bestGroup(view);
  if (group === null) return null;
  const end = commonEnd(view.incidents);
  const { members, badMembers } = group;
  return {
    scope: "shared",
    direction: commonDirection(view),
    hop: end === null ? group.hop : hopOf(end),
    certainty: end !== null || (badMembers >= ENOUGH && group.kind !== "prefix") ? "likely" : "possible",
    rule: `shared-${group.kind}`,
    counts: {
      peers: view.peers,
      bad: view.bad,
      members,
      badMembers,
      cleanMembers: members - badMembers,
      ...endCounts(end),
    },
  };
}

function sharedEnd(view: EventView): Match | null {
  const end = commonEnd(view.incidents);
  if (view.bad < 2 || end === null || end.agreeing < 2 || end.afterTtl < MIN_SHARED_TTL) return null;
  const { peers, bad } = view;
  return {
    scope: "shared",
    direction: commonDirection(view),
    hop: hopOf(end),
    certainty: "possible",
    rule: "shared-end",
    counts: { peers, bad, ...endCounts(end) },
  };
}
