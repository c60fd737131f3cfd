/** Heads as they came from a node. Null where one is none. */
import { parseBrief, parseVerdict } from "../../report/brief.ts";
import { figure, fields, text } from "../../report/fields.ts";
import type { ReportIncident, ReportVerdict } from "../../report/report.ts";
import type { IncidentHead, VerdictHead } from "../../sync/record-types.ts";

const MAX_ID = 600;
const SHA256 = /^[0-9a-f]{64}$/;

export function parseHead(value: unknown): IncidentHead | null {
  const [one, brief] = [fields(value), parseBrief(value)];
  if (one === null || brief === null) return null;
  return { ...brief, bursts_in_all: Math.max(brief.bursts.length, figure(one["bursts_in_all"]) ?? 0), evidence: evidence(one["evidence"]) };
}

export function parseVerdictHead(value: unknown): VerdictHead | null {
  const verdict = parseVerdict(value);
  const eventId = text(fields(value)?.["event_id"], MAX_ID);
  return verdict === null || eventId === null ? null : { ...verdict, event_id: eventId };
}

/** As the list shows it: what is evidence is not in it. */
export function incidentOfHead({ bursts_in_all: _all, evidence: _evidence, ...head }: IncidentHead, verdict: ReportVerdict | null): ReportIncident {
  return { ...head, strip: null, strip_started_at: null, verdict, captures: [] };
}

function evidence(value: unknown): IncidentHead["evidence"] {
  const one = fields(value);
  const [format, sha256] = [text(one?.["format"]), text(one?.["sha256"])];
  if (one === null || format === null || sha256 === null || !SHA256.test(sha256)) return null;
  return { format, sha256, rows: figure(one["rows"]) ?? 0, bytes: figure(one["bytes"]) ?? 0 };
}
