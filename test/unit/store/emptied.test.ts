import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { EvidenceStore } from "../../../src/store/evidence.ts";
import { MetricsStore } from "../../../src/store/metrics.ts";
import { openReader } from "../../../src/store/reader.ts";
import { incident, rollup } from "./sample-rows.ts";
import { tempDir } from "./temp-dir.ts";

/** A directory that an agent has written to and left; `emptied` is then cut to nothing. */
function broken(t: TestContext, emptied: "evidence.db" | "metrics.db"): string {
  const dir = tempDir(t);
  const evidence = new EvidenceStore(dir);
  evidence.openIncident(incident(), []);
  evidence.close();
  const metrics = new MetricsStore(dir);
  metrics.addRollups([rollup()]);
  metrics.close();
  truncateSync(join(dir, emptied));
  return dir;
}

function refusal(file: string, verb: string, proof: string): { code: string; message: string } {
  const message = `Cannot ${verb} ${file}: the database is damaged (it is empty, but ${proof} holds data); move it and its -wal away and start again`;
  return { code: "corrupt", message };
}

test("an empty evidence.db beside metrics is refused, and nothing is written; moved away, the start is clean", (t) => {
  const dir = broken(t, "evidence.db");
  const file = join(dir, "evidence.db");
  const metrics = readFileSync(join(dir, "metrics.db"));
  assert.throws(() => new EvidenceStore(dir), refusal(file, "open", "metrics.db beside it"));
  assert.deepEqual([readdirSync(dir).sort(), statSync(file).size], [["evidence.db", "metrics.db"], 0]);
  assert.deepEqual(readFileSync(join(dir, "metrics.db")), metrics);
  rmSync(file);
  new EvidenceStore(dir).close();
});

test("an empty metrics.db beside evidence is refused, and neither is changed", (t) => {
  const dir = broken(t, "metrics.db");
  const file = join(dir, "metrics.db");
  const before = readFileSync(join(dir, "evidence.db"));
  // The agent opens evidence.db first: that must not change it either.
  for (const Store of [EvidenceStore, MetricsStore]) assert.throws(() => new Store(dir), refusal(file, "open", "evidence.db beside it"));
  assert.equal(statSync(file).size, 0);
  assert.deepEqual(readFileSync(join(dir, "evidence.db")), before);
});

test("one row in evidence.db is data, also the agent's epoch", (t) => {
  const dir = tempDir(t);
  const evidence = new EvidenceStore(dir);
  evidence.setEpoch(1);
  writeFileSync(join(dir, "metrics.db"), "");
  assert.throws(() => new MetricsStore(dir), { code: "corrupt" });
  evidence.close();
});

test("a lone empty file is a first start that was cut short: it is new", (t) => {
  for (const Store of [EvidenceStore, MetricsStore]) {
    const dir = tempDir(t);
    const file = join(dir, Store === EvidenceStore ? "evidence.db" : "metrics.db");
    writeFileSync(file, "");
    new Store(dir).close();
    assert.ok(statSync(file).size > 0);
  }
});

test("a first start that was cut short between the two files is no damage, nor are two empty files", (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, "evidence.db"), "");
  writeFileSync(join(dir, "metrics.db"), "");
  const evidence = new EvidenceStore(dir);
  new MetricsStore(dir).close();
  rmSync(join(dir, "metrics.db"));
  // Killed: the schema is still in the -wal.
  const killed = tempDir(t);
  cpSync(dir, killed, { recursive: true });
  evidence.close();
  for (const place of [dir, killed]) {
    writeFileSync(join(place, "metrics.db"), "");
    new EvidenceStore(place).close();
    new MetricsStore(place).close();
  }
});

test("an empty metrics.db beside a damaged evidence.db is not begun anew", (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, "evidence.db"), "garbage\n".repeat(1000));
  writeFileSync(join(dir, "metrics.db"), "");
  assert.throws(() => new MetricsStore(dir), { code: "corrupt", message: /metrics\.db: .*it is empty, but evidence\.db beside it holds data/ });
  assert.equal(statSync(join(dir, "metrics.db")).size, 0);
});

test("the -wal of an emptied database is kept, by the agent and by a report: SQLite would delete it", (t) => {
  const dir = tempDir(t);
  const source = tempDir(t);
  const evidence = new EvidenceStore(source);
  evidence.openIncident(incident(), []);
  cpSync(join(source, "evidence.db-wal"), join(dir, "evidence.db-wal"));
  evidence.close();
  const file = join(dir, "evidence.db");
  writeFileSync(file, "");
  const wal = readFileSync(`${file}-wal`);
  assert.ok(wal.length > 0);
  assert.throws(() => new EvidenceStore(dir), refusal(file, "open", "its -wal"));
  assert.throws(() => openReader(dir, () => undefined), { message: new RegExp(`Cannot read ${file}: .*its -wal holds data`) });
  assert.deepEqual(readFileSync(`${file}-wal`), wal);
});

test("a report reads the other file and says which is damaged", (t) => {
  for (const name of ["evidence.db", "metrics.db"] as const) {
    const dir = broken(t, name);
    const warnings: string[] = [];
    const reader = openReader(dir, (line) => warnings.push(line));
    assert.deepEqual([reader.evidence === null, reader.metrics === null], [name === "evidence.db", name === "metrics.db"]);
    const { message } = refusal(join(dir, name), "read", `${name === "evidence.db" ? "metrics.db" : "evidence.db"} beside it`);
    assert.deepEqual([reader.problems, warnings], [[message], [`${message}; the report goes on without it`]]);
    reader.close();
  }
});
