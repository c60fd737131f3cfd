/** What every database of a collector must do, whatever it is made of. Its own troubles (disk, server) are tested beside. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { CollectorStore, Delivery, DeliveryResult, ParsedLane, RecordQuery, StoredRecord } from "../../src/collector/store/port.ts";
import { randomFor, type Random } from "../property/random.ts";
import { contentsOf, contentsOfModel, Model } from "./collector-store-model.ts";
import { delivery, EVERYTHING, lane, NOW_MS, record, rollup } from "./delivery.ts";

export interface StoreUnderTest {
  /** A new and empty one, and the same again by another connection. Both are closed after the test. */
  open(t: TestContext): Promise<{ readonly store: CollectorStore; again(): Promise<CollectorStore> }>;
}

const DAY_MS = 86_400_000;
const RANDOM_DELIVERIES = 300;
const TYPES = ["incident", "verdict", "row.captures", "row.samples", "row.peers"];

export function collectorStoreSuite({ open }: StoreUnderTest): void {
  const stored = async (store: CollectorStore, query: Partial<RecordQuery> = {}): Promise<StoredRecord[]> =>
    store.records({ types: ["incident"], limit: EVERYTHING, ...query });
  const one = async (store: CollectorStore): Promise<StoredRecord> => {
    const all = await stored(store);
    assert.equal(all.length, 1);
    return all[0]!;
  };
  const ackOf = (result: DeliveryResult): number => {
    assert.ok(result.kind === "stored", JSON.stringify(result));
    return result.acks[0]!.seq;
  };
  const send = (store: CollectorStore, seq: number, given: Parameters<typeof record>[1], at: Partial<Delivery> = {}): Promise<DeliveryResult> =>
    store.deliver(delivery([lane({ records: [record(seq, { id: "one", ...given })] })], at));

  test("what was delivered is there, cell by cell, also after it was opened again", async (t) => {
    const { store, again } = await open(t);
    const full = record(1, {
      parent: "e1",
      peer: "東京 'p\"\\",
      untilMs: null,
      atMs: NOW_MS + 0.125,
      version: Number.MAX_SAFE_INTEGER,
      rank: 7,
      digest: "ab",
      data: `{"text":"\\u0000 ü €\u2028"}`,
    });
    const minute = rollup(2, { version: NOW_MS, histogram: new Uint8Array() });
    const sent = delivery([lane({ records: [full] }), lane({ lane: 2, rollups: [rollup(1), minute] })], { clock: { offsetMs: -1.5, errorMs: 3 } });
    assert.deepEqual(await store.deliver(sent), {
      kind: "stored",
      acks: [
        { db: "f1", lane: 0, seq: 1 },
        { db: "f1", lane: 2, seq: 2 },
      ],
    });
    const model = new Model();
    model.deliver(sent);
    for (const each of [store, await again()]) assert.deepEqual(await contentsOf(each, TYPES), contentsOfModel(model));
    assert.equal((await one(store)).clockOffsetMs, -1.5);
  });

  test("a newer version replaces an older one, never the other way round, and an equal one changes nothing", async (t) => {
    const { store } = await open(t);
    await send(store, 1, { version: 5, data: "5" });
    await send(store, 2, { version: 4, data: "4", digest: "late" });
    await send(store, 3, { version: 5, data: "other" }, { receivedMs: NOW_MS + 9 });
    assert.deepEqual([(await one(store)).data, (await one(store)).receivedMs, (await one(store)).digest], ["5", NOW_MS, null]);
    await send(store, 4, { version: 6, data: "6" });
    assert.equal((await one(store)).data, "6");
  });

  test("one record twice in one delivery: the newer counts, in either order", async (t) => {
    const { store } = await open(t);
    const both = [record(1, { id: "a", version: 2, data: "new" }), record(2, { id: "a", version: 1, data: "old" })];
    const turned = [record(3, { id: "b", version: 1, data: "old" }), record(4, { id: "b", version: 2, data: "new" })];
    const minutes = [rollup(1, { at: 60, version: 2, counts: rollup(7).counts }), rollup(2, { at: 60, version: 1 })];
    await store.deliver(delivery([lane({ records: [...both, ...turned] }), lane({ lane: 2, rollups: minutes })]));
    assert.deepEqual(
      (await stored(store)).map(({ data }) => data),
      ["new", "new"],
    );
    assert.deepEqual(
      (await store.rollups({ from: 0, to: 61, limit: 9 })).map(({ counts }) => counts),
      [rollup(7).counts],
    );
  });

  test("a closed incident stays closed when a restored copy of the node calls it interrupted", async (t) => {
    for (const order of ["closed first", "closed last"]) {
      const { store } = await open(t);
      const closed = { version: 10, rank: 1, data: "closed" };
      const interrupted = { version: 99, rank: 0, data: "interrupted" };
      const [first, second] = order === "closed first" ? [closed, interrupted] : [interrupted, closed];
      await send(store, 1, first);
      await send(store, 2, second);
      assert.equal((await one(store)).data, "closed", order);
    }
  });

  test("the first digest, when it came and the clock then are kept for ever; a later other one is told beside it", async (t) => {
    const { store } = await open(t);
    const clock = { offsetMs: 40, errorMs: 2 };
    await send(store, 1, { version: 1 }, { receivedMs: NOW_MS, clock: { offsetMs: 1, errorMs: 1 } });
    await send(store, 2, { version: 2, digest: "aa" }, { receivedMs: NOW_MS + 1, clock });
    await send(store, 3, { version: 3, digest: "aa" }, { receivedMs: NOW_MS + 2, clock: { offsetMs: 2, errorMs: 2 } });
    await send(store, 4, { version: 4, digest: null }, { receivedMs: NOW_MS + 3 });
    const digests = ({ digest, digestMs, clockOffsetMs, clockErrorMs, changedDigest, changedDigestMs }: StoredRecord): unknown[] => [
      digest,
      digestMs,
      clockOffsetMs,
      clockErrorMs,
      changedDigest,
      changedDigestMs,
    ];
    assert.deepEqual(digests(await one(store)), ["aa", NOW_MS + 1, 40, 2, null, null]);
    await send(store, 5, { version: 5, digest: "bb" }, { receivedMs: NOW_MS + 4 });
    await send(store, 6, { version: 6, digest: "bb" }, { receivedMs: NOW_MS + 5 });
    await send(store, 7, { version: 7, digest: "aa" }, { receivedMs: NOW_MS + 6 });
    assert.deepEqual(digests(await one(store)), ["aa", NOW_MS + 1, 40, 2, "bb", NOW_MS + 4]);
    await send(store, 8, { version: 8, digest: "cc" }, { receivedMs: NOW_MS + 7 });
    assert.deepEqual(digests(await one(store)), ["aa", NOW_MS + 1, 40, 2, "cc", NOW_MS + 7]);
  });

  test("a gap holds the lane up, not what lies behind it; a rejected number is a gap until a tombstone fills it", async (t) => {
    const { store } = await open(t);
    const put = async (given: Partial<ParsedLane>): Promise<number> => ackOf(await store.deliver(delivery([lane(given)])));
    assert.equal(await put({}), 0);
    assert.equal(await put({ records: [record(2), record(3)] }), 0);
    assert.equal((await stored(store)).length, 2);
    assert.equal(await put({ records: [record(1), record(3)], rejected: [2] }), 1);
    assert.equal(await put({ records: [record(3)], tombstones: [{ from: 2, to: 2, reason: "refused" }] }), 3);
    assert.equal(await put({ records: [record(1)] }), 3);
    assert.equal(
      await put({
        tombstones: [
          { from: 1, to: 10, reason: "evicted" },
          { from: 6, to: 12, reason: "replaced" },
        ],
      }),
      12,
    );
    assert.equal(await put({ tombstones: [{ from: 1, to: 12, reason: "evicted" }] }), 12);
    const [node] = await store.nodes();
    assert.deepEqual(
      node?.tombstones.map(({ reason, numbers }) => [reason, numbers]),
      [
        ["evicted", 7],
        ["refused", 1],
        ["replaced", 2],
      ],
    );
  });

  test("lanes and files are numbered apart", async (t) => {
    const { store } = await open(t);
    const sent = delivery([lane({ records: [record(1)] }), lane({ lane: 1, records: [record(2, { type: "row.captures" })] })]);
    const two = { ...sent, files: [...sent.files, { db: "f2", lanes: [lane({ lane: 2, rollups: [rollup(1), rollup(2)] })] }] };
    assert.deepEqual(await store.deliver(two), {
      kind: "stored",
      acks: [
        { db: "f1", lane: 0, seq: 1 },
        { db: "f1", lane: 1, seq: 0 },
        { db: "f2", lane: 2, seq: 2 },
      ],
    });
  });

  test("a file that another node brought first is foreign, and nothing of the delivery is written", async (t) => {
    const { store } = await open(t);
    await store.deliver(delivery([lane({ records: [record(1)] })]));
    const theirs = delivery([lane({ records: [record(1)] })], { node: "n2", db: "f2" });
    const mixed = { ...theirs, files: [...theirs.files, ...delivery([lane({ records: [record(2)] })]).files] };
    assert.deepEqual(await store.deliver(mixed), { kind: "foreign", db: "f1" });
    assert.deepEqual(
      (await stored(store)).map(({ node }) => node),
      ["n1"],
    );
    assert.deepEqual(
      (await store.nodes()).map(({ node }) => node),
      ["n1"],
    );
    assert.equal(ackOf(await store.deliver(delivery([lane({ records: [record(1)] })], { node: "n3", db: "f2" }))), 1, "f2 is still free");
  });

  test("nodes: what the last delivery said; a clock that is not known for a moment stays as it was", async (t) => {
    const { store } = await open(t);
    const backlog = [{ lane: 2 as const, records: 7, oldest_at: "2026-11-21T20:00:00.000Z" as const }];
    await store.deliver(delivery([], { node: "b", clock: { offsetMs: 5, errorMs: 1 }, backlog, blindSinceMs: NOW_MS - 5, db: "fb" }));
    await store.deliver({ ...delivery([], { node: "a", version: null, address: null }), files: [] });
    await store.deliver(delivery([], { node: "b", version: null, receivedMs: NOW_MS + 60_000, db: "fb" }));
    const nothing = { backlog: [], blindSinceMs: null, tombstones: [] };
    assert.deepEqual(await store.nodes(), [
      { node: "a", version: null, address: null, firstHeardMs: NOW_MS, lastHeardMs: NOW_MS, clock: null, ...nothing },
      {
        node: "b",
        version: "1.0.0",
        address: "192.0.2.1",
        firstHeardMs: NOW_MS,
        lastHeardMs: NOW_MS + 60_000,
        clock: { offsetMs: 5, errorMs: 1 },
        ...nothing,
      },
    ]);
  });

  test("queries: by type, node, peer, id, beginning of the id, parent and time; in order of time, of more the newest", async (t) => {
    const { store } = await open(t);
    const records = [
      record(1, { id: "100%", atMs: 10, untilMs: 20, peer: "p" }),
      record(2, { id: "1001", atMs: 30, untilMs: null, parent: "e" }),
      record(3, { id: "2", atMs: 25, untilMs: 40, parent: "f" }),
      record(4, { id: "10", type: "verdict", atMs: 25, untilMs: 25 }),
      record(5, { id: "_x", atMs: 50, untilMs: 50 }),
    ];
    await store.deliver(delivery([lane({ records })]));
    await store.deliver(delivery([lane({ records: [record(1, { id: "100%", atMs: 25, untilMs: 26 })] })], { node: "n2", db: "f2" }));
    const ids = async (query: Partial<RecordQuery>): Promise<string[]> => (await stored(store, query)).map(({ node, id }) => `${node}:${id}`);
    assert.deepEqual(await ids({}), ["n1:100%", "n1:2", "n2:100%", "n1:1001", "n1:_x"]);
    assert.deepEqual(await ids({ limit: 2 }), ["n1:1001", "n1:_x"]);
    assert.deepEqual(await ids({ types: ["verdict", "incident"], node: "n1", untilMs: 30 }), ["n1:100%", "n1:2", "n1:10"]);
    assert.deepEqual(await ids({ peer: "p" }), ["n1:100%"]);
    assert.deepEqual(await ids({ ids: ["2", "100%", "no"], node: "n1" }), ["n1:100%", "n1:2"]);
    assert.deepEqual(await ids({ idPrefix: "100%" }), ["n1:100%", "n2:100%"]);
    assert.deepEqual(await ids({ idPrefix: "_" }), ["n1:_x"]);
    assert.deepEqual(await ids({ parents: ["e", "f"] }), ["n1:2", "n1:1001"]);
    assert.deepEqual(await ids({ sinceMs: 40 }), ["n1:2", "n1:1001", "n1:_x"]);
    assert.deepEqual(await ids({ sinceMs: 27, untilMs: 30 }), ["n1:2"]);
    assert.deepEqual([await ids({ types: [] }), await ids({ ids: [] }), await ids({ parents: [] })], [[], [], []]);
  });

  test("rollups: by node, peer and minutes, of more the newest", async (t) => {
    const { store } = await open(t);
    const minutes = [rollup(1, { at: 60 }), rollup(2, { at: 120, peer: "p2" }), rollup(3, { at: 120 }), rollup(4, { at: 180 })];
    await store.deliver(delivery([lane({ lane: 2, rollups: minutes })]));
    await store.deliver(delivery([lane({ lane: 2, rollups: [rollup(1, { at: 120 })] })], { node: "n2", db: "f2" }));
    const keys = async (query: Partial<Parameters<CollectorStore["rollups"]>[0]>): Promise<string[]> =>
      (await store.rollups({ from: 0, to: 1_000, limit: 9, ...query })).map(({ node, at, peer }) => `${node} ${at} ${peer}`);
    assert.deepEqual(await keys({}), ["n1 60 p1", "n1 120 p1", "n1 120 p2", "n2 120 p1", "n1 180 p1"]);
    assert.deepEqual(await keys({ limit: 2 }), ["n2 120 p1", "n1 180 p1"]);
    assert.deepEqual(await keys({ node: "n1", peer: "p1", from: 120, to: 180 }), ["n1 120 p1"]);
    assert.deepEqual(await keys({ from: 120, to: 120 }), []);
  });

  test("retention: what ended and came before the day goes, in batches; samples earlier; what lasts when its node is silent", async (t) => {
    const { store } = await open(t);
    const oldMs = NOW_MS - 10 * DAY_MS;
    const many = Array.from({ length: 1_500 }, (_, index) => record(index + 1, { id: `old${index}`, atMs: oldMs, untilMs: oldMs }));
    const lasting = { type: "row.peers", atMs: oldMs, untilMs: null };
    await store.deliver(delivery([lane({ records: many })], { receivedMs: oldMs }));
    await store.deliver(delivery([lane({ records: [record(1, lasting)] })], { node: "silent", db: "f2", receivedMs: oldMs }));
    const rest = [
      record(1_501, { id: "late", atMs: oldMs, untilMs: oldMs }),
      record(1_502, { id: "open", atMs: oldMs, untilMs: null }),
      record(1_503, { id: "p", ...lasting }),
    ];
    await store.deliver(delivery([lane({ records: rest }), lane({ lane: 2, rollups: [rollup(1, { at: 60 }), rollup(2)] })]));
    const sample = { type: "row.samples", atMs: NOW_MS - 2 * DAY_MS, untilMs: NOW_MS - 2 * DAY_MS };
    await store.deliver(delivery([lane({ lane: 3, records: [record(1, { id: "s", ...sample })] })], { receivedMs: NOW_MS - 2 * DAY_MS }));
    const eviction = { recordsBeforeMs: NOW_MS - 9 * DAY_MS, samplesBeforeMs: NOW_MS - DAY_MS, rollupsBeforeMs: NOW_MS - DAY_MS };
    assert.equal(await store.evict(eviction), true);
    assert.ok((await stored(store)).length > 2, "one call deletes one batch");
    for (let calls = 1; await store.evict(eviction); calls++) assert.ok(calls < 10);
    const left = await stored(store, { types: [...TYPES] });
    assert.deepEqual(left.map(({ node, id }) => `${node}:${id}`).toSorted(), ["n1:late", "n1:open", "n1:p"]);
    assert.equal((await store.rollups({ from: 0, to: Number.MAX_SAFE_INTEGER, limit: 9 })).length, 1);
    assert.equal(ackOf(await store.deliver(delivery([lane()]))), 1_503, "what has gone stays acknowledged");
  });

  test("random deliveries, twice, late and half: the same as lists in memory", async (t) => {
    const { store } = await open(t);
    const random = randomFor(t);
    const model = new Model();
    for (let count = 0; count < RANDOM_DELIVERIES; count++) {
      const sent = randomDelivery(random, count);
      for (let times = random.chance(0.2) ? 2 : 1; times > 0; times--) assert.deepEqual(await store.deliver(sent), model.deliver(sent));
    }
    assert.deepEqual(await contentsOf(store, TYPES), contentsOfModel(model));
    assert.ok(model.records.size > 20 && model.rollups.size > 20 && model.gone.size > 4, "the deliveries were worth it");
  });

  test("deliveries at the same time, over two connections: nothing is lost, doubled or counted twice", async (t) => {
    const { store, again } = await open(t);
    const stores = [store, await again()];
    const sent = Array.from({ length: 60 }, (_, turn) => {
      const from = Math.floor(turn / 3) * 2 + 1;
      const records = [record(from, { id: `r${from % 7}`, version: from }), record(from + 1, { id: `r${(from + 1) % 5}`, version: from })];
      const evidence = lane({
        lane: 1,
        records: [record(from, { type: "row.captures" })],
        tombstones: [{ from: from + 1, to: from + 1, reason: "evicted" }],
      });
      return delivery([turn % 2 === 0 ? lane({ records }) : evidence, lane({ records: records.toReversed(), tombstones: [] })].slice(0, 1), {
        db: turn % 4 === 0 ? "f2" : "f1",
      });
    });
    await Promise.all(sent.map((each, index) => stores[index % 2]!.deliver(each)));
    const model = new Model();
    for (const each of sent) model.deliver(each);
    const apart = (contents: unknown): unknown => ({ ...(contents as { gone: unknown }), gone: null });
    assert.deepEqual(apart(await contentsOf(store, TYPES)), apart(contentsOfModel(model)));
    // Once more in order: what was early then is now in turn.
    const acks = [];
    for (const each of sent) acks.push(await store.deliver(each));
    const last = new Model();
    for (const each of [...sent, ...sent]) last.deliver(each);
    assert.deepEqual(await contentsOf(store, TYPES), contentsOfModel(last));
    assert.deepEqual(acks.at(-1), last.deliver(sent.at(-1)!));
  });

  test("two nodes that bring one file at the same moment: it belongs to one of them", async (t) => {
    const { store, again } = await open(t);
    const stores = [store, await again()];
    for (let turn = 0; turn < 10; turn++) {
      const results = await Promise.all(
        stores.map((each, index) => each.deliver(delivery([lane({ records: [record(1)] })], { node: `n${index}`, db: `file${turn}` }))),
      );
      assert.deepEqual(results.map(({ kind }) => kind).toSorted(), ["foreign", "stored"], `turn ${turn}`);
    }
  });
}

