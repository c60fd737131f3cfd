/**
 * GET /api/v1/report, /events and /nodes: the report over all nodes, from heads alone. What is evidence is on the page of an incident. A day of two hundred
 * nodes must answer at once, so sums over rollups are made for one node or one peer only.
 */
import type { FleetBlind, FleetEvent, FleetIncident, FleetNode, FleetReport } from "../../report/fleet/fleet.ts";
import { iso, isoOrNull } from "../../report/figures.ts";
import { REPORT_SCHEMA, type ReportVerdict } from "../../report/report.ts";
import type { Words } from "../../verdict/words.ts";
import type { CollectorStore, StoredNode } from "../store/port.ts";
import { againstCollector, clockAgainst, clockOf } from "./clocks.ts";
import { findHeads, MAX_HEADS, parsed, type FoundHead } from "./incident-heads.ts";
import { rowsOf } from "./materialise.ts";
import { eventKey, findVerdicts, listed } from "./listed-incidents.ts";
import { sumPeers } from "./peer-sums.ts";
import { groupSides, type Nodes } from "./sides.ts";

const MAX_BLIND = 2_000;

export interface FleetQuery {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly nowMs: number;
  /** What this node saw, with the other sides of it. */
  readonly node?: string | null;
  /** What was seen towards this peer. */
  readonly peer?: string | null;
  /** Of verdicts; without them as they were stored. */
  readonly words?: Words | null;
}

interface Seen {
  readonly nodes: Nodes;
  readonly groups: readonly (readonly FoundHead[])[];
  readonly verdicts: ReadonlyMap<string, ReportVerdict>;
  readonly isCut: boolean;
}

export async function fleetReport(store: CollectorStore, query: FleetQuery): Promise<FleetReport> {
  const { node = null, peer = null } = query;
  const [seen, blind, sums] = await Promise.all([
    see(store, query),
    findBlind(store, query),
    node === null && peer === null ? null : sumPeers(store, { ...query, node, peer }),
  ]);
  const incidents = incidentsOf(seen);
  const peers = (sums?.peers ?? []).map((each) => ({
    ...each,
    incidents: incidents.filter((incident) => incident.node === each.node && incident.peer === each.peer).length,
  }));
  return {
    schema: REPORT_SCHEMA,
    generated_at: iso(query.nowMs),
    since: iso(query.sinceMs),
    until: iso(query.untilMs),
    node: {
      name: null,
      id: null,
      address: null,
      version: null,
      interval_ms: null,
      timeout_ms: null,
      clock: { source: null, offset_ms: null, max_error_ms: null },
      notes: [],
    },
    last_data_at: null,
    nodes: fleetNodes([...seen.nodes.values()]).filter((each) => node === null || each.node === node),
    peers,
    peers_omitted: sums === null,
    blind,
    events: seen.groups.map((group) => eventOf(group, seen)),
    incidents,
    remote_captures: [],
    requested_captures: [],
    evicted: [],
    problems: [
      ...(seen.isCut ? [`more than ${MAX_HEADS} incidents lie in this time; only the newest are given`] : []),
      ...(blind.length >= MAX_BLIND ? [`more than ${MAX_BLIND} blind times lie in this time; only the newest are given`] : []),
      ...(sums?.problems ?? []),
    ],
  };
}

export async function fleetEvents(store: CollectorStore, query: FleetQuery): Promise<{ readonly events: readonly FleetEvent[] }> {
  const seen = await see(store, query);
  return { events: seen.groups.map((group) => eventOf(group, seen)) };
}

/** In order of their names. */
export function fleetNodes(nodes: readonly StoredNode[]): FleetNode[] {
  return nodes
    .map((each): FleetNode => ({
      node: each.node,
      version: each.version,
      address: each.address,
      first_heard_at: iso(each.firstHeardMs),
      last_heard_at: iso(each.lastHeardMs),
      clock: againstCollector(clockOf(null, each)),
      backlog: each.backlog,
      blind_since: isoOrNull(each.blindSinceMs),
    }))
    .toSorted((a, b) => (a.node < b.node ? -1 : 1));
}

