import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { EvidenceStore } from "../../../src/store/evidence.ts";
import { MetricsStore } from "../../../src/store/metrics.ts";
import { openReader } from "../../../src/store/reader.ts";
import { incident, rollup } from "./sample-rows.ts";
import { tempDir } from "./temp-dir.ts";

const NOBODY = 65534;
const isRoot = process.geteuid?.() === 0;

interface Stores {
  readonly dir: string;
  readonly evidence: EvidenceStore;
  readonly metrics: MetricsStore;
}

function fill(t: TestContext): Stores {
  const dir = join(tempDir(t), "data");
  mkdirSync(dir);
  const evidence = new EvidenceStore(dir);
  const metrics = new MetricsStore(dir);
  evidence.openIncident(incident(), []);
  metrics.addRollups([rollup()]);
  return { dir, evidence, metrics };
}

function read(dir: string): { counts: unknown[]; warnings: string[] } {
  const warnings: string[] = [];
  const reader = openReader(dir, (line) => warnings.push(line));
  const counts = [
    reader.evidence?.prepare("SELECT count(*) FROM incidents").pluck().get(),
    reader.metrics?.prepare("SELECT count(*) FROM rollups_10s").pluck().get(),
  ];
  reader.close();
  return { counts, warnings };
}

test("reads beside a running agent and sees what it commits", (t) => {
  const { dir, evidence, metrics } = fill(t);
  const reader = openReader(dir, () => assert.fail("nothing to warn of"));
  evidence.openIncident(incident({ id: "i2" }), []);
  assert.equal(reader.evidence?.prepare("SELECT count(*) FROM incidents").pluck().get(), 2);
  assert.throws(() => reader.evidence?.exec("DELETE FROM incidents"), /readonly/);
  reader.close();
  evidence.close();
  metrics.close();
});

test("reads what an agent that was killed left in its WAL, also from a copy of the directory", (t) => {
  const { dir, evidence, metrics } = fill(t);
  // As after kill -9: the WAL is there, nobody holds the files.
  const copy = `${dir}-copy`;
  cpSync(dir, copy, { recursive: true });
  evidence.close();
  metrics.close();
  assert.deepEqual(read(copy), { counts: [1, 1], warnings: [] });
});

test("reads after a clean stop", (t) => {
  const { dir, evidence, metrics } = fill(t);
  evidence.close();
  metrics.close();
  assert.deepEqual(read(dir), { counts: [1, 1], warnings: [] });
});

test("one file missing, damaged or newer: the other is read and one line says what is wrong", (t) => {
  const { dir, evidence, metrics } = fill(t);
  metrics.close();
  evidence.database.pragma("user_version = 7");
  evidence.close();
  assert.match(read(dir).warnings.join(), /evidence\.db: it was written by a newer meshprobe .* the report goes on without it$/);
  writeFileSync(join(dir, "evidence.db"), "x".repeat(10_000));
  const damaged = read(dir);
  assert.deepEqual(damaged.counts, [undefined, 1]);
  assert.match(damaged.warnings.join(), /^Cannot read .*evidence\.db: the database is damaged .*; the report goes on without it$/);
  rmSync(join(dir, "evidence.db"));
  assert.match(read(dir).warnings.join(), /^Cannot read .*evidence\.db: no such file or directory; the report goes on without it$/);
  assert.equal(existsSync(join(dir, "evidence.db")), false);
});

test("a directory without data says so", (t) => {
  assert.throws(() => openReader(tempDir(t), () => undefined), {
    code: "missing",
    message: /no meshprobe data there; is --data-dir \(or data_dir in the configuration\) right/,
  });
  assert.throws(() => openReader("/nonexistent/meshprobe", () => undefined), { code: "missing" });
});

/** Runs the reader as nobody, in a process of its own, and gives back what `read` would. */
function readAsNobody(dir: string): { counts: unknown[]; warnings: string[] } {
  const module = new URL("../../../src/store/reader.ts", import.meta.url).href;
  // The modules are loaded as root (the checkout may be closed to others), the files are opened as nobody.
  const script = `import(${JSON.stringify(module)}).then((m) => {
    new (process.getBuiltinModule("node:module").createRequire(${JSON.stringify(import.meta.url)})("better-sqlite3"))(":memory:").close();
    process.setgroups([]); process.setgid(${NOBODY}); process.setuid(${NOBODY});
    const warnings = []; let counts = [];
    try {
      const reader = m.openReader(${JSON.stringify(dir)}, (line) => warnings.push(line));
      counts = [reader.evidence?.prepare("SELECT count(*) FROM incidents").pluck().get(), reader.metrics?.prepare("SELECT count(*) FROM rollups_10s").pluck().get()];
      reader.close();
    } catch (error) { warnings.push(error.message); }
    console.log(JSON.stringify({ counts, warnings }));
  })`;
  return JSON.parse(execFileSync(process.execPath, ["-e", script], { encoding: "utf8" })) as { counts: unknown[]; warnings: string[] };
}

const needsRoot = { skip: isRoot ? false : "needs root to become another user" };

function openToOthers(dir: string): void {
  chmodSync(join(dir, ".."), 0o755);
  chmodSync(dir, 0o755);
  for (const file of readdirSync(dir)) chmodSync(join(dir, file), 0o644);
}

test("a user who may only read reads beside a running agent", needsRoot, (t) => {
  const { dir, evidence, metrics } = fill(t);
  openToOthers(dir);
  assert.deepEqual(readAsNobody(dir).counts, [1, 1]);
  evidence.openIncident(incident({ id: "i2" }), []);
  assert.deepEqual(readAsNobody(dir).counts, [2, 1]);
  evidence.close();
  metrics.close();
});

test("a user who may only read reads a private copy after the agent stopped or died, and leaves nothing behind", needsRoot, (t) => {
  const { dir, evidence, metrics } = fill(t);
  const killed = `${dir}-killed`;
  cpSync(dir, killed, { recursive: true });
  for (const file of readdirSync(killed)) if (file.endsWith("-shm")) rmSync(join(killed, file));
  evidence.close();
  metrics.close();
  for (const place of [dir, killed]) {
    openToOthers(place);
    const before = readdirSync(place);
    const { counts, warnings } = readAsNobody(place);
    assert.deepEqual(counts, [1, 1], warnings.join("\n"));
    assert.match(warnings[0] ?? "", /^reading a private copy of .*evidence\.db: its directory cannot be written$/);
    assert.deepEqual(readdirSync(place), before);
  }
});

test("files that may not be read say what to do", needsRoot, (t) => {
  const { dir, evidence, metrics } = fill(t);
  evidence.close();
  metrics.close();
  openToOthers(dir);
  for (const file of readdirSync(dir)) chmodSync(join(dir, file), 0o600);
  chownSync(dir, 0, 0);
  assert.match(
    readAsNobody(dir).warnings.join(),
    /Cannot read .*evidence\.db: permission denied; run the report as the user of the agent or as root/,
  );
});
