/**
 * What the API asks of the part that makes reports of records. What it makes is the report's own contract (`meshprobe.report/1`) with `node`; the API passes it on as
 * it is.
 */
export interface IncidentQuery {
  /** Of an incident or an event, or the beginning of one. */
  readonly id: string;
  /** Of this node only; null: of any. */
  readonly node: string | null;
  readonly nowMs: number;
}

export interface ReportQuery {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly node: string | null;
  readonly peer: string | null;
  readonly nowMs: number;
}

/** A document, written as JSON. */
export type Document = object;

export interface Reports {
  /** `{ incidents: [ReportIncident + node + receipt] }`: one for each node that has this id, or for each incident of an event. Null for none. */
  incident(query: IncidentQuery): Promise<Document | null>;
  /** The stored records, from which the reader builds the page and reckons the digest himself. Null for none. */
  records(query: IncidentQuery): Promise<Document | null>;
  /** `meshprobe.report/1` over all nodes. */
  report(query: ReportQuery): Promise<Document>;
}
