/** What a collector's PostgreSQL can suffer: restarts, kills, a server that hangs, a full disk, and many collectors at once. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Client } from "pg";
import { openStore } from "../../src/collector/store/open-store.ts";
import { StoreRefused, StoreUnavailable, type CollectorStore } from "../../src/collector/store/port.ts";
import { delivery, EVERYTHING, lane, record } from "./delivery.ts";
import { skipPostgres, startPostgres, type Postgres } from "./postgres.ts";
import { onSmallDisk, skipSmallDisk } from "./small-disk.ts";
import { killWriters } from "./writer-lab.ts";

/** A new cluster and a database take 50 MB of it, without the log, which is elsewhere: a server whose log has no space stops. */
const SMALL_DISK_MB = 100;
const FREE_BYTES = 2 * 1024 * 1024;
const RECORDS = 20;
/** Random, for the database compresses. */
const RECORD_BYTES = 1_000;

const isUnavailable =
  (words: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof StoreUnavailable, String(error));
    assert.match(error.message, words);
    return !error.message.includes("\n");
  };

/** Delivers what follows until it fails; what was acknowledged must be there afterwards, once. */
class Sender {
  readonly #store: CollectorStore;
  acked = 0;

  constructor(store: CollectorStore) {
    this.#store = store;
  }

  async send(): Promise<void> {
    const records = Array.from({ length: RECORDS }, (_, index) =>
      record(this.acked + 1 + index, { data: randomBytes(RECORD_BYTES).toString("hex") }),
    );
    const result = await this.#store.deliver(delivery([lane({ records })]));
    this.acked = result.kind === "stored" ? result.acks[0]!.seq : -1;
  }

  async untilItFails(): Promise<void> {
    for (;;) await this.send();
  }

  async check(): Promise<void> {
    const records = await this.#store.records({ types: ["incident"], limit: EVERYTHING });
    assert.ok(this.acked > 0);
    // A commit whose answer was lost is there too.
    assert.ok(records.length === this.acked || records.length === this.acked + RECORDS, `${records.length} of ${this.acked}`);
  }
}

