/** Verdicts in the words of another language: from the facts that were stored when they were judged, which come after the head. Until they are here, its words stand. */
import type { ReportVerdict } from "../../report/report.ts";
import { inWords } from "../../store/verdict-reader.ts";
import { columnsOf } from "../../sync/record-types.ts";
import type { EventFacts } from "../../verdict/facts.ts";
import type { Verdict } from "../../verdict/verdict.ts";
import type { Words } from "../../verdict/words.ts";
import type { CollectorStore } from "../store/port.ts";
import { parsed } from "./incident-heads.ts";
import { rowsOf } from "./materialise.ts";

/** Every version of a verdict is a row. */
const MAX_ROWS = 20_000;
const COLUMN = Object.fromEntries(columnsOf("verdicts").map((name, index) => [name, index]));

export interface HeldVerdict {
  readonly node: string;
  readonly eventId: string;
  readonly verdict: ReportVerdict;
}

/** In the order given. `events`: their ids, a few hundred at most. */
export async function saidIn(words: Words, held: readonly HeldVerdict[], store: Pick<CollectorStore, "records">): Promise<HeldVerdict[]> {
  if (held.length === 0) return [];
  const records = await store.records({ types: ["row.verdicts"], parents: [...new Set(held.map(({ eventId }) => eventId))], limit: MAX_ROWS });
  const rows = new Map(
    records.flatMap(({ node, data }) => {
      const [cells] = rowsOf("verdicts", parsed(data)) ?? [];
      const of = (column: string): string => String(cells?.[COLUMN[column] ?? -1]);
      return cells === undefined ? [] : [[keyOf(node, { eventId: of("event_id"), version: Number(of("version")) }), of] as const];
    }),
  );
  return held.map((each) => {
    const of = rows.get(keyOf(each.node, { eventId: each.eventId, version: each.verdict.version }));
    if (of === undefined) return each;
    const said = inWords(JSON.parse(of("facts")) as EventFacts, { verdict: JSON.parse(of("verdict")) as Verdict, words });
    return { ...each, verdict: { ...each.verdict, ...said } };
  });
}

function keyOf(node: string, { eventId, version }: { readonly eventId: string; readonly version: number }): string {
  return JSON.stringify([node, eventId, version]);
}
