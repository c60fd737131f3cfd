/** Heads of incidents and verdicts: what is told of them while the link is bad, in the words of the report, small enough for two packets. */
import type { Evidence } from "../report/page/ticket.ts";
import type { IncidentHead, VerdictHead } from "../sync/record-types.ts";
import { MAX_HEAD_BYTES } from "../sync/wire.ts";
import { figuresOf } from "./incident-reader.ts";
import type { IncidentRow } from "./rows.ts";
import type { ReportVerdict } from "../report/report.ts";

/** Of the record around the data: number, type, version and an id, which is in the data too. */
const AROUND_BYTES = 128;

/** With as many of the newest bursts as fit. */
export function incidentHead(row: IncidentRow, evidence: Evidence | null): IncidentHead {
  const { bursts, ...figures } = figuresOf(row);
  const head = (count: number): IncidentHead => ({
    ...figures,
    bursts: count === 0 ? [] : bursts.slice(-count),
    bursts_in_all: bursts.length,
    evidence,
  });
  const limit = MAX_HEAD_BYTES - AROUND_BYTES - bytesOf(row.id);
  let count = bursts.length;
  while (count > 0 && bytesOf(head(count)) > limit) count = Math.min(count - 1, Math.floor(limit / LEAST_BURST_BYTES));
  return head(count);
}

/** More of them never fit. */
const LEAST_BURST_BYTES = 100;

/** Without findings, then also without counts, where it would be too long. */
export function verdictHead(eventId: string, verdict: ReportVerdict): VerdictHead {
  const whole: VerdictHead = { ...verdict, event_id: eventId };
  const limit = MAX_HEAD_BYTES - AROUND_BYTES - bytesOf(eventId);
  const fewer = [whole, { ...whole, findings: [] }, { ...whole, findings: [], counts: {} }];
  return fewer.find((head) => bytesOf(head) <= limit) ?? { ...whole, findings: [], counts: {} };
}

function bytesOf(data: unknown): number {
  return Buffer.byteLength(JSON.stringify(data));
}
