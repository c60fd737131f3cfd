/**
 * Whatever is written, evicted, refused, lost on the way, killed, copied back or lost by the collector: in the end it has the latest state of every record that the node
 * has, and its numbers never pass a record that it was not sent. Not both of the last two in one run: a node that is put back to a copy from before it learned that
 * the collector has lost something does not know that there is something to tell again (store-outbox.ts).
 */
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { EvidenceStore } from "../../src/store/evidence.ts";
import { SETTLE_MS } from "../../src/store/settled.ts";
import { digestEvidence } from "../../src/store/ticket-reader.ts";
import type { StoreOutbox } from "../../src/store/store-outbox.ts";
import type { LaneBatch } from "../../src/sync/outbox.ts";
import { columnsOf, type EvidenceTable, type IncidentHead, type VerdictHead } from "../../src/sync/record-types.ts";
import type { Lane } from "../../src/sync/wire.ts";
import { burst, capture, incident, sampleBlock, T0 } from "../unit/store/sample-rows.ts";
import { tempDir } from "../unit/store/temp-dir.ts";
import { ModelCollector } from "./model-collector.ts";
import { randomFor, type Random } from "./random.ts";

const HOUR_MS = 3_600_000;
const STEPS = 250;
const LANES: readonly Lane[] = [0, 1, 3];

type Cells = Readonly<Record<string, string | number | null | Uint8Array>>;

/** Every record that is to be with the collector, as text: rows cell by cell; of heads what tells one state from another. */
function told(store: EvidenceStore): Map<string, string> {
  const { database: db } = store;
  const all = new Map<string, string>();
  const put = (type: string, id: string, data: unknown): unknown => all.set(`${type} ${id}`, JSON.stringify(data));
  const rows = (sql: string): Cells[] => db.prepare<[], Cells>(sql).all();
  const id17 = (value: unknown): string => String(db.prepare("SELECT format('%!.17g', ?)").pluck().get(value));
  const cellsOf = (table: EvidenceTable, row: Cells): unknown[] =>
    columnsOf(table).map((column) => {
      const cell = row[column] ?? null;
      return cell instanceof Uint8Array ? Buffer.from(cell).toString("base64") : cell;
    });
  for (const row of rows("SELECT * FROM incidents")) {
    put("row.incidents", String(row["id"]), cellsOf("incidents", row));
    const isOver = row["status"] === "closed" || row["status"] === "interrupted";
    const isRunning = rows(`SELECT 1 FROM captures WHERE incident_id = '${String(row["id"])}' AND status = 'running'`).length > 0;
    put("incident", String(row["id"]), [
      row["status"],
      row["ended_ms"],
      isOver && !isRunning ? digestEvidence(db, { incidentIds: [String(row["id"])] }).sha256 : null,
    ]);
  }
  for (const row of rows(
    "SELECT * FROM captures WHERE incident_id IS NOT NULL OR trigger <> 'baseline' OR id IN (SELECT baseline_capture_id FROM incidents)",
  ))
    put("row.captures", String(row["id"]), cellsOf("captures", row));
  for (const row of rows("SELECT * FROM samples"))
    put("row.samples", `${String(row["incident_id"])} ${String(row["epoch"])} ${String(row["start_slot"])}`, cellsOf("samples", row));
  for (const row of rows("SELECT * FROM verdicts"))
    put("row.verdicts", `${String(row["event_id"])} ${String(row["version"])}`, cellsOf("verdicts", row));
  for (const row of rows("SELECT event_id, max(version) AS version FROM verdicts GROUP BY event_id"))
    put("verdict", String(row["event_id"]), row["version"]);
  for (const row of rows("SELECT * FROM blind")) put("row.blind", `${String(row["cause"])} ${id17(row["started_ms"])}`, cellsOf("blind", row));
  for (const row of rows("SELECT * FROM peers")) put("row.peers", String(row["name"]), cellsOf("peers", row));
  for (const row of rows("SELECT * FROM hop_names"))
    put("row.hop_names", `${String(row["address"])} ${id17(row["since_ms"])}`, cellsOf("hop_names", row));
  const groups = new Map<string, unknown[]>();
  for (const row of rows(
    "SELECT * FROM lines WHERE NOT EXISTS (SELECT 1 FROM captures WHERE id = capture_id AND status = 'running') ORDER BY capture_id, number",
  )) {
    const group = `${String(row["capture_id"])} ${Math.floor(Number(row["number"]) / 50) * 50}`;
    groups.set(group, [...(groups.get(group) ?? []), [row["number"], row["body"]]]);
  }
  for (const [group, chunks] of groups) put("row.lines", group, [group.slice(0, group.lastIndexOf(" ")), Number(group.split(" ").at(-1)), chunks]);
  return all;
}

