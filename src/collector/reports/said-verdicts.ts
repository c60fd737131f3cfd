/**
 * Verdicts in the words of another language: from the facts that were stored when they were judged, which come after the head. Until they are here, its words stand.
 *
 * Facts are large (a mesh of two hundred peers: 60 kB), are another machine's, and every version of a verdict has its own: only those that a head names are read, a few
 * at a time and not for ever, and what they say has an end.
 */
import type { ReportVerdict } from "../../report/report.ts";
import { inWords } from "../../store/verdict-reader.ts";
import { columnsOf } from "../../sync/record-types.ts";
import type { EventFacts } from "../../verdict/facts.ts";
import type { Verdict } from "../../verdict/verdict.ts";
import type { Words } from "../../verdict/words.ts";
import type { CollectorStore, StoredRecord } from "../store/port.ts";
import { MAX_HEADS, parsed } from "./incident-heads.ts";
import { rowsOf } from "./materialise.ts";

/** Events in one question to the database: 12 MB of records of the largest kind. */
const AT_ONCE = 50;
/** Characters of facts in one report, some seconds of work; beyond it the words of heads stand. The newest come first. */
const MAX_FACTS = 64_000_000;
/** Characters of what is said of one event: twelve findings with a path of thirty hops each way. */
const MAX_SAID = 24_000;
const COLUMN = Object.fromEntries(columnsOf("verdicts").map((name, index) => [name, index]));

export interface HeldVerdict {
  readonly node: string;
  readonly eventId: string;
  readonly verdict: ReportVerdict;
}

/** In the order given, which is that of time. */
export async function saidIn(words: Words, held: readonly HeldVerdict[], store: Pick<CollectorStore, "records">): Promise<HeldVerdict[]> {
  const said = new Map<string, Pick<ReportVerdict, "sentence" | "findings">>();
  let left = MAX_FACTS;
  for (let end = held.length; end > 0 && left > 0; end -= AT_ONCE) {
    const ids = held.slice(Math.max(0, end - AT_ONCE), end).map(({ eventId, verdict }) => `${eventId} ${verdict.version}`);
    const records = await store.records({ types: ["row.verdicts"], ids: [...new Set(ids)], limit: MAX_HEADS });
    for (const record of records) {
      left -= record.data.length;
      const one = left < 0 ? null : saidOf(record, words);
      if (one !== null) said.set(one.key, one.said);
    }
  }
  return held.map((each) => {
    const own = said.get(keyOf(each.node, { eventId: each.eventId, version: each.verdict.version }));
    return own === undefined ? each : { ...each, verdict: { ...each.verdict, ...own } };
  });
}

function saidOf(
  { node, data }: StoredRecord,
  words: Words,
): { readonly key: string; readonly said: Pick<ReportVerdict, "sentence" | "findings"> } | null {
  const [cells] = rowsOf("verdicts", parsed(data)) ?? [];
  if (cells === undefined) return null;
  const of = (column: string): string => String(cells[COLUMN[column] ?? -1]);
  const said = inWords(JSON.parse(of("facts")) as EventFacts, { verdict: JSON.parse(of("verdict")) as Verdict, words });
  const length = said.findings.reduce((sum, finding) => sum + finding.length, said.sentence.length);
  return length > MAX_SAID ? null : { key: keyOf(node, { eventId: of("event_id"), version: Number(of("version")) }), said };
}

function keyOf(node: string, { eventId, version }: { readonly eventId: string; readonly version: number }): string {
  return JSON.stringify([node, eventId, version]);
}