async function see(store: CollectorStore, query: FleetQuery): Promise<Seen> {
  const { node = null, peer = null, sinceMs, untilMs, words = null } = query;
  const [nodes, ...found] = await Promise.all([store.nodes(), ...placesOf(query).map((place) => findHeads(store, { ...place, sinceMs, untilMs }))]);
  const heads = [...new Map(found.flat().map((each) => [JSON.stringify([each.node, each.head.id]), each])).values()];
  const known: Nodes = new Map(nodes.map((each) => [each.node, each]));
  const isAskedFor = (each: FoundHead): boolean => (node === null || each.node === node) && (peer === null || each.head.peer === peer);
  const groups = groupSides(heads, known).filter((group) => group.some(isAskedFor));
  return { nodes: known, groups, verdicts: await findVerdicts(store, groups.flat(), words), isCut: found.some(({ length }) => length >= MAX_HEADS) };
}

/** What is asked for, and what the other ends of it saw. */
function placesOf({ node = null, peer = null }: FleetQuery): { readonly node?: string; readonly peer?: string }[] {
  if (node === null && peer === null) return [{}];
  const given = (name: string | null, key: "node" | "peer"): { node?: string; peer?: string } => (name === null ? {} : { [key]: name });
  return [
    { ...given(node, "node"), ...given(peer, "peer") },
    { ...given(peer, "node"), ...given(node, "peer") },
  ];
}

/** In order of time. */
function incidentsOf({ groups, verdicts }: Seen): FleetIncident[] {
  return groups
    .flat()
    .toSorted((a, b) => a.startedMs - b.startedMs)
    .map((found) => listed(found, verdicts));
}

function eventOf(group: readonly FoundHead[], { nodes, verdicts }: Seen): FleetEvent {
  const collected = ({ node, record, startedMs }: FoundHead): number => startedMs + (clockOf(record, nodes.get(node))?.offsetMs ?? 0);
  const members = group.toSorted((a, b) => collected(a) - collected(b));
  const first = members[0] as FoundHead;
  const sides = [...Map.groupBy(members, ({ node, head }) => eventKey(node, head.event_id)).values()];
  const mine = sides[0] ?? [];
  const ends = mine.map(({ head }) => head.ended_at);
  return {
    node: first.node,
    id: first.head.event_id,
    started_at: first.head.started_at,
    ended_at: ends.reduce((a, b) => (a === null || b === null ? null : b > a ? b : a), first.head.ended_at),
    incidents: mine.map(({ head }) => head.id),
    verdict: verdicts.get(eventKey(first.node, first.head.event_id)) ?? null,
    sides: sides.map((side) => {
      const { node, head, record } = side[0] as FoundHead;
      const clock = clockAgainst(clockOf(record, nodes.get(node)), clockOf(first.record, nodes.get(first.node)));
      return { node, id: head.event_id, incidents: side.map((each) => each.head.id), clock };
    }),
  };
}

async function findBlind(store: CollectorStore, { node = null, sinceMs, untilMs }: FleetQuery): Promise<FleetBlind[]> {
  const records = await store.records({ types: ["row.blind"], ...(node === null ? {} : { node }), sinceMs, untilMs, limit: MAX_BLIND });
  return records.flatMap((record) => {
    const [cells] = rowsOf("blind", parsed(record.data)) ?? [];
    if (cells === undefined) return [];
    const [startedMs, cause, endedMs, detail] = cells;
    return [
      {
        node: record.node,
        started_at: iso(Number(startedMs)),
        ended_at: iso(Number(endedMs)),
        cause: String(cause),
        detail: typeof detail === "string" ? detail : null,
      },
    ];
  });
}
