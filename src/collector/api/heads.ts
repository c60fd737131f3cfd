/** Heads of incidents with the newest verdict of their event, as lists show them. */
import { iso, isoOrNull } from "../../report/figures.ts";
import type { IsoTime, ReportVerdict } from "../../report/report.ts";
import type { IncidentHead, VerdictHead } from "../../sync/record-types.ts";
import type { CollectorStore, RecordQuery, StoredRecord } from "../store/port.ts";

/** Proof of when the evidence was final: the collector has this sum since then. Null while it is not final. */
export interface Receipt {
  readonly sha256: string;
  /** The collector's clock. */
  readonly received_at: IsoTime;
  /** The node's wall clock plus this was the collector's then; null where it was not measured. */
  readonly clock_offset_ms: number | null;
  readonly clock_error_ms: number | null;
  /** Another sum that came later: the evidence was changed on the node. Null for none. */
  readonly changed: { readonly sha256: string; readonly received_at: IsoTime } | null;
}

export type ListedIncident = IncidentHead & { readonly node: string; readonly verdict: ReportVerdict | null; readonly receipt: Receipt | null };

export interface HeadFilter extends Pick<RecordQuery, "sinceMs" | "untilMs" | "limit"> {
  readonly node: string | null;
  readonly peer: string | null;
}

/** In order of time. `isAll`: none was left out for the limit. */
export async function readHeads(
  store: Pick<CollectorStore, "records">,
  { node, peer, limit, ...range }: HeadFilter,
): Promise<{ readonly heads: ListedIncident[]; readonly isAll: boolean }> {
  const where = { ...range, ...(node === null ? {} : { node }), ...(peer === null ? {} : { peer }) };
  const found = await store.records({ types: ["incident"], ...where, limit: limit + 1 });
  const records = found.slice(Math.max(0, found.length - limit));
  const verdicts = await readVerdicts(store, records, node);
  return { heads: records.map((record) => listed(record, verdicts.get(eventKey(record.node, record.parent)) ?? null)), isAll: found.length <= limit };
}

/** Parents asked for at once; a statement has only so many parameters. */
const PARENTS_AT_ONCE = 500;

async function readVerdicts(
  store: Pick<CollectorStore, "records">,
  records: readonly StoredRecord[],
  node: string | null,
): Promise<Map<string, VerdictHead>> {
  const events = [...new Set(records.flatMap(({ parent }) => (parent === null ? [] : [parent])))];
  const verdicts = new Map<string, VerdictHead>();
  for (let from = 0; from < events.length; from += PARENTS_AT_ONCE) {
    const parents = events.slice(from, from + PARENTS_AT_ONCE);
    // One newest verdict an event and node; ids of events are a node's own, so two nodes hardly ever share one.
    const found = await store.records({ types: ["verdict"], parents, ...(node === null ? {} : { node }), limit: 4 * PARENTS_AT_ONCE });
    for (const record of found) {
      const verdict = JSON.parse(record.data) as VerdictHead;
      const key = eventKey(record.node, record.parent);
      if (verdict.version >= (verdicts.get(key)?.version ?? 0)) verdicts.set(key, verdict);
    }
  }
  return verdicts;
}

function listed(record: StoredRecord, verdict: VerdictHead | null): ListedIncident {
  const head = JSON.parse(record.data) as IncidentHead;
  return { ...head, node: record.node, verdict: verdict === null ? null : verdictOf(verdict), receipt: receiptOf(record) };
}

/** What did not fit into the head is empty, not absent: the contract has it. */
function verdictOf({ event_id: _event, ...verdict }: VerdictHead): ReportVerdict {
  const { counts = {}, findings = [], rule = "" } = verdict as Partial<ReportVerdict>;
  return { ...verdict, counts, findings, rule };
}

export function receiptOf(record: StoredRecord): Receipt | null {
  const { digest, digestMs, clockOffsetMs, clockErrorMs, changedDigest, changedDigestMs } = record;
  if (digest === null || digestMs === null) return null;
  const changed = changedDigest === null ? null : { sha256: changedDigest, received_at: isoOrNull(changedDigestMs) ?? iso(record.receivedMs) };
  return { sha256: digest, received_at: iso(digestMs), clock_offset_ms: clockOffsetMs, clock_error_ms: clockErrorMs, changed };
}

function eventKey(node: string, event: string | null): string {
  return JSON.stringify([node, event]);
}
