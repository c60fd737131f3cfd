/**
 * What has arrived ahead of its rows: while the uplink has only just recovered, an incident is known by its head and its verdict alone. Rows are made from them, so that
 * there is a page at once; the row of the node takes their place when it comes. They are no evidence, and whoever reckons a sum must know them.
 */
import type { Database } from "../../store/database.ts";
import { incidentToCells, INCIDENT_COLUMNS, upsertById } from "../../store/evidence-rows.ts";
import type { BurstRow, IncidentRow } from "../../store/rows.ts";
import type { IncidentHead, VerdictHead } from "../../sync/record-types.ts";
import { parseHead, parseVerdictHead } from "./heads.ts";
import type { NodeRecord } from "./materialise.ts";

/** Where a head does not say how often was probed. */
const USUAL_INTERVAL_MS = 100;
const USUAL_TIMEOUT_MS = 2_000;

/** Ids of the incidents whose rows were made here. */
export function headRows(db: Database, { node, records }: { readonly node: string; readonly records: readonly NodeRecord[] }): ReadonlySet<string> {
  const made = new Set<string>();
  const has = (sql: string, id: string): boolean => db.prepare<[string], number>(sql).pluck().get(id) !== undefined;
  for (const { type, data } of records) {
    const head = type === "incident" ? parseHead(data) : null;
    if (head !== null && !has("SELECT 1 FROM incidents WHERE id = ?", head.id)) {
      db.prepare(upsertById("incidents", INCIDENT_COLUMNS)).run(incidentToCells(rowOf(head)));
      made.add(head.id);
    }
    const verdict = type === "verdict" ? parseVerdictHead(data) : null;
    if (verdict !== null && !has("SELECT 1 FROM verdicts WHERE event_id = ?", verdict.event_id)) insertVerdict(db, verdict);
  }
  db.prepare("INSERT INTO node (only, body) VALUES (1, ?) ON CONFLICT DO NOTHING").run(JSON.stringify({ name: node, notes: [] }));
  return made;
}

function insertVerdict(db: Database, { event_id: eventId, version, at, sentence, ...verdict }: VerdictHead): void {
  db.prepare("INSERT INTO verdicts (event_id, version, at_ms, sentence, verdict, facts) VALUES (?, ?, ?, ?, ?, 'null')").run(
    eventId,
    version,
    Date.parse(at),
    sentence,
    JSON.stringify(verdict),
  );
}

function rowOf(head: IncidentHead): IncidentRow {
  return {
    id: head.id,
    eventId: head.event_id,
    continues: head.continues,
    peer: head.peer,
    address: head.address,
    kind: head.kind,
    status: head.status,
    startedMs: Date.parse(head.started_at),
    detectedMs: Date.parse(head.detected_at),
    endedMs: head.ended_at === null ? null : Date.parse(head.ended_at),
    intervalMs: head.interval_ms > 0 ? head.interval_ms : USUAL_INTERVAL_MS,
    timeoutMs: head.timeout_ms > 0 ? head.timeout_ms : USUAL_TIMEOUT_MS,
    bursts: burstsOf(head),
    baselineCaptureId: null,
  };
}

/** Directions, flows and what the bursts that were left out counted stand in the sums alone: they are given to the first. */
function burstsOf(head: IncidentHead): BurstRow[] {
  const told = head.bursts.map((burst, index): BurstRow => ({
    number: index + 1,
    startedMs: Date.parse(burst.started_at),
    endedMs: burst.ended_at === null ? null : Date.parse(burst.ended_at),
    sent: burst.sent,
    lost: burst.lost,
    late: burst.late,
    sendFailed: burst.send_failed,
    blind: burst.blind,
    longestRun: burst.longest_run,
    flows: [],
  }));
  const [first, ...others] = told;
  const left = (name: "sent" | "lost" | "late"): number => Math.max(0, head[name] - others.reduce((sum, burst) => sum + burst[name], 0));
  const sums = { sent: left("sent"), lost: left("lost"), late: left("late"), flows: head.flows, ...directions(head) };
  const nothing = { number: 1, sendFailed: 0, blind: 0, longestRun: 0, endedMs: head.ended_at === null ? null : Date.parse(head.ended_at) };
  return [{ startedMs: Date.parse(head.started_at), ...nothing, ...first, ...sums }, ...others];
}

function directions({ out, in: inbound }: IncidentHead): Pick<BurstRow, "out" | "in"> {
  return {
    ...(out.sent === null || out.lost === null ? {} : { out: { sent: out.sent, lost: out.lost } }),
    ...(inbound.sent === null || inbound.lost === null ? {} : { in: { sent: inbound.sent, lost: inbound.lost } }),
  };
}