/** What the collector has, in the same words. */
function known(type: string, data: string): string {
  if (type === "verdict") return String((JSON.parse(data) as VerdictHead).version);
  if (type !== "incident") return data;
  const head = JSON.parse(data) as IncidentHead;
  return JSON.stringify([head.status, head.ended_at === null ? null : Date.parse(head.ended_at), head.evidence?.sha256 ?? null]);
}

/** One node and its collector. */
class World {
  readonly #t: TestContext;
  readonly #random: Random;
  #dir: string;
  store: EvidenceStore;
  outbox: StoreOutbox;
  collector = new ModelCollector();
  /** How far the clock of the outbox is before that of the rows. */
  aheadMs = 0;
  readonly outcomes = new Map<string, number>();
  #backup: string | null = null;
  /** Since the copy was made. */
  readonly #changed = new Set<string>();
  /** Changed after the copy that was put back: the collector knows what the node has forgotten. */
  readonly forgotten = new Set<string>();
  /** Told of and then evicted in part: the digest is that of the whole. */
  readonly thinned = new Set<string>();
  #number = 0;
  /** An attempt whose answer is on its way while others begin; the first answer ends them all. */
  #slow: { readonly lane: Lane; readonly db: string; readonly batch: LaneBatch; readonly seq: number } | null = null;

  constructor(t: TestContext, random: Random) {
    this.#t = t;
    this.#random = random;
    this.#dir = tempDir(t);
    this.store = new EvidenceStore(this.#dir);
    this.outbox = this.#open();
  }

  #open(): StoreOutbox {
    // No power is cut here, and a commit need not reach the disk.
    this.store.database.pragma("synchronous = OFF");
    return this.store.outbox(() => Date.now() + this.aheadMs);
  }

