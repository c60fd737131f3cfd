/** What a collector's SQLite can suffer: kills, a full disk, another program, files that are something else. */
import assert from "node:assert/strict";
import { rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import Sqlite from "better-sqlite3";
import { openStore } from "../../src/collector/store/open-store.ts";
import { StoreRefused, StoreUnavailable } from "../../src/collector/store/port.ts";
import { EvidenceStore } from "../../src/store/evidence.ts";
import { tempDir } from "../unit/store/temp-dir.ts";
import { delivery, EVERYTHING, lane, record } from "./delivery.ts";
import { onSmallDisk, skipSmallDisk } from "./small-disk.ts";
import { killWriters } from "./writer-lab.ts";

const SMALL_DISK_MB = 3;
const FILL_BYTES = 1024 * 1024;

const one = (error: unknown): string => {
  assert.ok(error instanceof Error);
  assert.doesNotMatch(error.message, /\n/);
  return error.message;
};

test("kill -9 in the middle of writing: all that was acknowledged is there, and nothing twice", async (t) =>
  killWriters(`sqlite:${join(tempDir(t), "c.db")}`, [1, 7, 23, 12]));

test("a full disk is said, loses nothing, and when there is space again it goes on", { skip: skipSmallDisk }, () =>
  onSmallDisk(SMALL_DISK_MB, async (disk) => {
    const store = await openStore(`sqlite:${join(disk, "c.db")}`);
    const filler = join(disk, "filler");
    writeFileSync(filler, Buffer.alloc(FILL_BYTES, 1));
    let acked = 0;
    const put = async (): Promise<void> => {
      const records = Array.from({ length: 20 }, (_, index) => record(acked + 1 + index, { data: "x".repeat(5_000) }));
      const result = await store.deliver(delivery([lane({ records })]));
      acked = result.kind === "stored" ? result.acks[0]!.seq : -1;
    };
    const fill = async (): Promise<void> => {
      for (;;) await put();
    };
    const isFull = (error: unknown): boolean =>
      error instanceof StoreUnavailable && /^Cannot write \S+c\.db: the disk is full; free some space/.test(one(error));
    const there = async (): Promise<number> => (await store.records({ types: ["incident"], limit: EVERYTHING })).length;
    try {
      for (let times = 0; times < 2; times++) await assert.rejects(fill(), isFull);
      assert.ok(acked > 0);
      assert.equal(await there(), acked);
      rmSync(filler);
      await put();
      assert.equal(await there(), acked);
    } finally {
      await store.close();
    }
  }),
);

test("what another program holds locked is said within seconds, and taken later", async (t) => {
  const file = join(tempDir(t), "c.db");
  const store = await openStore(`sqlite:${file}`);
  t.after(() => store.close());
  const other = new Sqlite(file);
  t.after(() => other.close());
  other.exec("BEGIN IMMEDIATE");
  const put = (): Promise<unknown> => store.deliver(delivery([lane({ records: [record(1)] })]));
  await assert.rejects(put(), (error) => error instanceof StoreUnavailable && one(error).endsWith("another program has locked it"));
  other.exec("COMMIT");
  await put();
});

test("a mistake in one delivery fails that one alone, and as what it is", async (t) => {
  const store = await openStore(`sqlite:${join(tempDir(t), "c.db")}`);
  t.after(() => store.close());
  const wrong = delivery([lane({ records: [record(1, { data: {} as string })] })], { db: "wrong" });
  const results = await Promise.allSettled(
    [delivery([lane({ records: [record(1)] })]), wrong, delivery([lane()], { db: "f3" })].map((each) => store.deliver(each)),
  );
  assert.deepEqual(
    results.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  assert.ok(results[1]?.status === "rejected" && !(results[1].reason instanceof StoreUnavailable));
  assert.equal((await store.records({ types: ["incident"], limit: 9 })).length, 1);
});

test("what is not a collector's database is refused in one line, and left as it is", async (t) => {
  const dir = tempDir(t);
  const refused = (spec: string, words: RegExp, kind: typeof StoreRefused | typeof StoreUnavailable = StoreRefused): Promise<void> =>
    assert.rejects(openStore(spec), (error) => error instanceof kind && words.test(one(error)));
  new EvidenceStore(dir).database.close();
  await refused(`sqlite:${join(dir, "evidence.db")}`, /it is a database, but not a collector's; name another file/);
  await refused(`sqlite:${join(dir, "none", "c.db")}`, /the directory \S+none does not exist; make it/);
  await refused(`sqlite:${dir}`, /it is not a file/);
  await refused("sqlite:", /`store` must be sqlite:PATH or postgres:/);
  await refused("mysql://user:secret@host/db", /^(?!.*secret).*`store` must be/);
  const text = join(dir, "text");
  writeFileSync(text, "not a database, but long enough to be looked at".repeat(100));
  await refused(`sqlite:${text}`, /the database is damaged .* move the file and its -wal away/, StoreUnavailable);
  const newer = join(dir, "newer.db");
  await (await openStore(`sqlite:${newer}`)).close();
  const db = new Sqlite(newer);
  db.pragma("user_version = 99");
  db.close();
  await refused(`sqlite:${newer}`, /a newer meshprobe wrote it \(schema 99, this one knows \d+\); update meshprobe/);
  const broken = join(dir, "broken.db");
  writeFileSync(`${broken}-wal`, "data");
  writeFileSync(broken, "");
  truncateSync(broken);
  await refused(`sqlite:${broken}`, /it is empty, but its -wal holds data/);
  assert.equal(statSync(`${broken}-wal`).size, 4);
});
