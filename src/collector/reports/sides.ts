/**
 * What two nodes saw of one thing: the incident of A towards B, and those of B towards A that overlap with it in time. Times are compared on one clock where both were
 * measured against the collector's; else as they are, which two nodes with a time service may be.
 */
import type { ClockDifference } from "../../report/page/ticket.ts";
import type { StoredNode } from "../store/port.ts";
import { clockAgainst, clockOf } from "./clocks.ts";
import type { FoundHead } from "./incident-heads.ts";

/** One end notices later than the other, and with its own probes: as for the peers of one event. */
export const SIDES_MS = 2_000;

export type Nodes = ReadonlyMap<string, StoredNode>;

export interface Counterpart {
  readonly found: FoundHead;
  /** Of its clock against that of the first node; null where it is not known. */
  readonly clock: ClockDifference | null;
}

/** `candidates` may hold any incidents. */
export function counterpartsOf(here: FoundHead, candidates: Iterable<FoundHead>, nodes: Nodes): Counterpart[] {
  return [...candidates].flatMap((there) => {
    if (there.node !== here.head.peer || there.head.peer !== here.node || there.node === here.node) return [];
    const clock = clockAgainst(clockOf(there.record, nodes.get(there.node)), clockOf(here.record, nodes.get(here.node)));
    return overlaps(here, there, clock) ? [{ found: there, clock }] : [];
  });
}

function overlaps(here: FoundHead, there: FoundHead, clock: ClockDifference | null): boolean {
  const slack = SIDES_MS + (clock?.error_ms ?? 0);
  const toOurs = clock?.offset_ms ?? 0;
  return there.startedMs + toOurs <= here.endedMs + slack && there.endedMs + toOurs >= here.startedMs - slack;
}

/** Incidents that belong together: those of one event of a node, and the two sides of a pair. Each group in order of time, the groups by their first. */
export function groupSides(found: readonly FoundHead[], nodes: Nodes): FoundHead[][] {
  const group = new Map<FoundHead, FoundHead>();
  const rootOf = (one: FoundHead): FoundHead => {
    let root = one;
    for (let next = group.get(root); next !== undefined; next = group.get(root)) root = next;
    if (root !== one) group.set(one, root);
    return root;
  };
  const join = (a: FoundHead, b: FoundHead): void => {
    const [first, second] = [rootOf(a), rootOf(b)];
    if (first !== second) group.set(second, first);
  };
  for (const members of Map.groupBy(found, ({ node, head }) => JSON.stringify([node, head.event_id])).values())
    for (const member of members.slice(1)) join(members[0] as FoundHead, member);
  const pairs = Map.groupBy(found, ({ node, head }) => JSON.stringify([node, head.peer].toSorted()));
  for (const members of pairs.values()) joinPair(members, { nodes, join });
  const groups = Map.groupBy(
    found.toSorted((a, b) => a.startedMs - b.startedMs),
    rootOf,
  );
  return [...groups.values()];
}

interface Stretch {
  readonly found: FoundHead;
  /** On the collector's clock, where all of the pair were measured; the least and the most that it can have been. */
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Joins the incidents of one pair that are sides of each other, as `counterpartsOf` finds them. In order of time an incident can only meet those of the other node that
 * have not ended; once it has joined them they are one, of which only the longest can meet another. So thousands of one pair take no longer than they are many.
 */
function joinPair(
  members: readonly FoundHead[],
  { nodes, join }: { readonly nodes: Nodes; readonly join: (a: FoundHead, b: FoundHead) => void },
): void {
  const [first] = members;
  if (first === undefined || first.node === first.head.peer) return;
  const clocks = members.map(({ node, record }) => clockOf(record, nodes.get(node)));
  const isMeasured = clocks.every((clock) => clock !== null);
  const stretches = members.map((found, index): Stretch => {
    const { offsetMs, errorMs } = (isMeasured ? clocks[index] : null) ?? { offsetMs: 0, errorMs: 0 };
    return { found, fromMs: found.startedMs + offsetMs - errorMs, toMs: found.endedMs + offsetMs + errorMs + SIDES_MS };
  });
  let lasting: { readonly mine: Stretch[]; readonly others: Stretch[] } = { mine: [], others: [] };
  for (const stretch of stretches.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const isMine = stretch.found.node === first.node;
    const [own, other] = isMine ? [lasting.mine, lasting.others] : [lasting.others, lasting.mine];
    const met = other.filter(({ toMs }) => toMs >= stretch.fromMs);
    for (const one of met) join(one.found, stretch.found);
    const longest = met.toSorted((a, b) => b.toMs - a.toMs).slice(0, 1);
    own.push(stretch);
    lasting = isMine ? { mine: own, others: longest } : { mine: longest, others: own };
  }
}
