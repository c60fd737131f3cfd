import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { EvidenceWriter } from "../../../src/capture/evidence-writer.ts";
import { PeerBook } from "../../../src/capture/peer-book.ts";
import type { PeerConfig } from "../../../src/config/config.ts";
import type { EvidenceStore } from "../../../src/store/evidence.ts";
import type { PeerRow } from "../../../src/store/rows.ts";
import { FakeLog } from "./fake-log.ts";
import { openEvidence } from "./open-evidence.ts";

const ANSWERED_MS = Date.UTC(2026, 10, 21, 4, 12, 0);

function peer(name: string, host: string): PeerConfig {
  return { name, host, intervalMs: 100, labels: {} };
}

function row(name: string, address: string, more: Partial<PeerRow> = {}): PeerRow {
  return { name, address, intervalMs: 100, firstReplyMs: ANSWERED_MS, agentEpoch: 0, agentSilentMs: null, active: true, ...more };
}

class Room {
  readonly log = new FakeLog();
  readonly told: string[] = [];
  readonly book: PeerBook;
  /** What the resolver says; a name that is not here cannot be resolved. */
  readonly addresses = new Map<string, string>();
  readonly #store: EvidenceStore;
  readonly #writer: EvidenceWriter;

  constructor(t: TestContext, peers: readonly PeerConfig[]) {
    ({ store: this.#store, writer: this.#writer } = openEvidence(t));
    this.book = new PeerBook(peers, {
      writer: this.#writer,
      log: this.log,
      onAddress: (name, address) => void this.told.push(`${name} ${address}`),
      lookup: (host) => {
        const address = this.addresses.get(host);
        return address === undefined ? Promise.reject(new Error("EAI_AGAIN")) : Promise.resolve(address);
      },
    });
  }

  /** Name, address, "answered" and "gone" of every row in the store. */
  stored(): string[] {
    this.#writer.flush();
    return this.#store
      .getPeers()
      .map(({ name, address, firstReplyMs, active }) => `${name} ${address}${firstReplyMs === null ? "" : " answered"}${active ? "" : " gone"}`);
  }
}

test("a peer that answered an earlier agent has answered, unless its address changed; one that is gone stays in the store", (t) => {
  const room = new Room(t, [peer("same", "127.0.0.1"), peer("moved", "127.0.0.2"), peer("new", "127.0.0.3")]);
  const { book } = room;
  book.recover([row("same", "127.0.0.1"), row("moved", "127.0.0.9"), row("left", "127.0.0.4")]);
  assert.deepEqual(room.stored(), ["left 127.0.0.4 answered gone", "moved 127.0.0.2", "new 127.0.0.3", "same 127.0.0.1 answered"]);
  assert.deepEqual(
    book.forWire().map((wire) => `${wire.name} ${wire.everReplied}`),
    ["same true", "moved false", "new false"],
  );
  assert.deepEqual([book.answering, book.allAnswered], [1, false]);
});

test("a name that cannot be resolved keeps the address of an earlier run; one that never was has none", async (t) => {
  const room = new Room(t, [peer("known", "known.example"), peer("unknown", "unknown.example")]);
  room.book.recover([row("known", "127.0.0.7")]);
  await room.book.resolve();
  assert.deepEqual(
    room.book.forWire().map((wire) => [wire.address, wire.everReplied]),
    [
      ["127.0.0.7", true],
      [null, false],
    ],
  );
  assert.equal(room.log.said.length, 2);
  assert.deepEqual(room.told, []);
});

test("a new address of a name goes to the wire and into the store, once, for every peer of that name", async (t) => {
  const room = new Room(t, [peer("a", "both.example"), peer("b", "both.example")]);
  room.addresses.set("both.example", "127.0.0.8");
  room.book.recover([]);
  await room.book.resolve();
  await room.book.resolve();
  assert.deepEqual(room.told, ["a 127.0.0.8", "b 127.0.0.8"]);
  assert.deepEqual(room.stored(), ["a 127.0.0.8", "b 127.0.0.8"]);
  assert.equal(room.book.forWire()[0]?.address, "127.0.0.8");
});

test("the first reply is kept for good; replies of a stranger are nobody's", (t) => {
  const room = new Room(t, [peer("a", "127.0.0.1"), peer("b", "127.0.0.2")]);
  room.book.recover([]);
  room.book.replied([
    { peer: "a", address: "127.0.0.1", atMs: ANSWERED_MS },
    { peer: "stranger", address: "127.0.0.3", atMs: ANSWERED_MS },
  ]);
  assert.deepEqual([room.book.answering, room.book.allAnswered], [1, false]);
  room.book.replied([{ peer: "b", address: "127.0.0.2", atMs: ANSWERED_MS + 5 }]);
  assert.deepEqual([room.book.answering, room.book.allAnswered], [2, true]);
  assert.deepEqual(room.stored(), ["a 127.0.0.1 answered", "b 127.0.0.2 answered"]);
});

test("our address towards a peer is the one that the kernel would use", async (t) => {
  const room = new Room(t, [peer("a", "127.0.0.1")]);
  room.book.recover([]);
  assert.equal(room.book.sourceOf("127.0.0.1"), null);
  await room.book.resolve();
  // It is not waited for: the kernel answers within a few turns of the loop.
  for (let turn = 0; turn < 1_000 && room.book.sourceOf("127.0.0.1") === null; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(room.book.sourceOf("127.0.0.1"), "127.0.0.1");
});
