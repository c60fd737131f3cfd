import assert from "node:assert/strict";
import { test } from "node:test";
import type { Span } from "../../../src/path/span.ts";
import { EvidenceStore } from "../../../src/store/evidence.ts";
import { StoreError } from "../../../src/store/store-error.ts";
import { burst, capture, incident, sampleBlock, T0 } from "./sample-rows.ts";
import { tempDir } from "./temp-dir.ts";

test("the epoch, the id and the peers survive a restart", (t) => {
  const dir = tempDir(t);
  const first = new EvidenceStore(dir);
  assert.equal(first.lastEpoch(), 0);
  first.setEpoch(1_800_000_000);
  first.putPeers([{ name: "b", address: "10.0.0.2", intervalMs: 100, firstReplyMs: null, agentEpoch: 0, agentSilentMs: null, active: true }]);
  first.putPeer({ name: "a", address: "10.0.0.1", intervalMs: 100, firstReplyMs: T0, agentEpoch: 0, agentSilentMs: null, active: false });
  const { uuid } = first;
  first.close();
  const second = new EvidenceStore(dir);
  assert.equal(second.lastEpoch(), 1_800_000_000);
  assert.equal(second.uuid, uuid);
  assert.deepEqual(second.getPeers(), [
    { name: "a", address: "10.0.0.1", intervalMs: 100, firstReplyMs: T0, agentEpoch: 0, agentSilentMs: null, active: false },
    { name: "b", address: "10.0.0.2", intervalMs: 100, firstReplyMs: null, agentEpoch: 0, agentSilentMs: null, active: true },
  ]);
  second.close();
});

test("an open incident that the agent left is interrupted at its last judged sample, its captures are partial", (t) => {
  const dir = tempDir(t);
  const store = new EvidenceStore(dir);
  const open = incident({ kind: null, status: "open", endedMs: null, bursts: [burst({ endedMs: null })] });
  store.openIncident(open, [capture({ status: "running", finishedMs: null })]);
  store.putSamples([sampleBlock("..xx", { startSlot: 0 }), sampleBlock("x.x??", { startSlot: 4, startedMs: T0 + 400 })]);
  const endedMs = T0 + 600;
  const left = store.interruptOpen();
  assert.deepEqual(left, [{ ...open, status: "interrupted", endedMs, bursts: [burst({ endedMs })] }]);
  const row = store.database.prepare("SELECT status, reason FROM captures").get();
  assert.deepEqual(row, { status: "partial", reason: "agent stopped" });
  assert.deepEqual(store.interruptOpen(), []);
  store.close();
});

test("incidents that were going on when an agent stopped are found again by the next", (t) => {
  const store = new EvidenceStore(tempDir(t));
  store.openIncident(incident({ id: "closed" }), []);
  store.openIncident(incident({ id: "old", startedMs: T0 + 1, status: "interrupted", endedMs: T0 + 9_000 }), []);
  store.openIncident(incident({ id: "new", startedMs: T0 + 2, status: "interrupted", endedMs: T0 + 10_000 }), []);
  const ids = (sinceMs: number): string[] => store.interruptedSince(sinceMs).map(({ id }) => id);
  assert.deepEqual(ids(T0 + 9_001), ["new"]);
  assert.deepEqual(ids(T0 + 9_000), ["old", "new"]);
  store.close();
});

test("a cooling incident that the agent left ended with its last burst", (t) => {
  const store = new EvidenceStore(tempDir(t));
  store.openIncident(incident({ status: "cooling" }), []);
  store.putSamples([sampleBlock("x".repeat(300))]);
  assert.equal(store.interruptOpen()[0]?.endedMs, T0 + 9200);
  store.close();
});

test("without samples an interrupted incident ends at its last line, or when it was detected", (t) => {
  const store = new EvidenceStore(tempDir(t));
  const open = { status: "open", endedMs: null, bursts: [burst({ endedMs: null })] } as const;
  store.openIncident(incident({ id: "i1", ...open }), [capture({ kind: "mtr" })]);
  store.openIncident(incident({ id: "i2", startedMs: T0 + 1, ...open }), []);
  store.appendLines({ captureId: "c1", number: 1, lines: [{ atMs: T0 + 700, text: "x 0 33000" }] });
  store.appendLines({ captureId: "c1", number: 2, lines: [{ atMs: T0 + 900, text: "h 0 10.0.0.1" }] });
  assert.deepEqual(
    store.interruptOpen().map((row) => row.endedMs),
    [T0 + 900, T0 + 480],
  );
  store.close();
});

