/** The newest verdict of each event, as the report gives it. */
import { iso } from "../report/figures.ts";
import type { ReportVerdict } from "../report/report.ts";
import type { Verdict } from "../verdict/verdict.ts";
import type { StatementCache } from "./statement-cache.ts";

export class VerdictReader {
  readonly #sql: StatementCache;
  readonly #known = new Map<string, ReportVerdict | null>();

  constructor(sql: StatementCache) {
    this.#sql = sql;
  }

  /** Null for an event that was not judged yet. */
  of(eventId: string): ReportVerdict | null {
    let verdict = this.#known.get(eventId);
    if (verdict === undefined) this.#known.set(eventId, (verdict = this.#read(eventId)));
    return verdict;
  }

  #read(eventId: string): ReportVerdict | null {
    const cells = this.#sql.get("SELECT version, at_ms, sentence, verdict FROM verdicts WHERE event_id = ? ORDER BY version DESC LIMIT 1", eventId);
    if (cells === undefined) return null;
    const { scope, direction, hop, certainty, rule, counts, findings } = JSON.parse(String(cells["verdict"])) as Verdict;
    const at = iso(Number(cells["at_ms"]));
    const version = Number(cells["version"]);
    return { scope, direction, hop, certainty, at, version, counts, sentence: String(cells["sentence"]), rule, findings };
  }
}
