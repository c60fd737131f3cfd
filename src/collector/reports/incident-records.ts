/**
 * GET /api/v1/incidents/ID/records: all that the page of an incident needs, as it came from the nodes, of both sides. Whoever asks makes the page of it and reckons the
 * sum over the rows himself (`openPage`), so that what is proved is what he has.
 */
import { iso, isoOrNull } from "../../report/figures.ts";
import type { ClockDifference, ReceiptFacts } from "../../report/page/ticket.ts";
import type { CollectorStore, StoredRecord, StoredRollup } from "../store/port.ts";
import { againstCollector, clockAgainst, clockOf } from "./clocks.ts";
import { evidenceOf, rangeOf, type NodeEvidence } from "./evidence-of.ts";
import { findTickets, type FoundTicketOf } from "./find-tickets.ts";
import { findHeads, parsed, type FoundHead } from "./incident-heads.ts";
import { counterpartsOf, SIDES_MS, type Nodes } from "./sides.ts";

export const RECORDS_SCHEMA = "meshprobe.records/1";

/** Of an event of many peers, the page shows so many whole. */
const MAX_FAR_ENDS = 6;

export interface RecordsAnswer {
  readonly schema: typeof RECORDS_SCHEMA;
  readonly generated_at: string;
  /** What the id stands for. Of several, nothing is given but their names. */
  readonly incidents: readonly {
    readonly node: string;
    readonly kind: "incident" | "event";
    readonly id: string;
    readonly incidents: readonly string[];
  }[];
  /** The node of the incident first, then its peers. */
  readonly nodes: readonly NodeAnswer[];
}

export interface NodeAnswer {
  readonly node: string;
  /** Of its records, the incidents that the page is about. */
  readonly incidents: readonly string[];
  /** Where its part begins and ends, on its own clock. */
  readonly since: string;
  readonly until: string;
  /** Its clock against that of the first node; null where it is not known. */
  readonly clock: ClockDifference | null;
  readonly records: readonly { readonly type: string; readonly id: string; readonly version: number; readonly data: unknown }[];
  /** In the order of ROLLUP_COLUMNS, the histogram in base64. */
  readonly rollups: readonly (readonly (number | string)[])[];
  readonly receipts: readonly ReceiptFacts[];
  /** More is stored than is given. */
  readonly is_cut: boolean;
}

export interface RecordsQuery {
  /** Of an incident or an event, or its first characters. */
  readonly id: string;
  /** Of this node only. */
  readonly node?: string | null;
  readonly nowMs: number;
}

/** Null when there is none. */
export async function incidentRecords(store: CollectorStore, { id, node = null, nowMs }: RecordsQuery): Promise<RecordsAnswer | null> {
  const tickets = await findTickets(store, { id, node });
  if (tickets.length === 0) return null;
  return recordsOf(store, { tickets, nowMs });
}

export async function recordsOf(
  store: CollectorStore,
  { tickets, nowMs }: { readonly tickets: readonly FoundTicketOf[]; readonly nowMs: number },
): Promise<RecordsAnswer> {
  const [ticket] = tickets;
  return {
    schema: RECORDS_SCHEMA,
    generated_at: iso(nowMs),
    incidents: tickets.map(({ kind, node, id, incidents }) => ({ kind, node, id, incidents: incidents.map(({ head }) => head.id) })),
    nodes: ticket === undefined || tickets.length > 1 ? [] : await bothSides(store, { ticket, nowMs }),
  };
}

async function bothSides(
  store: CollectorStore,
  { ticket, nowMs }: { readonly ticket: FoundTicketOf; readonly nowMs: number },
): Promise<NodeAnswer[]> {
  const nodes: Nodes = new Map((await store.nodes()).map((each) => [each.node, each]));
  const { node, incidents } = ticket;
  const range = rangeOf(incidents, nowMs);
  const here = await evidenceOf(store, { node, range, incidents, withPeers: true });
  const peers = [...new Set(incidents.map(({ head }) => head.peer))].filter((peer) => nodes.has(peer) && peer !== node).slice(0, MAX_FAR_ENDS);
  const far = await Promise.all(peers.map((peer) => farSide(store, { peer, ticket, nodes, nowMs })));
  return [answerOf(here, { incidents, range, clock: null }), ...far];
}

interface FarQuery {
  readonly peer: string;
  readonly ticket: FoundTicketOf;
  readonly nodes: Nodes;
  readonly nowMs: number;
}

async function farSide(store: CollectorStore, { peer, ticket, nodes, nowMs }: FarQuery): Promise<NodeAnswer> {
  const ours = ticket.incidents.filter(({ head }) => head.peer === peer);
  const clock = clockAgainst(clockOf(null, nodes.get(peer)), clockOf(null, nodes.get(ticket.node)));
  const toOurs = clock?.offset_ms ?? 0;
  const around = rangeOf(ours, nowMs);
  const range = { sinceMs: around.sinceMs - toOurs, untilMs: around.untilMs - toOurs };
  const slack = SIDES_MS + (clock?.error_ms ?? 0);
  const candidates = await findHeads(store, {
    node: peer,
    peer: ticket.node,
    sinceMs: range.sinceMs - slack,
    untilMs: range.untilMs + slack,
  });
  const counterparts = ours.flatMap((each) => counterpartsOf(each, candidates, nodes));
  const incidents = [...new Map(counterparts.map(({ found }) => [found.head.id, found])).values()];
  const evidence = await evidenceOf(store, { node: peer, range, incidents, withPeers: false });
  return answerOf(evidence, { incidents, range, clock: counterparts[0]?.clock ?? clock });
}

function answerOf(
  { node, records, rollups, isCut }: NodeEvidence,
  about: {
    readonly incidents: readonly FoundHead[];
    readonly range: { readonly sinceMs: number; readonly untilMs: number };
    readonly clock: ClockDifference | null;
  },
): NodeAnswer {
  return {
    node,
    incidents: about.incidents.map(({ head }) => head.id),
    since: iso(about.range.sinceMs),
    until: iso(about.range.untilMs),
    clock: about.clock,
    records: records.map(({ type, id, version, data }) => ({ type, id, version, data: parsed(data) })),
    rollups: rollups.map(rollupCells),
    receipts: about.incidents.map(({ record }) => receiptOf(record)),
    is_cut: isCut,
  };
}

function rollupCells({ at, peer, counts, histogram }: StoredRollup): (number | string)[] {
  return [at, peer, ...counts, Buffer.from(histogram).toString("base64")];
}

export function receiptOf(record: StoredRecord): ReceiptFacts {
  const { id, digest, digestMs, changedDigest, changedDigestMs } = record;
  return {
    incident: id,
    sha256: digest,
    received_at: isoOrNull(digestMs),
    clock: digest === null ? null : againstCollector(clockOf(record, undefined)),
    changed: changedDigest === null || changedDigestMs === null ? null : { sha256: changedDigest, at: iso(changedDigestMs) },
  };
}
