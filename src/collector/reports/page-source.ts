/** The records of both sides → what the page of an incident is made from, by the readers of the node. Used by the collector itself and by whoever asks it. */
import type { FarEnd, Receipt, TicketSource } from "../../report/page/ticket.ts";
import { readReport } from "../../store/query.ts";
import { COLLECTED_ROLLUP_MS, digestEvidence, readTicket } from "../../store/ticket-reader.ts";
import type { Words } from "../../verdict/words.ts";
import { parseHead } from "./heads.ts";
import type { NodeAnswer, RecordsAnswer } from "./incident-records.ts";
import { materialise, type Materialised, type NodeRollup } from "./materialise.ts";
import { shiftTimes } from "./shift-times.ts";

/** Traces made for us in that time whose hops are read. */
const MAX_REMOTE = 50;

export interface CollectedPage {
  /** With the receipts of both sides, those of the ticket first. */
  readonly source: TicketSource;
  readonly farEnds: readonly FarEnd[];
}

export interface PageOptions {
  readonly nowMs: number;
  /** Of verdicts; without them as they were stored. */
  readonly words?: Words | null;
}

/** Null when the answer does not name one incident or event, or has nothing of it that can be understood. */
export function collectedPage(answer: RecordsAnswer, { nowMs, words = null }: PageOptions): CollectedPage | null {
  const [ticket] = answer.incidents;
  const [here, ...there] = answer.nodes;
  if (ticket === undefined || here === undefined || answer.incidents.length > 1) return null;
  return withRows(here, (rows) => {
    const { evidence: db } = rows.reader;
    const known = new Set(db.prepare<[], string>("SELECT id FROM incidents").pluck().all());
    const incidentIds = here.incidents.filter((id) => known.has(id));
    if (incidentIds.length === 0) return null;
    const reader = { ...rows.reader, problems: [...rows.reader.problems, ...cutProblems(answer.nodes)] };
    const source = readTicket(reader, db, { kind: ticket.kind, id: ticket.id, incidentIds, nowMs, words, rollupMs: COLLECTED_ROLLUP_MS });
    const far = there.map((each) => farSide(each, { nowMs, words }));
    return {
      source: { ...source, receipts: [...receiptsOf(here, rows), ...far.flatMap(({ receipts }) => receipts)] },
      farEnds: far.map(({ end }) => end),
    };
  });
}

function cutProblems(nodes: readonly NodeAnswer[]): string[] {
  return nodes.filter((each) => each.is_cut).map(({ node }) => `the collector has more of ${node} than it gives for one page`);
}

function farSide(
  answer: NodeAnswer,
  { nowMs, words }: { readonly nowMs: number; readonly words: Words | null },
): { end: FarEnd; receipts: Receipt[] } {
  return withRows(answer, (rows) => {
    const ids = new Set(answer.incidents);
    const range = { sinceMs: Date.parse(answer.since), untilMs: Date.parse(answer.until) };
    const report = readReport(rows.reader, { ...range, nowMs, peer: null, detailUpTo: MAX_REMOTE, detailed: ids, roundTrips: true, words });
    const end: FarEnd = {
      node: { name: answer.node, address: report.node.address, version: report.node.version },
      incidents: report.incidents.filter(({ id }) => ids.has(id)),
      remote_captures: report.remote_captures,
      collected: { clock: answer.clock },
    };
    return { end: shiftTimes(end, answer.clock?.offset_ms ?? 0), receipts: receiptsOf(answer, rows) };
  });
}

function withRows<T>({ node, records, rollups }: NodeAnswer, use: (rows: Materialised) => T): T {
  const rows = materialise({ node, records, rollups: rollups.map(rollupOf) });
  try {
    return use(rows);
  } finally {
    rows.reader.close();
  }
}

/** Whatever is no rollup is left out and counted where it is inserted. */
function rollupOf(cells: NodeAnswer["rollups"][number]): NodeRollup {
  const [at, peer, ...rest] = cells;
  return {
    at: Number(at),
    peer: String(peer),
    counts: rest.slice(0, -1).map(Number),
    histogram: Buffer.from(String(rest.at(-1)), "base64"),
  };
}

/** What came when, against the rows that are here. */
function receiptsOf(answer: NodeAnswer, { reader, fromHeads }: Materialised): Receipt[] {
  return answer.receipts.map((facts): Receipt => {
    const told = answer.records.find(({ type, id }) => type === "incident" && id === facts.incident);
    const rows = parseHead(told?.data)?.evidence?.rows ?? 0;
    const digest = digestEvidence(reader.evidence, { incidentIds: [facts.incident] });
    const here = digest.rows - (fromHeads.has(facts.incident) ? 1 : 0);
    const missing = Math.max(0, rows - here);
    const state = facts.sha256 === null ? "unsealed" : digest.sha256 === facts.sha256 ? "complete" : missing > 0 ? "partial" : "differs";
    return { node: answer.node, state, rows, missing: state === "complete" ? 0 : missing, ...facts };
  });
}
