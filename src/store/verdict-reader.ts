/**
 * The newest verdict of each event, as the report gives it: with the words that were stored when it was judged, or in those of another language, from the facts that
 * are stored with it. What was judged stays as it is. Facts are null where only the verdict has arrived at a collector: then its words stand too.
 */
import { iso } from "../report/figures.ts";
import type { ReportVerdict } from "../report/report.ts";
import { viewOf } from "../verdict/event-view.ts";
import type { EventFacts } from "../verdict/facts.ts";
import { findingsOf } from "../verdict/findings.ts";
import { sentence } from "../verdict/sentence.ts";
import type { Verdict } from "../verdict/verdict.ts";
import type { Words } from "../verdict/words.ts";
import type { StatementCache } from "./statement-cache.ts";

export class VerdictReader {
  readonly #sql: StatementCache;
  readonly #words: Words | null;
  readonly #known = new Map<string, ReportVerdict | null>();

  /** Without `words` as stored, which is English. */
  constructor(sql: StatementCache, words: Words | null = null) {
    this.#sql = sql;
    this.#words = words;
  }

  /** Null for an event that was not judged yet. */
  of(eventId: string): ReportVerdict | null {
    let verdict = this.#known.get(eventId);
    if (verdict === undefined) this.#known.set(eventId, (verdict = this.#read(eventId)));
    return verdict;
  }

  #read(eventId: string): ReportVerdict | null {
    const more = this.#words === null ? "" : ", facts";
    const cells = this.#sql.get(
      `SELECT version, at_ms, sentence, verdict${more} FROM verdicts WHERE event_id = ? ORDER BY version DESC LIMIT 1`,
      eventId,
    );
    if (cells === undefined) return null;
    const verdict = JSON.parse(String(cells["verdict"])) as Verdict;
    const { scope, direction, hop, certainty, rule, counts } = verdict;
    const at = iso(Number(cells["at_ms"]));
    const version = Number(cells["version"]);
    const facts = this.#words === null ? null : (JSON.parse(String(cells["facts"])) as EventFacts | null);
    const said =
      facts === null || this.#words === null
        ? { sentence: String(cells["sentence"]), findings: verdict.findings }
        : inWords(facts, { verdict, words: this.#words });
    return { scope, direction, hop, certainty, at, version, counts, sentence: said.sentence, rule, findings: said.findings };
  }
}

/** What was judged, said from its facts. */
export function inWords(
  facts: EventFacts,
  { verdict, words }: { readonly verdict: Verdict; readonly words: Words },
): Pick<ReportVerdict, "sentence" | "findings"> {
  return { sentence: sentence(facts, verdict, words), findings: findingsOf(viewOf(facts), verdict, words) };
}