test("what mtr saw of an incident are its cycles, of what was sent in its bursts", (t) => {
  const store = new EvidenceStore(tempDir(t));
  const mtr = { kind: "mtr", facts: {}, hops: [] } as const;
  store.openIncident(incident(), [
    capture({ id: "run", ...mtr }),
    capture({ id: "silent", ...mtr }),
    capture({ id: "after", ...mtr, phase: "after" }),
  ]);
  const lines = ["x 0 1", "h 0 10.0.0.1", "p 0 500 1", "x 0 2", "p 0 500 2", "x 0 3", "p 0 500 3"].map((text, index) => ({
    atMs: T0 + index * 400,
    text,
  }));
  store.appendLines({ captureId: "run", number: 0, lines });
  store.appendLines({ captureId: "after", number: 0, lines });
  const seen = (...within: readonly Span[]): unknown =>
    store.mtrCycles("i1", within).map((hops) => hops.map(({ ttl, answer }) => [ttl, answer?.address]));
  const cycle = [[1, "10.0.0.1"]];
  assert.deepEqual(seen({ startedMs: T0, endedMs: null }), [cycle, cycle, cycle]);
  assert.deepEqual(seen({ startedMs: T0, endedMs: T0 + 1300 }), [cycle, cycle]);
  assert.deepEqual(seen({ startedMs: T0, endedMs: T0 + 500 }, { startedMs: T0 + 2_000, endedMs: null }), [cycle, cycle]);
  assert.deepEqual(store.mtrCycles("i2", [{ startedMs: 0, endedMs: null }]), []);
  store.close();
});

test("the last baseline of a peer is the newest complete sweep", (t) => {
  const store = new EvidenceStore(tempDir(t));
  const baseline = { incidentId: null, phase: "before", trigger: "baseline" } as const;
  assert.equal(store.lastBaseline("bj-b1"), null);
  store.putCapture(capture({ id: "old", ...baseline, startedMs: T0 - 2000 }));
  store.putCapture(capture({ id: "new", ...baseline, startedMs: T0 - 1000 }));
  store.putCapture(capture({ id: "bad", ...baseline, startedMs: T0, status: "failed" }));
  store.putCapture(capture({ id: "other", ...baseline, peer: "x" }));
  assert.deepEqual(store.lastBaseline("bj-b1"), capture({ id: "new", ...baseline, startedMs: T0 - 1000 }));
  store.close();
});

test("a write that fails inside a transaction leaves nothing of it", (t) => {
  const store = new EvidenceStore(tempDir(t));
  assert.throws(() =>
    store.transaction(() => {
      store.openIncident(incident(), [capture()]);
      throw new Error("stop");
    }),
  );
  assert.deepEqual(store.interruptOpen(), []);
  assert.equal(store.database.prepare("SELECT count(*) AS n FROM captures").pluck().get(), 0);
  store.close();
});

test("a full disk gives the ballast back once and the incident still commits; a second time it is an error", (t) => {
  let asked = 0;
  const store = new EvidenceStore(tempDir(t), {
    onFull: () => {
      asked++;
      store.database.pragma("max_page_count = 200");
      return true;
    },
  });
  const pages = Number(store.database.pragma("page_count", { simple: true }));
  store.database.pragma(`max_page_count = ${pages}`);
  store.openIncident(incident(), [capture({ facts: { padding: "x".repeat(100_000) } })]);
  assert.equal(asked, 1);
  assert.equal(store.database.prepare("SELECT count(*) FROM captures").pluck().get(), 1);
  assert.throws(
    () => store.putCapture(capture({ id: "c2", facts: { padding: "x".repeat(10_000_000) } })),
    (error) => error instanceof StoreError && error.code === "full" && /the disk is full/.test(error.message),
  );
  assert.equal(asked, 2);
  store.close();
});
