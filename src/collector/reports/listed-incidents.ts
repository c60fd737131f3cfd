/** GET /api/v1/incidents: the heads of incidents, with the newest verdict of their event and the receipt of their evidence. */
import type { FleetIncident } from "../../report/fleet/fleet.ts";
import type { ReportVerdict } from "../../report/report.ts";
import type { IncidentHead } from "../../sync/record-types.ts";
import type { Words } from "../../verdict/words.ts";
import type { CollectorStore, RecordQuery, StoredRecord } from "../store/port.ts";
import { incidentOfHead, parseVerdictHead } from "./heads.ts";
import { findHeads, MAX_HEADS, parsed, type FoundHead } from "./incident-heads.ts";
import { receiptOf } from "./incident-records.ts";
import { saidIn, type HeldVerdict } from "./said-verdicts.ts";

/** Ids in one question to the database. */
const IDS_AT_ONCE = 500;

type Store = Pick<CollectorStore, "records">;

/** In the list the head also says what it has left out of the incident, and the sum over its evidence as it stands now. */
export type ListedIncident = FleetIncident & Pick<IncidentHead, "bursts_in_all" | "evidence">;

export interface ListQuery extends Pick<RecordQuery, "sinceMs" | "untilMs" | "node" | "peer"> {
  /** That of the verdict. */
  readonly scope: string | null;
  readonly limit: number;
}

/** In order of time. `complete`: no older ones were left out. */
export async function listIncidents(
  store: Store,
  { scope, limit, ...where }: ListQuery,
): Promise<{ readonly incidents: readonly ListedIncident[]; readonly complete: boolean }> {
  // The scope stands in the verdict, not in the head: all are read, and then looked at.
  const most = scope === null ? limit : MAX_HEADS;
  const found = await findHeads(store, where, most + 1);
  const heads = found.slice(-most);
  const verdicts = await findVerdicts(store, heads);
  const all = heads.map((each) => ({ ...listed(each, verdicts), bursts_in_all: each.head.bursts_in_all, evidence: each.head.evidence }));
  const fitting = scope === null ? all : all.filter(({ verdict }) => verdict?.scope === scope);
  return { incidents: fitting.slice(-limit), complete: found.length <= most && fitting.length <= limit };
}

export function listed({ node, head, record }: FoundHead, verdicts: ReadonlyMap<string, ReportVerdict>): FleetIncident {
  return { ...incidentOfHead(head, verdicts.get(eventKey(node, head.event_id)) ?? null), node, receipt: receiptOf(record) };
}

/** By `eventKey`. Without `words` as they were stored, which is English. */
export async function findVerdicts(store: Store, heads: readonly FoundHead[], words: Words | null = null): Promise<Map<string, ReportVerdict>> {
  const ids = [...new Set(heads.map(({ head }) => head.event_id))];
  const parts = Array.from({ length: Math.ceil(ids.length / IDS_AT_ONCE) }, (_, part) => ids.slice(part * IDS_AT_ONCE, (part + 1) * IDS_AT_ONCE));
  const stored = await Promise.all(parts.map((part) => store.records({ types: ["verdict"], ids: part, limit: MAX_HEADS })));
  const held = stored.flat().flatMap(heldVerdict);
  const said = words === null ? held : await saidIn(words, held, store);
  return new Map(said.map(({ node, eventId, verdict }) => [eventKey(node, eventId), verdict]));
}

function heldVerdict({ node, data }: StoredRecord): HeldVerdict[] {
  const head = parseVerdictHead(parsed(data));
  if (head === null) return [];
  const { event_id: eventId, ...verdict } = head;
  return [{ node, eventId, verdict }];
}

export function eventKey(node: string, eventId: string): string {
  return JSON.stringify([node, eventId]);
}
