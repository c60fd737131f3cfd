/**
 * evidence.db: what must survive a power cut. Every call is one commit with `synchronous=FULL`, or part of the `transaction()` around it; when a call has
 * returned, its rows are on disk. A full disk gives the ballast back (`onFull`) and tries once more, so the incident in progress is still kept.
 */
import { OUTCOME, sampleOutcome } from "../detect/sample.ts";
import type { SweepHop } from "../path/hop.ts";
import type { Span } from "../path/span.ts";
import { commit, openDatabase, type Database, type FullDisk } from "./database.ts";
import { EvidenceOutboxSource } from "./evidence-outbox.ts";
import {
  CAPTURE_COLUMNS,
  captureFromCells,
  captureToCells,
  hopNameFromCells,
  INCIDENT_COLUMNS,
  incidentFromCells,
  incidentToCells,
  linesFromText,
  linesToText,
  peerFromCells,
  sampleBlockFromCells,
  upsertById,
} from "./evidence-rows.ts";
import { EVIDENCE_SCHEMA } from "./migrations.ts";
import type { BlindRow, CaptureRow, HopNameRow, IncidentRow, LineChunk, NodeRow, PeerRow, SampleBlock, VerdictRow } from "./rows.ts";
import { StatementCache } from "./statement-cache.ts";
import { StoreOutbox } from "./store-outbox.ts";
import { readTrace } from "./trace-reader.ts";

export class EvidenceStore {
  readonly #db: Database;
  readonly #sql: StatementCache;
  readonly #disk: FullDisk;

  constructor(dir: string, disk: FullDisk = {}) {
    this.#db = openDatabase(dir, EVIDENCE_SCHEMA, "FULL");
    this.#sql = new StatementCache(this.#db);
    this.#disk = disk;
  }

  /** What is to be told to a collector. The clock is for tests. */
  outbox(wallMs: () => number = Date.now): StoreOutbox {
    const file = { sql: this.#sql, wallMs, write: <T>(fn: () => T): T => this.#write(fn) };
    return new StoreOutbox(file, new EvidenceOutboxSource(file, this.#db));
  }

  /** For the budget and for tests; SQL stays in this folder. */
  get database(): Database {
    return this.#db;
  }

  /** The id of this file; a database restored from elsewhere has another one. */
  get uuid(): string {
    return String(this.#sql.get("SELECT value FROM meta WHERE key = 'uuid'")?.["value"]);
  }

  /** Everything that `fn` writes, in one commit. May be nested. */
  transaction<T>(fn: () => T): T {
    return this.#write(fn);
  }

  /** The incident and its first captures, in one commit: nothing is spawned before this returned. */
  openIncident(row: IncidentRow, captures: readonly CaptureRow[]): void {
    this.#write(() => {
      this.#putIncident(row);
      for (const capture of captures) this.#putCapture(capture);
    });
  }

  updateIncident(row: IncidentRow): void {
    this.#write(() => this.#putIncident(row));
  }

  putCapture(row: CaptureRow): void {
    this.#write(() => this.#putCapture(row));
  }

  /** A chunk written twice is there once. */
  appendLines(chunk: LineChunk): void {
    this.#write(() =>
      this.#sql.run(
        "INSERT OR REPLACE INTO lines (capture_id, number, body) VALUES (?, ?, ?)",
        chunk.captureId,
        chunk.number,
        linesToText(chunk.lines),
      ),
    );
  }

