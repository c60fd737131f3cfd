/**
 * Looks into a running agent's evidence.db from outside, over a read-only connection of its own: what it sees has been committed. The time columns are the
 * agent's word; when a row was there is only known by looking often.
 */
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { captureFromCells, incidentFromCells, linesFromText } from "../../src/store/evidence-rows.ts";
import type { StampedLine } from "../../src/path/mtr-raw.ts";
import type { CaptureRow, IncidentRow } from "../../src/store/rows.ts";
import type { Cells } from "../../src/store/statement-cache.ts";

export class EvidenceView {
  readonly #db: Sqlite.Database;
  readonly #incidents: Sqlite.Statement<unknown[], Cells>;
  readonly #captures: Sqlite.Statement<unknown[], Cells>;
  readonly #remote: Sqlite.Statement<unknown[], Cells>;
  readonly #baselines: Sqlite.Statement<unknown[], Cells>;
  readonly #lines: Sqlite.Statement<unknown[], Cells>;
  readonly #hopSweeps: Sqlite.Statement<unknown[], Cells>;

  constructor(dataDir: string) {
    this.#db = new Sqlite(join(dataDir, "evidence.db"), { readonly: true, fileMustExist: true });
    this.#incidents = this.#db.prepare("SELECT * FROM incidents WHERE peer = ? AND started_ms >= ? ORDER BY started_ms");
    this.#captures = this.#db.prepare("SELECT * FROM captures WHERE incident_id = ? ORDER BY started_ms, id");
    this.#remote = this.#db.prepare(
      "SELECT * FROM captures WHERE incident_id IS NULL AND trigger = 'remote' AND peer = ? AND started_ms >= ? ORDER BY started_ms, id",
    );
    this.#baselines = this.#db.prepare(
      "SELECT * FROM captures WHERE incident_id IS NULL AND trigger = 'baseline' AND status = 'complete' AND reached = 1 ORDER BY started_ms",
    );
    this.#lines = this.#db.prepare(
      "SELECT body FROM captures JOIN lines ON capture_id = captures.id WHERE incident_id = ? ORDER BY started_ms, captures.id, number",
    );
    this.#hopSweeps = this.#db.prepare(
      "SELECT captures.id FROM incidents JOIN captures ON incident_id = incidents.id WHERE incidents.peer = ? AND incidents.started_ms >= ? AND captures.kind = 'sweep' AND phase = 'during' AND first_hop_ms IS NOT NULL",
    );
  }

  /** Incidents of a peer that began then or later. */
  incidents(peer: string, sinceMs: number): IncidentRow[] {
    return this.#incidents.all(peer, sinceMs).map(incidentFromCells);
  }

  captures(incidentId: string): CaptureRow[] {
    return this.#captures.all(incidentId).map(captureFromCells);
  }

  /** What was traced, or refused, because this peer asked. */
  remote(peer: string, sinceMs: number): CaptureRow[] {
    return this.#remote.all(peer, sinceMs).map(captureFromCells);
  }

  /** What mtr printed for an incident, all its runs one after the other. */
  lines(incidentId: string): StampedLine[] {
    return this.#lines.all(incidentId).flatMap((cells) => linesFromText(String(cells["body"])));
  }

  /** Sweeps with a hop that are on disk together with their incident, which began then or later: one cheap query, made to be asked every few milliseconds. */
  tracedSweeps(peer: string, sinceMs: number): string[] {
    return this.#hopSweeps.all(peer, sinceMs).map((cells) => String(cells["id"]));
  }

  /** Peers whose path while healthy is known. */
  peersWithBaseline(): ReadonlySet<string> {
    return new Set(this.#baselines.all().map((cells) => String(cells["peer"])));
  }

  /** The newest row of each peer. */
  baselines(): ReadonlyMap<string, CaptureRow> {
    return new Map(this.#baselines.all().map((cells) => [String(cells["peer"]), captureFromCells(cells)]));
  }

  close(): void {
    this.#db.close();
  }
}