function randomDelivery(random: Random, turn: number): Delivery {
  const node = `n${random.below(3)}`;
  const from = 1 + random.below(30);
  const numbered = (): number[] => Array.from({ length: random.below(6) }, (_, index) => from + index).filter(() => random.chance(0.8));
  const tombstones = Array.from({ length: random.below(3) }, () => {
    const start = 1 + random.below(30);
    return { from: start, to: start + random.below(4), reason: (["evicted", "refused", "replaced"] as const)[random.below(3)]! };
  });
  const records = numbered().map((seq) =>
    record(seq, {
      type: TYPES[random.below(TYPES.length)]!,
      id: `id${random.below(8)}`,
      version: random.below(20),
      rank: random.chance(0.2) ? 1 : 0,
      digest: random.chance(0.3) ? `d${random.below(3)}` : null,
      untilMs: random.chance(0.2) ? null : NOW_MS + turn,
      data: `${turn}`,
    }),
  );
  const rollups = numbered().map((seq) =>
    rollup(seq, { at: random.below(10) * 60, peer: `p${random.below(3)}`, version: random.below(20), counts: rollup(turn).counts }),
  );
  const rejected = random.chance(0.1) ? [from] : [];
  const clock = random.chance(0.5) ? { offsetMs: turn / 8, errorMs: turn } : null;
  const evidence = lane({ lane: ([0, 1, 3] as const)[random.below(3)]!, records, tombstones, rejected });
  const lanes = random.chance(0.5) ? [evidence] : [evidence, lane({ lane: 2, rollups, tombstones })];
  // One in twenty brings a file of another node.
  const db = `${random.chance(0.05) ? `n${random.below(3)}` : node} file ${random.below(2)}`;
  return delivery(lanes, { node, db, receivedMs: NOW_MS + turn, clock });
}