  /** Blocks of the flight recorder; a block that is there already is replaced. */
  putSamples(blocks: readonly SampleBlock[]): void {
    this.#write(() => {
      for (const block of blocks)
        this.#sql.run(
          `INSERT INTO samples (incident_id, epoch, start_slot, started_ms, interval_ms, data) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (incident_id, epoch, start_slot) DO UPDATE SET started_ms = excluded.started_ms, interval_ms = excluded.interval_ms, data = excluded.data`,
          block.incidentId,
          block.epoch,
          block.startSlot,
          block.startedMs,
          block.intervalMs,
          block.samples,
        );
    });
  }

  /** A blind interval that grew (same start and cause) replaces its earlier row. */
  putBlind(row: BlindRow): void {
    this.#write(() =>
      this.#sql.run(
        "INSERT INTO blind (started_ms, cause, ended_ms, detail) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET ended_ms = excluded.ended_ms, detail = excluded.detail",
        row.startedMs,
        row.cause,
        row.endedMs,
        row.detail,
      ),
    );
  }

  putPeer(row: PeerRow): void {
    this.putPeers([row]);
  }

  putPeers(rows: readonly PeerRow[]): void {
    this.#write(() => {
      for (const row of rows)
        this.#sql.run(
          `INSERT INTO peers (name, address, interval_ms, first_reply_ms, agent_epoch, agent_silent_ms, active) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET
           address = excluded.address, interval_ms = excluded.interval_ms, first_reply_ms = excluded.first_reply_ms,
           agent_epoch = excluded.agent_epoch, agent_silent_ms = excluded.agent_silent_ms, active = excluded.active`,
          row.name,
          row.address,
          row.intervalMs,
          row.firstReplyMs,
          row.agentEpoch,
          row.agentSilentMs,
          Number(row.active),
        );
    });
  }

  getPeers(): PeerRow[] {
    return this.#sql.all("SELECT * FROM peers ORDER BY name").map(peerFromCells);
  }

  putNode(row: NodeRow): void {
    this.#write(() =>
      this.#sql.run("INSERT INTO node (only, body) VALUES (1, ?) ON CONFLICT DO UPDATE SET body = excluded.body", JSON.stringify(row)),
    );
  }

  /** A version that is there already is replaced. */
  putVerdict(row: VerdictRow): void {
    this.#write(() =>
      this.#sql.run(
        "INSERT OR REPLACE INTO verdicts (event_id, version, at_ms, sentence, verdict, facts) VALUES (?, ?, ?, ?, ?, ?)",
        row.eventId,
        row.version,
        row.atMs,
        row.sentence,
        JSON.stringify(row.verdict),
        JSON.stringify(row.facts),
      ),
    );
  }

  /** The newest version of an event's verdict, 0 for none. */
  lastVerdictVersion(eventId: string): number {
    return Number(this.#sql.get("SELECT MAX(version) AS version FROM verdicts WHERE event_id = ?", eventId)?.["version"] ?? 0);
  }

  /** The highest boot epoch used so far, 0 at first. */
  lastEpoch(): number {
    return Number(this.#sql.get("SELECT value FROM meta WHERE key = 'epoch'")?.["value"] ?? 0);
  }

  setEpoch(epoch: number): void {
    this.#write(() => this.#sql.run("INSERT INTO meta (key, value) VALUES ('epoch', ?) ON CONFLICT DO UPDATE SET value = excluded.value", epoch));
  }

  /** The last complete baseline sweep towards a peer: what the path looked like before. */
  lastBaseline(peer: string): CaptureRow | null {
    const cells = this.#sql.get(
      "SELECT * FROM captures WHERE incident_id IS NULL AND trigger = 'baseline' AND peer = ? AND status = 'complete' ORDER BY started_ms DESC LIMIT 1",
      peer,
    );
    return cells === undefined ? null : captureFromCells(cells);
  }

  /** The cycles of an incident's mtr runs, of what they sent in these stretches. */
  mtrCycles(incidentId: string, within: readonly Span[]): (readonly SweepHop[])[] {
    const rows = this.#sql
      .all("SELECT * FROM captures WHERE incident_id = ? AND kind = 'mtr' AND phase = 'during'", incidentId)
      .map(captureFromCells);
    return rows.flatMap((row) => readTrace(row, this.#sql, { within })?.cycles ?? []);
  }

  /** The last sweep that was made, or refused, because this peer asked. */
  lastRemote(peer: string): CaptureRow | null {
    const cells = this.#sql.get(
      "SELECT * FROM captures WHERE trigger = 'remote' AND peer = ? AND kind = 'sweep' ORDER BY started_ms DESC LIMIT 1",
      peer,
    );
    return cells === undefined ? null : captureFromCells(cells);
  }

  /** Another node asks for the traces that an incident of ours makes anyway. Those of an earlier request keep who it was. */
  markAsked(incidentId: string, askedBy: string): void {
    this.#write(() =>
      this.#sql.run(
        "UPDATE captures SET asked_by = ? WHERE incident_id = ? AND phase = 'during' AND kind IN ('sweep', 'mtr') AND asked_by IS NULL",
        askedBy,
        incidentId,
      ),
    );
  }

  /** What was traced since `fromMs` because this peer asked shows an incident of our own. */
  claimRemote(incidentId: string, of: { readonly peer: string; readonly fromMs: number }): void {
    this.#write(() =>
      this.#sql.run(
        "UPDATE captures SET incident_id = ? WHERE incident_id IS NULL AND trigger = 'remote' AND peer = ? AND started_ms >= ? AND status <> 'skipped'",
        incidentId,
        of.peer,
        of.fromMs,
      ),
    );
  }

  putHopName(row: HopNameRow): void {
    this.#write(() =>
      this.#sql.run(
        "INSERT OR REPLACE INTO hop_names (address, since_ms, name, asked_ms, used_ms) VALUES (?, ?, ?, ?, ?)",
        row.address,
        row.sinceMs,
        row.name,
        row.askedMs,
        row.usedMs,
      ),
    );
  }

  hopNames(): HopNameRow[] {
    return this.#sql.all("SELECT * FROM hop_names").map(hopNameFromCells);
  }

  /** Those that no trace has met since then. */
  forgetHopNames(usedBeforeMs: number): void {
    this.#write(() => this.#sql.run("DELETE FROM hop_names WHERE used_ms < ?", usedBeforeMs));
  }

  /**
   * What an agent that died left behind. Incidents that were open become `interrupted`, ended at their last stored sample (or the last that is known of them);
   * those that were cooling keep the end of their last burst. Running captures become `partial`. Returns the incidents as they are now, for the chain `continues`.
   */
  interruptOpen(): IncidentRow[] {
    return this.#write(() => {
      const rows = this.#sql.all("SELECT * FROM incidents WHERE status IN ('open', 'cooling') ORDER BY started_ms").map(incidentFromCells);
      const interrupted = rows.map((row) => {
        const last = row.bursts.at(-1);
        const endedMs = last !== undefined && last.endedMs !== null ? last.endedMs : this.#lastKnownMs(row);
        const bursts = row.bursts.map((burst) => (burst.endedMs === null ? { ...burst, endedMs } : burst));
        return { ...row, status: "interrupted", endedMs, bursts } satisfies IncidentRow;
      });
      for (const row of interrupted) this.#putIncident(row);
      this.#sql.run("UPDATE captures SET status = 'partial', reason = 'agent stopped' WHERE status = 'running'");
      return interrupted;
    });
  }

  /** Incidents that an agent left, in this start or in its own stop, and that were still going on then. */
  interruptedSince(endedMs: number): IncidentRow[] {
    return this.#sql
      .all("SELECT * FROM incidents WHERE status = 'interrupted' AND ended_ms >= ? ORDER BY started_ms", endedMs)
      .map(incidentFromCells);
  }

  close(): void {
    this.#db.close();
  }

  #putIncident(row: IncidentRow): void {
    this.#sql.runNamed(UPSERT_INCIDENT, incidentToCells(row));
  }

  #putCapture(row: CaptureRow): void {
    this.#sql.runNamed(UPSERT_CAPTURE, captureToCells(row));
  }

  #lastKnownMs(row: IncidentRow): number {
    const blocks = this.#sql.all("SELECT * FROM samples WHERE incident_id = ? ORDER BY started_ms DESC LIMIT 2", row.id).map(sampleBlockFromCells);
    const lastSampleMs = Math.max(...blocks.map(lastJudgedMs), -Infinity);
    if (lastSampleMs >= row.startedMs) return lastSampleMs;
    const chunks = this.#sql.all(
      "SELECT body FROM lines WHERE capture_id IN (SELECT id FROM captures WHERE incident_id = ?) ORDER BY capture_id, number DESC LIMIT 1",
      row.id,
    );
    const lineMs = chunks.flatMap((cells) => linesFromText(String(cells["body"])).map((line) => line.atMs));
    return Math.max(row.startedMs, row.detectedMs, ...row.bursts.map((burst) => burst.startedMs), ...lineMs);
  }

  #write<T>(fn: () => T): T {
    if (this.#db.inTransaction) return fn();
    return commit(this.#db, fn, this.#disk);
  }
}

const UPSERT_INCIDENT = upsertById("incidents", INCIDENT_COLUMNS);
/** That another node asked for it, or that it shows an incident of our own, becomes known while a capture is under way, and its last row does not know. */
const UPSERT_CAPTURE = upsertById("captures", CAPTURE_COLUMNS, ["asked_by", "incident_id"]);

/** Send time of the last sample in a block that was judged; −∞ when none was. */
function lastJudgedMs(block: SampleBlock): number {
  const view = new DataView(block.samples.buffer, block.samples.byteOffset, block.samples.byteLength);
  for (let slot = (view.byteLength >> 2) - 1; slot >= 0; slot--) {
    const outcome = sampleOutcome(view.getUint32(slot * 4, true));
    if (outcome !== OUTCOME.none && outcome !== OUTCOME.pending) return block.startedMs + slot * block.intervalMs;
  }
  return -Infinity;
}
