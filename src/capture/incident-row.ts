/** An incident as the detector keeps it → its row. */
import { incidentKind, type Incident } from "../detect/incident.ts";
import type { BurstRow, IncidentRow } from "../store/rows.ts";

/** What the detector does not know of an incident. */
export type IncidentContext = Pick<IncidentRow, "eventId" | "baselineCaptureId" | "intervalMs" | "timeoutMs">;

export function incidentRow(incident: Incident, context: IncidentContext): IncidentRow {
  return {
    id: incident.id,
    eventId: context.eventId,
    continues: incident.continues,
    peer: incident.peer,
    address: incident.address,
    kind: incidentKind(incident),
    status: incident.phase,
    startedMs: incident.startedMs,
    detectedMs: incident.detectedMs,
    endedMs: incident.endedMs,
    intervalMs: context.intervalMs,
    timeoutMs: context.timeoutMs,
    bursts: incident.bursts.map(burstRow),
    baselineCaptureId: context.baselineCaptureId,
  };
}

function burstRow(burst: Incident["bursts"][number], index: number): BurstRow {
  const { count } = burst;
  return {
    number: index + 1,
    startedMs: burst.startedMs,
    endedMs: burst.endedMs,
    sent: count.sent,
    lost: count.lost,
    late: count.late,
    sendFailed: count.sendFailed,
    blind: count.blind,
    longestRun: count.longestRun,
    flows: count.flowSent.map((sent, flow) => ({ flow, sent, lost: count.flowLost[flow] ?? 0 })),
    ...directions(burst),
  };
}

/**
 * Loss by direction, where the peer's own requests arrived while it was healthy: else their absence says nothing. While it has told of none of the lost
 * probes, nothing is known of the way out: what was answered was heard, of course.
 */
function directions({ count, hearing }: Incident["bursts"][number]): Pick<BurstRow, "in" | "out"> {
  if (hearing.state !== "calibrated") return {};
  const { lost, lostHeard, lostUnheard } = count;
  const told = lostHeard + lostUnheard;
  const answered = count.sent - lost - count.blind - count.pending;
  return {
    in: { sent: hearing.expected, lost: hearing.expected - hearing.received },
    ...(lost > 0 && told === 0 ? {} : { out: { sent: answered + told, lost: lostUnheard } }),
  };
}
