/** The reports over one store: what the API and whoever else serves them asks for. */
import type { FleetReport } from "../../report/fleet/fleet.ts";
import type { Language } from "../../report/language.ts";
import { verdictWords } from "../../verdict/words-of.ts";
import type { CollectorStore } from "../store/port.ts";
import { fleetReport, type FleetQuery } from "./fleet-report.ts";
import { incidentRecords, type RecordsAnswer } from "./incident-records.ts";
import { incidentReport, type IncidentDetail } from "./incident-report.ts";

/** As a plain document, without a name of its own. */
type Plain<T> = { readonly [K in keyof T]: T[K] };

export interface Reports {
  /** By the id of an incident or an event, or its first characters. Null when there is none. */
  incident(id: string, node?: string | null): Promise<{ readonly incidents: readonly IncidentDetail[] } | null>;
  records(id: string, node?: string | null): Promise<Plain<RecordsAnswer> | null>;
  report(query: Omit<FleetQuery, "nowMs" | "words"> & { readonly language: Language }): Promise<Plain<FleetReport>>;
}

export function createReports(store: CollectorStore, nowMs: () => number): Reports {
  return {
    incident: (id, node = null) => incidentReport(store, { id, node, nowMs: nowMs() }),
    records: (id, node = null) => incidentRecords(store, { id, node, nowMs: nowMs() }),
    report: async ({ language, ...query }) => fleetReport(store, { ...query, nowMs: nowMs(), words: await verdictWords(language) }),
  };
}
