/** GET /api/v1/incidents/ID: the incident as the report has it, with everything, what the other side saw, and what can be said for its evidence. */
import type { ClockDifference, Receipt } from "../../report/page/ticket.ts";
import { withHopNotes } from "../../report/phase-tables.ts";
import type { IsoTime, ReportIncident } from "../../report/report.ts";
import type { CollectorStore } from "../store/port.ts";
import { findTickets } from "./find-tickets.ts";
import { recordsOf, type RecordsQuery } from "./incident-records.ts";
import { collectedPage, type CollectedPage } from "./page-source.ts";

export interface IncidentDetail extends ReportIncident {
  readonly node: string;
  readonly receipt: Receipt | null;
  readonly counterparts: readonly CounterpartDetail[];
}

/** Times are on the clock of the incident's own node, where `clock` tells how far the other was ahead of it. */
export interface CounterpartDetail {
  readonly node: string;
  readonly id: string;
  readonly started_at: IsoTime;
  readonly ended_at: IsoTime | null;
  readonly sent: number;
  readonly lost: number;
  readonly clock: ClockDifference | null;
  readonly receipt: Receipt | null;
}

/** One for each node that has given this id, or for each incident of an event. Null when there is none. */
export async function incidentReport(
  store: CollectorStore,
  { id, node = null, nowMs }: RecordsQuery,
): Promise<{ readonly incidents: readonly IncidentDetail[] } | null> {
  const tickets = await findTickets(store, { id, node });
  const incidents: IncidentDetail[] = [];
  for (const ticket of tickets) {
    const page = collectedPage(await recordsOf(store, { tickets: [ticket], nowMs }), { nowMs });
    if (page !== null) incidents.push(...detailsOf(page, ticket.node));
  }
  return incidents.length === 0 ? null : { incidents };
}

function detailsOf({ source, farEnds }: CollectedPage, node: string): IncidentDetail[] {
  const receiptOf = (of: string, id: string): Receipt | null =>
    source.receipts?.find((receipt) => receipt.node === of && receipt.incident === id) ?? null;
  return source.report.incidents.map((incident) => ({
    node,
    ...withHopNotes(incident),
    receipt: receiptOf(node, incident.id),
    counterparts: farEnds
      .filter((end) => end.node.name === incident.peer)
      .flatMap((end) =>
        end.incidents.map((other) => ({
          node: incident.peer,
          id: other.id,
          started_at: other.started_at,
          ended_at: other.ended_at,
          sent: other.sent,
          lost: other.lost,
          clock: end.collected?.clock ?? null,
          receipt: receiptOf(incident.peer, other.id),
        })),
      ),
  }));
}
