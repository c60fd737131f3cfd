/**
 * What the API asks of the part that makes reports of records. What it makes is the report's own contract (`meshprobe.report/1`) with `node`; the API passes it on as
 * it is.
 */

import type { Language } from "../../report/language.ts";

/** A document, written as JSON. */
export type Document = object;

export interface Reports {
  /** `{ incidents: [ReportIncident + node + receipt] }`, by the id of an incident or event or its beginning: one for each node that has it. Null for none. */
  incident(id: string, node: string | null): Promise<Document | null>;
  /** The stored records, from which the reader builds the page and reckons the digest himself. Null for none. */
  records(id: string, node: string | null): Promise<Document | null>;
  /** `meshprobe.report/1` over all nodes. */
  report(query: {
    readonly sinceMs: number;
    readonly untilMs: number;
    readonly node: string | null;
    readonly peer: string | null;
    /** Of the sentences of verdicts. */
    readonly language: Language;
  }): Promise<Document>;
}
