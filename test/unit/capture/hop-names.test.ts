/** When names are asked for, and what becomes of the answers: with a real store, a resolver that says what it is told, and mocked timers. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { EvidenceWriter } from "../../../src/capture/evidence-writer.ts";
import { HopNames } from "../../../src/capture/hop-names.ts";
import { EvidenceStore } from "../../../src/store/evidence.ts";
import { tempDir } from "../store/temp-dir.ts";
import { FakeLog } from "./fake-log.ts";
import { settled } from "./fake-mtr.ts";

const T0 = Date.UTC(2026, 10, 21, 4, 0, 0);
const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const STEP_MS = 100;

class Room {
  readonly store: EvidenceStore;
  readonly writer: EvidenceWriter;
  readonly log = new FakeLog();
  /** "1.2 10.0.0.1": seconds since the start. */
  readonly asked: string[] = [];
  /** Answers by address; an error is thrown. */
  readonly zone = new Map<string, readonly string[] | Error>();
  readonly #t: TestContext;
  names: HopNames;
  isCalm = true;
  nowMs = T0;

  constructor(t: TestContext) {
    this.#t = t;
    t.mock.timers.enable({ apis: ["setTimeout"] });
    this.store = new EvidenceStore(tempDir(t));
    t.after(() => this.store.close());
    this.writer = new EvidenceWriter(this.store, { onError: (error) => assert.fail(String(error)), onRecovered: () => {} });
    this.names = this.start();
  }

  start(): HopNames {
    this.writer.flush();
    const lookup = (address: string): Promise<readonly string[]> => {
      this.asked.push(`${(this.nowMs - T0) / SECOND_MS} ${address}`);
      const answer = this.zone.get(address) ?? [];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    };
    const { writer, log } = this;
    return new HopNames({
      lookup,
      writer,
      log,
      wallMs: () => this.nowMs,
      isCalm: () => this.isCalm,
      evidenceMs: 90 * DAY_MS,
      stored: this.store.hopNames(),
    });
  }

  async pass(ms: number): Promise<void> {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) {
      this.nowMs += STEP_MS;
      this.#t.mock.timers.tick(STEP_MS);
      await settled();
    }
  }

  /** Time passes in which nothing happens but at its end. */
  skip(ms: number): void {
    this.nowMs += ms;
  }

  rows(): string[] {
    this.writer.flush();
    return this.store
      .hopNames()
      .toSorted((left, right) => left.sinceMs - right.sinceMs)
      .map(({ address, name }) => `${address} ${name ?? "none"}`);
  }
}

const ROUTERS = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];

describe("names of hops", () => {
  test("are asked for one at a time, two a second at most, and each address once", async (t) => {
    const room = new Room(t);
    room.zone.set("10.0.0.1", ["r1.example"]);
    room.zone.set("2001:db8::1", ["r6.example"]);
    room.names.met([...ROUTERS, null, "2001:db8::1"]);
    room.names.met(ROUTERS);
    await room.pass(5 * SECOND_MS);
    room.names.met(ROUTERS);
    await room.pass(5 * SECOND_MS);
    assert.deepEqual(room.asked, ["0.4 10.0.0.1", "0.8 10.0.0.2", "1.2 10.0.0.3", "1.6 2001:db8::1"]);
    assert.deepEqual(room.rows(), ["10.0.0.1 r1.example", "10.0.0.2 none", "10.0.0.3 none", "2001:db8::1 r6.example"]);
  });

  test("wait for the answer that is out, however long", async (t) => {
    const room = new Room(t);
    const { promise, resolve } = Promise.withResolvers<readonly string[]>();
    const asked: string[] = [];
    const { writer, log } = room;
    const lookup = (address: string): Promise<readonly string[]> => (asked.push(address), promise);
    const names = new HopNames({ lookup, writer, log, wallMs: () => room.nowMs, isCalm: () => true, evidenceMs: DAY_MS, stored: [] });
    names.met(ROUTERS);
    await room.pass(10 * SECOND_MS);
    assert.deepEqual(asked, ["10.0.0.1"]);
    resolve([]);
    await room.pass(SECOND_MS);
    assert.deepEqual(asked, ROUTERS);
  });

  test("are not asked for while a burst is open, but after it", async (t) => {
    const room = new Room(t);
    room.isCalm = false;
    room.names.met(ROUTERS);
    await room.pass(60 * SECOND_MS);
    assert.deepEqual(room.asked, []);
    room.isCalm = true;
    await room.pass(3 * SECOND_MS);
    assert.equal(room.asked.length, 3);
  });

  test("of this host and of what only its link knows are never asked for", async (t) => {
    const room = new Room(t);
    room.names.met(["127.0.0.1", "127.3.2.1", "::1", "fe80::1", "fe80::1%eth0", "169.254.7.7", "bj-b1.example", ""]);
    await room.pass(5 * SECOND_MS);
    assert.deepEqual(room.asked, []);
  });

  test("that are none are not stored, the first that is one is", async (t) => {
    const room = new Room(t);
    room.zone.set("10.0.0.1", ["\u001b[2Jowned.example", "a b.example", "x".repeat(260), "r1_a.example."]);
    room.zone.set("10.0.0.2", ["<script>.example", "räuber.example", "..", ""]);
    room.names.met(ROUTERS.slice(0, 2));
    await room.pass(2 * SECOND_MS);
    assert.deepEqual(room.rows(), ["10.0.0.1 r1_a.example", "10.0.0.2 none"]);
  });

  test("are asked for again after a day, also by the next agent; a new one does not take the place of the old", async (t) => {
    const room = new Room(t);
    room.zone.set("10.0.0.1", ["old.example"]);
    room.names.met(["10.0.0.1"]);
    await room.pass(SECOND_MS);
    room.writer.flush();
    room.names = room.start();
    room.skip(DAY_MS - HOUR_MS);
    room.names.met(["10.0.0.1"]);
    await room.pass(SECOND_MS);
    assert.equal(room.asked.length, 1);
    room.zone.set("10.0.0.1", ["new.example"]);
    for (let day = 0; day < 2; day++) {
      room.skip(DAY_MS + HOUR_MS);
      room.names.met(["10.0.0.1"]);
      await room.pass(SECOND_MS);
    }
    assert.equal(room.asked.length, 3);
    assert.deepEqual(room.rows(), ["10.0.0.1 old.example", "10.0.0.1 new.example"]);
  });

  test("stay as long as the evidence in which they are shown, also those that another has followed", async (t) => {
    const room = new Room(t);
    room.zone.set("10.0.0.1", ["old.example"]);
    room.names.met(["10.0.0.1"]);
    await room.pass(SECOND_MS);
    room.zone.set("10.0.0.1", ["new.example"]);
    room.skip(2 * DAY_MS);
    room.names.met(["10.0.0.1"]);
    await room.pass(SECOND_MS);
    room.skip(80 * DAY_MS);
    room.names.upkeep();
    assert.deepEqual(room.rows(), ["10.0.0.1 old.example", "10.0.0.1 new.example"]);
    room.skip(12 * DAY_MS);
    room.names.upkeep();
    assert.deepEqual(room.rows(), []);
  });

  test("of which an address has several are the same one each time", async (t) => {
    const room = new Room(t);
    for (const answer of [
      ["b.example", "a.example"],
      ["a.example", "b.example"],
    ]) {
      room.zone.set("10.0.0.1", answer);
      room.names.met(["10.0.0.1"]);
      await room.pass(SECOND_MS);
      room.skip(2 * DAY_MS);
    }
    assert.deepEqual(room.rows(), ["10.0.0.1 a.example"]);
  });

  test("of a hop that no trace has met for a month are asked for anew", async (t) => {
    const room = new Room(t);
    for (const address of ROUTERS) room.zone.set(address, [`r${address.at(-1)}.example`]);
    room.names.met(ROUTERS);
    await room.pass(2 * SECOND_MS);
    room.skip(29 * DAY_MS);
    room.zone.set("10.0.0.1", new Error("ETIMEOUT"));
    room.names.met(["10.0.0.1"]);
    await room.pass(SECOND_MS);
    room.skip(2 * DAY_MS);
    room.names.upkeep();
    const before = room.asked.length;
    room.names.met(["10.0.0.2"]);
    await room.pass(SECOND_MS);
    assert.equal(room.asked.length, before + 1);
    assert.equal(room.rows().at(-1), "10.0.0.2 r2.example");
  });
});