  write(): void {
    if (this.#backup === null) return this.#writeOne();
    const before = told(this.store);
    this.#writeOne();
    for (const [key, text] of told(this.store)) {
      if (before.get(key) === text) continue;
      this.#changed.add(key);
      this.forgotten.delete(key);
    }
  }

  #writeOne(): void {
    const { below, chance } = this.#random;
    const n = below(5);
    const id = `i${n}`;
    const status = (["open", "cooling", "closed", "interrupted"] as const)[below(4)] ?? "open";
    const store = this.store;
    const isThere = store.database.prepare("SELECT 1 FROM incidents WHERE id = ?").get(id) !== undefined;
    switch (below(11)) {
      case 0:
        if (!isThere) this.thinned.delete(id);
        return store.openIncident(incident({ id, eventId: `e${n % 3}`, status, endedMs: T0 + below(9), baselineCaptureId: `b${n}` }), [
          capture({ id: `c${n}`, incidentId: id, status: chance(0.5) ? "running" : "complete" }),
        ]);
      case 1:
        if (!isThere) return;
        return store.updateIncident(incident({ id, eventId: `e${n % 3}`, status, endedMs: T0 + below(9), bursts: [burst({ sent: below(500) })] }));
      case 2:
        return store.putCapture(
          capture({
            id: `c${n}`,
            incidentId: isThere ? id : null,
            trigger: "remote",
            status: chance(0.3) ? "running" : "complete",
            reason: `r${below(9)}`,
          }),
        );
      case 3:
        return store.putCapture(capture({ id: `b${n}`, incidentId: null, trigger: "baseline", reason: `r${below(9)}` }));
      case 4:
        return store.transaction(() => {
          for (let i = 0; i < 3; i++) store.appendLines({ captureId: `c${n}`, number: below(120), lines: [{ atMs: T0 + below(99), text: "x 0 1" }] });
        });
      case 5:
        if (isThere) store.putSamples([sampleBlock(chance(0.5) ? "x..x" : "....", { incidentId: id, startSlot: below(4) * 100 })]);
        return;
      case 6:
        return this.#putVerdict(`e${below(3)}`);
      case 7:
        store.putBlind({ startedMs: T0 + below(3) + 0.1, endedMs: T0 + below(999), cause: chance(0.5) ? "stall" : "clock step", detail: null });
        return store.putHopName({ address: "10.0.0.1", sinceMs: T0 + below(3) + 0.3, name: `n${below(3)}`, askedMs: T0, usedMs: T0 + below(3) });
      case 8:
        return store.putPeers(
          [0, 1, 2].map((peer) => ({
            name: `p ${peer}`,
            address: "10.0.0.9",
            intervalMs: 100,
            firstReplyMs: null,
            agentEpoch: below(2),
            agentSilentMs: null,
            active: true,
          })),
        );
      case 9:
        return isThere ? store.claimRemote(id, { peer: "bj-b1", fromMs: 0 }) : undefined;
      case 10:
        return isThere ? store.markAsked(id, `node ${below(3)}`) : undefined;
    }
  }

  #putVerdict(eventId: string): void {
    const verdict = { scope: "path", direction: "out", hop: null, certainty: "likely", rule: "r", counts: {}, findings: [] };
    this.store.database
      .prepare(
        "INSERT OR REPLACE INTO verdicts (event_id, version, at_ms, sentence, verdict, facts) VALUES (?, (SELECT coalesce(max(version), 0) + 1 FROM verdicts WHERE event_id = ?), ?, ?, ?, '{}')",
      )
      .run(eventId, eventId, T0 + ++this.#number, `sentence ${this.#number}`, JSON.stringify(verdict));
  }

