import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { EvidenceWriter, FLUSH_MS, MAX_WAITING } from "../../../src/capture/evidence-writer.ts";
import { EvidenceStore } from "../../../src/store/evidence.ts";
import { StoreError } from "../../../src/store/store-error.ts";
import { capture, incident } from "../store/sample-rows.ts";
import { tempDir } from "../store/temp-dir.ts";

interface Room {
  readonly store: EvidenceStore;
  readonly writer: EvidenceWriter;
  readonly said: string[];
  readonly ids: () => string[];
}

function room(t: TestContext): Room {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const store = new EvidenceStore(tempDir(t));
  t.after(() => store.close());
  const said: string[] = [];
  const writer = new EvidenceWriter(store, {
    onError: (error) => void said.push(error instanceof StoreError ? error.code : String(error)),
    onRecovered: () => void said.push("recovered"),
  });
  const ids = (): string[] =>
    store.database
      .prepare<[], { id: string }>("SELECT id FROM captures ORDER BY rowid")
      .all()
      .map((row) => row.id);
  return { store, writer, said, ids };
}

const put =
  (id: string) =>
  (store: EvidenceStore): void =>
    store.putCapture(capture({ id, incidentId: null }));
const full = (): never => {
  throw new StoreError("full", "the disk is full");
};

test("what may wait is committed together after 100 ms; what may not takes it along at once, in order", (t) => {
  const { writer, ids } = room(t);
  writer.soon(put("a"));
  writer.soon(put("b"));
  assert.deepEqual(ids(), []);
  t.mock.timers.tick(FLUSH_MS);
  assert.deepEqual(ids(), ["a", "b"]);
  writer.soon(put("c"));
  writer.now((store) => store.openIncident(incident(), [capture({ id: "d" })]));
  assert.deepEqual(ids(), ["a", "b", "c", "d"]);
});

test("a write that fails is told and left out; those before and after it are kept", (t) => {
  const { writer, ids, said } = room(t);
  writer.soon(put("a"));
  writer.soon(() => {
    throw new TypeError("wrong row");
  });
  writer.soon(put("b"));
  t.mock.timers.tick(FLUSH_MS);
  assert.deepEqual([ids(), said], [["a", "b"], ["failed"]]);
});

test("on a full disk everything waits in order, it is said once, and written when there is room", (t) => {
  const { writer, ids, said } = room(t);
  let isFull = true;
  const write = (id: string) => (store: EvidenceStore) => (isFull ? full() : put(id)(store));
  writer.now(write("a"));
  writer.now(write("b"));
  writer.soon(write("c"));
  for (let second = 0; second < 10; second++) t.mock.timers.tick(1_000);
  assert.deepEqual([ids(), said], [[], ["full"]]);
  isFull = false;
  t.mock.timers.tick(1_000);
  assert.deepEqual(
    [ids(), said],
    [
      ["a", "b", "c"],
      ["full", "recovered"],
    ],
  );
});

test("what waits has an end: the oldest goes first", (t) => {
  const { writer, said } = room(t);
  let done = 0;
  let isFull = true;
  for (let n = 0; n < MAX_WAITING + 10; n++) writer.soon(() => (isFull ? full() : done++));
  t.mock.timers.tick(FLUSH_MS);
  isFull = false;
  t.mock.timers.tick(1_000);
  assert.deepEqual([done, said], [MAX_WAITING, ["full", "recovered"]]);
});

test("closing tries a last time, tells how many writes are lost, and leaves no timer behind", (t) => {
  const { writer, said } = room(t);
  let tries = 0;
  writer.soon(() => {
    tries++;
    full();
  });
  writer.soon(put("a"));
  assert.equal(writer.close(), 2);
  t.mock.timers.tick(60_000);
  assert.deepEqual([tries, said], [1, ["full"]]);
  assert.equal(writer.close(), 0);
});