describe("PostgreSQL", { skip: skipPostgres }, () => {
  let postgres: Postgres;
  before(async () => {
    postgres = await startPostgres();
  });
  after(() => postgres.stop());

  test("eight collectors start at once on an empty database, ten times", async () => {
    // Of 150 databases without a way round "type schema_version already exists" about fifteen were in trouble.
    for (let round = 1; round <= 10; round++) {
      const url = await postgres.database(`many${round}`);
      const stores = await Promise.all(Array.from({ length: 8 }, () => openStore(url)));
      try {
        await Promise.all(
          stores.map((store, index) => store.deliver(delivery([lane({ records: [record(1)] })], { node: `n${index}`, db: `f${index}` }))),
        );
        assert.equal((await stores[0]!.nodes()).length, 8);
      } finally {
        await Promise.all(stores.map((store) => store.close()));
      }
    }
  });

  test("where every transaction is serializable, as in CockroachDB, those that were in each other's way are run again", async (t) => {
    const url = await postgres.database("serializable");
    const admin = new Client({ connectionString: url });
    await admin.connect();
    await admin.query("ALTER DATABASE serializable SET default_transaction_isolation = 'serializable'").finally(() => admin.end());
    const stores = await Promise.all([openStore(url), openStore(url), openStore(url)]);
    t.after(() => Promise.all(stores.map((store) => store.close())));
    for (let seq = 1; seq <= 30; seq++) {
      const sent = delivery([lane({ records: [record(seq, { id: "same", version: seq })], tombstones: [] })]);
      const results = await Promise.all(stores.map((store) => store.deliver(sent)));
      for (const result of results) assert.deepEqual(result, { kind: "stored", acks: [{ db: "f1", lane: 0, seq }] });
    }
    assert.equal((await stores[0].records({ types: ["incident"], limit: 9 }))[0]?.version, 30);
  });

  test("kill -9 of a collector in the middle of writing: all that was acknowledged is there, and nothing twice", async () =>
    killWriters(await postgres.database("kills"), [1, 7, 23, 12]));

  for (const [title, stop] of [
    ["restarted", (): Promise<void> => postgres.restart()],
    ["killed", (): Promise<void> => postgres.kill()],
  ] as const)
    test(`the server is ${title} in the middle of writing: said, and when it is back all goes on`, async (t) => {
      const store = await openStore(await postgres.database(title));
      t.after(() => store.close());
      const sender = new Sender(store);
      await sender.send();
      const failed = assert.rejects(sender.untilItFails(), isUnavailable(/^Cannot use PostgreSQL at 127\.0\.0\.1:\d+\/\w+: /));
      await stop();
      await failed;
      if (title === "killed") {
        await assert.rejects(store.nodes(), isUnavailable(/nobody listens there \(ECONNREFUSED\); is it running\?$/));
        await postgres.restart();
      }
      await sender.send();
      await sender.check();
    });

  test("a server that hangs is given up after some seconds, and used again when it answers", async (t) => {
    const store = await openStore(await postgres.database("hangs"));
    t.after(() => store.close());
    const sender = new Sender(store);
    await sender.send();
    postgres.pause();
    const startedMs = performance.now();
    await Promise.all([
      assert.rejects(sender.send(), isUnavailable(/timeout/)),
      assert.rejects(store.nodes(), isUnavailable(/timeout|does not answer/)),
    ]);
    assert.ok(performance.now() - startedMs < 15_000);
    postgres.resume();
    await sender.send();
    await sender.check();
  });

  test("a lock that somebody holds is waited for, and not for ever", async (t) => {
    const url = await postgres.database("locks");
    const store = await openStore(url);
    t.after(() => store.close());
    const sender = new Sender(store);
    await sender.send();
    const other = new Client({ connectionString: url });
    await other.connect();
    t.after(() => other.end());
    await other.query("BEGIN; LOCK TABLE nodes IN EXCLUSIVE MODE");
    await assert.rejects(sender.send(), isUnavailable(/it takes too long; look for what keeps it busy or holds a lock$/));
    await other.query("COMMIT");
    await sender.send();
    await sender.check();
  });

  test("no connection left on the server, and one refused: said", async (t) => {
    const store = await openStore(await postgres.database("crowded"));
    const others: Client[] = [];
    t.after(() => Promise.all([...others.map((each) => each.end()), store.close()]));
    await assert.rejects(
      async () => {
        for (;;) {
          const other = new Client({ connectionString: postgres.url });
          await other.connect();
          others.push(other);
        }
      },
      { code: "53300" },
    );
    await assert.rejects(
      Promise.all(Array.from({ length: 5 }, () => store.nodes())),
      isUnavailable(/it has no connection left; raise its max_connections$/),
    );
  });

  test("what cannot be used is refused in one line, without a password", async () => {
    const refused = (url: string, words: RegExp): Promise<void> =>
      assert.rejects(openStore(url), (error) => {
        assert.ok(error instanceof StoreRefused || error instanceof StoreUnavailable, String(error));
        assert.match(error.message, words);
        assert.doesNotMatch(error.message, /secret|\n/);
        return true;
      });
    const url = postgres.url.replace("meshprobe@", "meshprobe:secret@");
    await refused(url.replace(/postgres$/, "none"), /database "none" does not exist; make it with createdb$/);
    await refused(url.replace("meshprobe:", "nobody:"), /it refuses us \(role "nobody" does not exist\); check user and password/);
    await refused("postgres://u:secret@127.0.0.1:1/x", /nobody listens there/);
    await refused("postgres://u:secret@[bad/x", /^Cannot use the PostgreSQL address in `store`: Invalid URL$/);
    await refused("postgres://u:secret@h/x?sslrootcert=/none", /ENOENT.*\/none/);
    const newer = await postgres.database("newer");
    await (await openStore(newer)).close();
    const client = new Client({ connectionString: newer });
    await client.connect();
    await client.query("UPDATE schema_version SET version = 99");
    await client.end();
    await refused(newer, /a newer meshprobe wrote it \(schema 99, this one knows \d+\); update meshprobe/);
  });

  test("a mistake is thrown as what it is", async (t) => {
    const store = await openStore(await postgres.database("mistakes"));
    t.after(() => store.close());
    const wrong = store.deliver(delivery([lane({ records: [record(1, { id: "a\u0000b" })] })]));
    await assert.rejects(wrong, (error) => error instanceof Error && !(error instanceof StoreUnavailable));
    await store.deliver(delivery([lane({ records: [record(1)] })]));
  });
});

test("PostgreSQL: a full disk is said, loses nothing, and when there is space again it goes on", { skip: skipPostgres || skipSmallDisk }, () =>
  onSmallDisk(SMALL_DISK_MB, async (disk) => {
    const postgres = await startPostgres({ directory: disk });
    try {
      const store = await openStore(await postgres.database("full"));
      const filler = join(disk, "filler");
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(filler, Buffer.alloc(bavail * bsize - FREE_BYTES, 1));
      const sender = new Sender(store);
      await sender.send();
      await assert.rejects(sender.untilItFails(), isUnavailable(/its disk is full; free some space there/));
      await assert.rejects(sender.untilItFails(), isUnavailable(/its disk is full; free some space there/));
      rmSync(filler);
      await sender.send();
      await sender.check();
      await store.close();
    } finally {
      await postgres.stop();
    }
  }),
);