  /** As the budget does it. */
  evict(): void {
    const id = `i${this.#random.below(5)}`;
    const db = this.store.database;
    this.thinned.add(id);
    this.store.transaction(() => {
      db.prepare("DELETE FROM samples WHERE incident_id = ?").run(id);
      if (this.#random.chance(0.4)) return;
      db.prepare("DELETE FROM lines WHERE capture_id IN (SELECT id FROM captures WHERE incident_id = ?)").run(id);
      db.prepare("DELETE FROM captures WHERE incident_id = ?").run(id);
      db.prepare("DELETE FROM incidents WHERE id = ?").run(id);
      db.prepare("DELETE FROM verdicts WHERE event_id NOT IN (SELECT event_id FROM incidents)").run();
    });
    this.outbox.compact();
  }

  send(lane: Lane, how: "well" | "badly"): boolean {
    const { below, chance } = this.#random;
    const isBad = how === "badly";
    const db = this.outbox.db;
    const batch = this.outbox.next(lane, isBad ? below(4000) : 100_000);
    if (batch === null) return false;
    const slow = this.#slow;
    this.#slow = null;
    if (slow !== null && slow.lane === lane && slow.db === db && isBad) {
      this.#count(this.outbox.acknowledge(lane, slow.seq, slow.batch));
      return true;
    }
    if (isBad && chance(0.2)) return true;
    const { seq, rejected } = this.collector.take(db, batch, () => isBad && chance(0.05));
    if (isBad && chance(0.2)) return true;
    if (isBad && rejected.length === 0 && chance(0.2)) {
      this.#slow = { lane, db, batch, seq };
      if (chance(0.5)) this.aheadMs += SETTLE_MS;
      return true;
    }
    for (const each of rejected) this.outbox.refuse(lane, each, chance(0.5) ? "malformed" : "unknown-type");
    if (isBad && chance(0.1)) this.write();
    if (isBad && chance(0.3)) {
      // Somebody looks at the status while the request is under way.
      this.aheadMs += SETTLE_MS;
      this.outbox.backlog(lane);
    }
    this.#count(this.outbox.acknowledge(lane, seq, batch));
    return true;
  }

  /** Only asks. */
  ask(lane: Lane): void {
    this.#slow = null;
    this.#count(this.outbox.acknowledge(lane, this.collector.has(this.outbox.db, lane), null));
  }

  /** `kill -9` and another start; what was committed is there. */
  kill(): void {
    this.#startFrom(this.#copy(this.#dir));
  }

  backUp(): void {
    this.#backup = this.#copy(this.#dir);
    this.#changed.clear();
  }

  restore(): void {
    if (this.#backup === null) return;
    this.#startFrom(this.#copy(this.#backup));
    for (const key of this.#changed) this.forgotten.add(key);
    // Time has passed since the copy was made; here all of it is one millisecond, and versions run ahead of the clock.
    this.store.database.exec(`UPDATE lanes SET version = version + ${++this.#number * 1_000_000}`);
  }

  #startFrom(dir: string): void {
    this.store.close();
    this.#slow = null;
    this.#dir = dir;
    this.store = new EvidenceStore(dir);
    this.outbox = this.#open();
  }

  #copy(from: string): string {
    const dir = tempDir(this.#t);
    for (const file of ["evidence.db", "evidence.db-wal"]) cpSync(join(from, file), join(dir, file));
    return dir;
  }

  #count(outcome: string): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }

  /** All that is settled, and all that waits, until nothing does; another hour each time, so that what is to be told again is. */
  drain(): void {
    for (let round = 0; round < 3; round++) {
      this.aheadMs += HOUR_MS + SETTLE_MS;
      for (const lane of LANES) {
        this.ask(lane);
        while (this.send(lane, "well"));
      }
    }
  }
}

test("the collector ends up with the latest state of every record", (t) => {
  const random = randomFor(t);
  const totals = new Map<string, number>();
  for (let run = 0; run < 4; run++) {
    const world = new World(t, random);
    let earlier = world.collector.copy();
    for (let step = 0; step < STEPS; step++) {
      const dice = random.below(100);
      const lane = LANES[random.below(3)] ?? 0;
      if (dice < 60) world.write();
      else if (dice < 85) world.send(lane, "badly");
      else if (dice < 88) world.evict();
      else if (dice < 91) world.kill();
      else if (dice < 93) world.ask(lane);
      else if (dice < 95) world.aheadMs += SETTLE_MS;
      else if (dice < 96 && run === 2) world.backUp();
      else if (dice < 97 && run === 2) world.restore();
      else if (dice < 98) earlier = world.collector.copy();
      else if (dice < 99 && run % 2 === 1) world.collector = earlier.copy();
    }
    world.drain();
    const refused = new Set(world.outbox.refused(10_000).records.map(({ type, id }) => `${type} ${id}`));
    const state = told(world.store);
    let checked = 0;
    for (const [key, text] of state) {
      const type = key.slice(0, key.indexOf(" "));
      const id = key.slice(type.length + 1);
      if (refused.has(key) || world.forgotten.has(key) || (type === "incident" && world.thinned.has(id))) continue;
      const kept = world.collector.records.get(key);
      assert.ok(kept !== undefined, `${key} never came`);
      assert.equal(known(type, kept.data), text, key);
      checked++;
    }
    assert.ok(checked > 5, `only ${checked} of ${state.size} could be compared`);
    for (const lane of LANES) assert.deepEqual(world.outbox.backlog(lane), { records: 0, oldestMs: null });
    for (const [outcome, count] of [...world.outcomes, ...world.collector.reasons]) totals.set(outcome, (totals.get(outcome) ?? 0) + count);
    world.store.close();
  }
  t.diagnostic([...totals].map(([what, count]) => `${what} ${count}`).join(", "));
});
