/** Verdicts of events: kept in versions, read as the newest, evicted with their last incident; and databases from before there were any. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { Ballast } from "../../../src/store/ballast.ts";
import { StoreBudget } from "../../../src/store/budget.ts";
import { openDatabase } from "../../../src/store/database.ts";
import { EvidenceStore } from "../../../src/store/evidence.ts";
import { EVIDENCE_SCHEMA, METRICS_SCHEMA } from "../../../src/store/migrations.ts";
import { MetricsStore } from "../../../src/store/metrics.ts";
import { openReader } from "../../../src/store/reader.ts";
import type { VerdictRow } from "../../../src/store/rows.ts";
import { StatementCache } from "../../../src/store/statement-cache.ts";
import { VerdictReader } from "../../../src/store/verdict-reader.ts";
import { judge } from "../../../src/verdict/judge.ts";
import { sentence } from "../../../src/verdict/sentence.ts";
import { chinese } from "../../../src/verdict/words-zh.ts";
import * as world from "../verdict/facts-builder.ts";
import { capture, incident, rollup, T0 } from "./sample-rows.ts";
import { tempDir } from "./temp-dir.ts";

const DAY_MS = 24 * 3600_000;
const FACTS = world.event([world.incident(1, { segment: world.behind(2, 1) })]);

function verdict(more: Partial<VerdictRow> = {}): VerdictRow {
  const made = judge(FACTS);
  return { eventId: "e1", version: 1, atMs: T0, verdict: made, sentence: sentence(FACTS, made), facts: FACTS, ...more };
}

function open(t: TestContext): { readonly dir: string; readonly store: EvidenceStore; readonly count: (sql: string) => number } {
  const dir = tempDir(t);
  const store = new EvidenceStore(dir);
  t.after(() => store.close());
  return { dir, store, count: (sql) => Number(store.database.prepare(`SELECT count(*) FROM ${sql}`).pluck().get()) };
}

describe("a verdict", () => {
  test("is read in its newest version, with the moment and the sentence of that one; earlier versions stay", (t) => {
    const { store, count } = open(t);
    // Ten comes after nine, whatever a text would say.
    for (const version of [1, 2, 9, 10]) store.putVerdict(verdict({ version, atMs: T0 + version, sentence: `said ${version} times` }));
    const read = new VerdictReader(new StatementCache(store.database)).of("e1");
    const { scope, direction, hop, certainty, rule, counts, findings } = verdict().verdict;
    const at = new Date(T0 + 10).toISOString();
    assert.deepEqual(read, { scope, direction, hop, certainty, rule, counts, findings, at, version: 10, sentence: "said 10 times" });
    assert.equal(count("verdicts"), 4);
  });

  test("written twice is there once, as it was written last", (t) => {
    const { store, count } = open(t);
    for (const said of ["first", "second"]) store.putVerdict(verdict({ sentence: said }));
    assert.equal(count("verdicts"), 1);
    assert.equal(new VerdictReader(new StatementCache(store.database)).of("e1")?.sentence, "second");
  });

  test("is said in another language from the facts that it rests on; what was judged stays", (t) => {
    const { store } = open(t);
    const judged = verdict();
    store.putVerdict({ ...judged, verdict: { ...judged.verdict, rule: "peer-down", findings: ["as stored"] } });
    const stored = new VerdictReader(new StatementCache(store.database)).of("e1");
    const read = new VerdictReader(new StatementCache(store.database), chinese).of("e1");
    assert.deepEqual({ ...read, sentence: "", findings: [] }, { ...stored, sentence: "", findings: [] });
    assert.match(read?.sentence ?? "", /^04:12:03\.2 至 04:12:12\.1（UTC），sh-a1 到 p1 的丢包率为 100 %，.*很可能是 p1 自身或到它的最后一段链路/);
    assert.deepEqual([stored?.findings, read?.findings], [["as stored"], []]);
  });

  test("of an event that was not judged is none", (t) => {
    const { store } = open(t);
    assert.equal(new VerdictReader(new StatementCache(store.database)).of("e1"), null);
  });

  test("is given again by the facts stored with it", (t) => {
    const { store } = open(t);
    store.putVerdict(verdict());
    const facts = JSON.parse(String(store.database.prepare("SELECT facts FROM verdicts").pluck().get())) as typeof FACTS;
    assert.deepEqual(facts, FACTS);
    assert.equal(sentence(facts, judge(facts)), verdict().sentence);
  });
});

describe("eviction", () => {
  function withBudget(t: TestContext): { readonly store: EvidenceStore; readonly budget: StoreBudget; readonly kept: () => unknown[] } {
    const { dir, store } = open(t);
    const metrics = new MetricsStore(dir);
    t.after(() => metrics.close());
    const ballast = new Ballast(dir, { maxBytes: 1e9, note: () => {} });
    const rollups = { tenSecondsMs: DAY_MS, minuteMs: DAY_MS, hourMs: DAY_MS };
    const budget = new StoreBudget({ evidence: store, metrics, ballast, store: { maxBytes: 1e9, evidenceMs: DAY_MS, rollups } });
    return { store, budget, kept: () => store.database.prepare("SELECT DISTINCT event_id FROM verdicts ORDER BY event_id").pluck().all() };
  }

  test("takes all versions with the last incident of the event, not with the first", (t) => {
    const { store, budget, kept } = withBudget(t);
    store.openIncident(incident({ id: "old", eventId: "e1" }), [capture({ incidentId: "old" })]);
    store.openIncident(incident({ id: "new", eventId: "e1", startedMs: T0 + 2 * DAY_MS }), []);
    store.openIncident(incident({ id: "other", eventId: "e2", startedMs: T0 + 2 * DAY_MS }), []);
    for (const eventId of ["e1", "e2"]) for (const version of [1, 2]) store.putVerdict(verdict({ eventId, version }));
    budget.run(T0 + 1.5 * DAY_MS);
    assert.deepEqual(
      [store.database.prepare("SELECT id FROM incidents ORDER BY id").pluck().all(), kept()],
      [
        ["new", "other"],
        ["e1", "e2"],
      ],
    );
    budget.run(T0 + 3.5 * DAY_MS);
    assert.deepEqual(kept(), []);
  });

  test("takes it when several incidents of one event go at once", (t) => {
    const { store, budget, kept } = withBudget(t);
    for (const id of ["i1", "i2", "i3"]) store.openIncident(incident({ id, eventId: "e1" }), []);
    store.putVerdict(verdict());
    budget.run(T0 + 2 * DAY_MS);
    assert.deepEqual(kept(), []);
  });

  test("of an old incident leaves the verdict of one that is still open", (t) => {
    const { store, budget, kept } = withBudget(t);
    store.openIncident(incident({ id: "i1", eventId: "e1" }), []);
    store.openIncident(incident({ id: "i2", eventId: "e1", status: "open", endedMs: null }), []);
    store.putVerdict(verdict());
    budget.run(T0 + 2 * DAY_MS);
    assert.deepEqual(kept(), ["e1"]);
  });
});

describe("a database of schema 1", () => {
  /** As the version before wrote it: no verdicts, no epochs of agents, no columns for what was heard. */
  function old(t: TestContext): string {
    const dir = tempDir(t);
    const first = (schema: typeof EVIDENCE_SCHEMA): ReturnType<typeof openDatabase> =>
      openDatabase(dir, { ...schema, steps: schema.steps.slice(0, 1) }, "FULL");
    const evidence = first(EVIDENCE_SCHEMA);
    evidence.exec("INSERT INTO peers (name, address, interval_ms, first_reply_ms, active) VALUES ('bj-b1', '10.20.3.2', 100, 5, 1)");
    evidence.exec(
      `INSERT INTO incidents VALUES ('i1', 'e1', NULL, 'bj-b1', '10.20.3.2', 'loss', 'closed', ${T0}, ${T0 + 480}, ${T0 + 9_200}, 100, 2000, NULL, '[]')`,
    );
    evidence.close();
    const metrics = first(METRICS_SCHEMA);
    metrics.exec("INSERT INTO peers (id, name) VALUES (1, 'bj-b1')");
    metrics.exec("INSERT INTO rollups_10s VALUES (1000, 1, 100, 99, 1, 0, 0, 0, 0, 0, 0, 0, 400, 420, 30, x'00')");
    metrics.close();
    return dir;
  }

  test("is read as it is, on a private copy, and not changed", (t) => {
    const dir = old(t);
    const before = ["evidence.db", "metrics.db"].map((file) => readFileSync(join(dir, file)));
    const warnings: string[] = [];
    const reader = openReader(dir, (line) => warnings.push(line));
    assert.deepEqual(
      warnings.map((line) => line.replace(dir, "DIR")),
      ["evidence.db", "metrics.db"].map((file) => `reading a private copy of DIR/${file}: it has an older schema`),
    );
    assert.ok(reader.evidence !== null && reader.metrics !== null);
    assert.equal(new VerdictReader(new StatementCache(reader.evidence)).of("e1"), null);
    assert.deepEqual(reader.evidence.prepare("SELECT agent_epoch, first_reply_ms FROM peers").all(), [{ agent_epoch: 0, first_reply_ms: 5 }]);
    assert.deepEqual(reader.metrics.prepare("SELECT sent, heard_expected FROM rollups_10s").all(), [{ sent: 100, heard_expected: 0 }]);
    reader.close();
    assert.deepEqual(
      ["evidence.db", "metrics.db"].map((file) => readFileSync(join(dir, file))),
      before,
    );
  });

  test("is brought up to date by the agent, with its rows and its id, and takes verdicts from then on", (t) => {
    const dir = old(t);
    const reader = openReader(dir, () => {});
    const uuid = reader.evidence?.prepare("SELECT value FROM meta WHERE key = 'uuid'").pluck().get();
    reader.close();
    const store = new EvidenceStore(dir);
    const metrics = new MetricsStore(dir);
    t.after(() => {
      store.close();
      metrics.close();
    });
    assert.equal(store.uuid, uuid);
    assert.deepEqual(store.getPeers(), [
      { name: "bj-b1", address: "10.20.3.2", intervalMs: 100, firstReplyMs: 5, agentEpoch: 0, agentSilentMs: null, active: true },
    ]);
    store.putVerdict(verdict());
    metrics.addRollups([rollup({ atMs: 1_000_000, heardExpected: 90, heardReceived: 80 })]);
    assert.deepEqual(metrics.database.prepare("SELECT sent, heard_expected, heard_received FROM rollups_10s").all(), [
      { sent: 200, heard_expected: 90, heard_received: 80 },
    ]);
    const again = openReader(dir, (line) => assert.fail(line));
    assert.ok(again.evidence !== null);
    assert.equal(new VerdictReader(new StatementCache(again.evidence)).of("e1")?.version, 1);
    again.close();
  });
});
