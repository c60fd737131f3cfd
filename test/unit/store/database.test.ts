import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { prepareDataDir } from "../../../src/store/database.ts";
import { EvidenceStore } from "../../../src/store/evidence.ts";
import { MetricsStore } from "../../../src/store/metrics.ts";
import { tempDir } from "./temp-dir.ts";

test("the two files are WAL, FULL and NORMAL, with incremental vacuum and ids of their own", (t) => {
  const dir = tempDir(t);
  const evidence = new EvidenceStore(dir);
  const metrics = new MetricsStore(dir);
  const pragmas = (store: EvidenceStore | MetricsStore): unknown[] =>
    ["journal_mode", "synchronous", "auto_vacuum", "user_version"].map((name) => store.database.pragma(name, { simple: true }));
  assert.deepEqual(pragmas(evidence), ["wal", 2, 2, 5]);
  assert.deepEqual(pragmas(metrics), ["wal", 1, 2, 3]);
  assert.match(evidence.uuid, /^[0-9a-f-]{36}$/);
  assert.notEqual(evidence.uuid, metrics.uuid);
  evidence.close();
  metrics.close();
});

test("a file that is no database is refused with one line and left as it is", (t) => {
  const dir = tempDir(t);
  const file = join(dir, "evidence.db");
  const junk = "this is not a database, ".repeat(500);
  writeFileSync(file, junk);
  assert.throws(() => new EvidenceStore(dir), {
    code: "corrupt",
    message: `Cannot open ${file}: the database is damaged (file is not a database); move it and its -wal away (it may still be readable with "sqlite3 FILE .recover") and start again`,
  });
  assert.equal(readFileSync(file, "utf8"), junk);
});

test("a database of a newer version is refused and left as it is", (t) => {
  const dir = tempDir(t);
  const store = new EvidenceStore(dir);
  store.database.pragma("user_version = 9");
  store.close();
  const before = readFileSync(join(dir, "evidence.db"));
  assert.throws(() => new EvidenceStore(dir), {
    code: "newer",
    message: /written by a newer meshprobe \(schema 9, this one knows 5\); update meshprobe/,
  });
  assert.deepEqual(readFileSync(join(dir, "evidence.db")), before);
});

test("a data directory is made; one that cannot be is refused", (t) => {
  const dir = tempDir(t);
  prepareDataDir(join(dir, "a", "b"));
  writeFileSync(join(dir, "file"), "");
  assert.throws(() => prepareDataDir(join(dir, "file")), {
    code: "unwritable",
    message: `Cannot use data directory ${join(dir, "file")}: it is not a directory`,
  });
  assert.throws(() => prepareDataDir(join(dir, "file", "below")), { code: "unwritable" });
});

test(
  "a data directory that may not be written is refused",
  { skip: process.geteuid?.() === 0 ? false : "needs root to become another user" },
  (t) => {
    const parent = tempDir(t);
    chmodSync(parent, 0o755);
    const dir = join(parent, "closed");
    mkdirSync(dir, { mode: 0o755 });
    const module = new URL("../../../src/store/database.ts", import.meta.url).href;
    // The module is loaded as root, in case the checkout is closed to others.
    const script = `import(${JSON.stringify(module)}).then((m) => {
    process.setgroups([]); process.setgid(65534); process.setuid(65534);
    try { m.prepareDataDir(${JSON.stringify(dir)}); console.log("made"); } catch (error) { console.log(error.code + " " + error.message); }
  })`;
    const said = execFileSync(process.execPath, ["-e", script], { encoding: "utf8" });
    assert.match(said, /^unwritable Cannot use data directory .*closed: .*permission denied/);
    assert.deepEqual(readdirSync(dir), []);
  },
);