describe("without a resolver that answers", () => {
  const dead = Array.from({ length: 12 }, (_, index) => `10.0.1.${index + 1}`);

  test("it is said once, quietly, and asked ever less often; what is known stays", async (t) => {
    const room = new Room(t);
    room.zone.set("10.0.0.1", ["r1.example"]);
    room.names.met(["10.0.0.1"]);
    await room.pass(SECOND_MS);
    for (const address of dead) room.zone.set(address, new Error("queryPtr ECONNREFUSED"));
    room.names.met(dead);
    await room.pass(10 * 60 * SECOND_MS);
    const atS = room.asked.slice(1).map((line) => Math.round(Number(line.split(" ")[0])));
    assert.deepEqual(atS, [1, 2, 2, 62, 182, 422]);
    assert.deepEqual(room.log.said, ["info names of hops cannot be looked up; traces have addresses only until a resolver answers"]);
    assert.deepEqual(room.rows(), ["10.0.0.1 r1.example"]);
  });

  test("an address whose own zone is broken is asked for again in an hour, and the others go on", async (t) => {
    const room = new Room(t);
    room.zone.set("10.0.0.1", new Error("queryPtr ESERVFAIL"));
    for (let minute = 0; minute < 90; minute += 30) {
      room.names.met(ROUTERS);
      await room.pass(2 * SECOND_MS);
      room.skip(30 * 60 * SECOND_MS);
    }
    assert.equal(room.asked.filter((line) => line.endsWith("10.0.0.1")).length, 2);
    assert.equal(room.asked.filter((line) => line.endsWith("10.0.0.2")).length, 1);
    assert.deepEqual(room.log.said, []);
  });

  test("questions that fail while a burst is open are no reason to stop asking", async (t) => {
    const room = new Room(t);
    const { writer, log } = room;
    let asked = 0;
    const lookup = (): Promise<readonly string[]> => {
      room.isCalm = false;
      asked++;
      return Promise.reject(new Error("ETIMEOUT"));
    };
    const names = new HopNames({ lookup, writer, log, wallMs: () => room.nowMs, isCalm: () => room.isCalm, evidenceMs: DAY_MS, stored: [] });
    names.met(dead.slice(0, 6));
    for (let round = 0; round < 6; round++) {
      room.isCalm = true;
      await room.pass(1_500);
    }
    assert.equal(asked, 6);
    assert.deepEqual(log.said, []);
  });
});

test("nothing is asked or written any more once it is closed", async (t) => {
  const room = new Room(t);
  room.names.met(ROUTERS);
  await room.pass(500);
  room.names.close();
  room.names.met(["10.0.9.9"]);
  await room.pass(5 * SECOND_MS);
  assert.equal(room.asked.length, 1);
});
