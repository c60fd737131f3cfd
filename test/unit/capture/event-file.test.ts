/** What is known of one event, and the facts made from it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GATEWAY } from "../../../src/capture/canaries.ts";
import { EventFile, type Counters, type EventContext, type StandingMessage } from "../../../src/capture/event-file.ts";
import type { SweepReport } from "../../../src/wire/messages.ts";
import { burstCount, burstState, incidentState, T0 } from "./burst-state.ts";

const NONE: Counters = { sendErrors: {}, unreachable: {} };
const PATH = ["10.9.0.1", "10.9.0.2"];

const context: EventContext = {
  node: "sh-a1",
  wallMs: () => T0 + 20_000,
  labelsOf: (peer) => ({ site: peer }),
  intervalOf: () => 100,
  addressOf: (peer) => `address of ${peer}`,
  sourceOf: () => "10.0.0.1",
  pathOf: () => PATH,
  replyRatesOf: () => null,
  gatewayOf: () => "10.9.0.1",
  isOwnAddress: (address) => address === "10.0.0.1",
  cyclesOf: () => [],
};

function fileWith(before: Counters = NONE, more: Partial<EventContext> = {}): EventFile {
  const file = new EventFile("e1", { context: { ...context, ...more }, before });
  file.put(incidentState());
  return file;
}

function standing(more: Partial<StandingMessage> = {}): StandingMessage {
  return { kind: "standing", atMs: T0, peers: ["p1", "p2", "p3"], bad: ["p1"], canaries: [], sendErrors: {}, unreachable: {}, ...more };
}

/** TTLs beyond the given answers were asked and stayed silent. */
function sweep(id: number, addresses: readonly string[], more: Partial<SweepReport> = {}): SweepReport {
  const hops = Array.from({ length: 5 }, (_, index) => {
    const address = addresses[index];
    const kind = address === "10.0.0.2" ? ("echo-reply" as const) : ("time-exceeded" as const);
    return { ttl: index + 1, sent: true, answer: address === undefined ? null : { address, kind, code: 0, rttUs: 1_000 }, note: null };
  });
  const times = { startedMs: T0, firstHopMs: T0, finishedMs: T0 };
  return { id, peer: "p1", target: "10.0.0.2", trigger: "burst", flow: 0, ...times, skipped: null, hops, ...more };
}

describe("the mesh", () => {
  test("is taken as it stood when most were bad; who stood well then has his path and labels told", () => {
    const file = fileWith();
    file.standing(standing());
    file.standing(standing({ bad: ["p1", "p2"] }));
    file.standing(standing({ bad: [], peers: ["p1"] }));
    const { mesh } = file.facts();
    assert.deepEqual([mesh.peers, mesh.bad], [3, 2]);
    assert.deepEqual(mesh.members, [{ peer: "p3", address: "address of p3", labels: { site: "p3" }, path: PATH }]);
  });

  test("before the wire said how it stands, the incidents are all that is known", () => {
    assert.deepEqual(fileWith().facts().mesh, { peers: 0, bad: 1, members: [] });
  });
});

describe("canaries", () => {
  const second = (fromMs: number, bad: number, answers = true) =>
    standing({ canaries: [{ name: GATEWAY, address: "10.9.0.1", answers, sent: 10, bad, fromMs, toMs: fromMs + 900 }] });

  test("are summed over the seconds of the event; one that answered once answers", () => {
    const file = fileWith();
    for (const [fromMs, bad, answers] of [
      [T0, 10, false],
      [T0 + 1_000, 3, true],
    ] as const)
      file.standing(second(fromMs, bad, answers));
    const { gateway, loopback } = file.facts();
    assert.deepEqual([gateway, loopback], [{ address: "10.9.0.1", answers: true, sent: 20, lost: 13 }, null]);
  });

  test("do not count before and after it, where they would dilute what they lost with the peers", () => {
    const file = fileWith();
    file.put(incidentState({ endedMs: T0 + 2_000 }));
    for (const [fromMs, bad] of [
      [T0 - 400, 4],
      [T0 + 600, 10],
      [T0 + 1_600, 4],
      [T0 + 2_600, 0],
    ] as const)
      file.standing(second(fromMs, bad));
    assert.deepEqual([file.facts().gateway?.sent, file.facts().gateway?.lost], [10, 10]);
  });

  test("of an event shorter than any second that was told count in all of them", () => {
    const file = fileWith();
    file.put(incidentState({ endedMs: T0 + 500 }));
    file.standing(second(T0 - 400, 4));
    assert.deepEqual([file.facts().gateway?.sent, file.facts().gateway?.lost], [10, 4]);
  });
});

test("a gateway that no lost peer is behind is no witness: they are on our own link, or behind another one", () => {
  const canaries = [{ name: GATEWAY, address: "10.9.0.1", answers: true, sent: 10, bad: 0, fromMs: T0, toMs: T0 + 900 }];
  for (const gatewayOf of [() => null, () => "10.9.0.254"]) {
    const file = fileWith(NONE, { gatewayOf });
    file.standing(standing({ canaries }));
    assert.equal(file.facts().gateway, null);
  }
  const both = fileWith(NONE, { gatewayOf: (address) => (address === "10.0.0.3" ? "10.9.0.1" : null) });
  both.put(incidentState({ id: "i2", peer: "p2", address: "10.0.0.3" }));
  both.standing(standing({ canaries }));
  assert.equal(both.facts().gateway?.address, "10.9.0.1");
});

describe("counters of the wire", () => {
  test("count from before the event; those of others than ourselves are not ours", () => {
    const file = fileWith({ sendErrors: { EPERM: 5, ENOBUFS: 2 }, unreachable: { "10.0.0.1": 7 } });
    file.standing(standing({ sendErrors: { EPERM: 9, ENOBUFS: 2 }, unreachable: { "10.0.0.1": 10, "10.9.0.1": 50 } }));
    const { host } = file.facts();
    assert.deepEqual([host?.sendErrors, host?.unreachableFromSelf], [{ EPERM: 4 }, 3]);
  });

  test("of a wire that started anew count from zero", () => {
    const file = fileWith({ sendErrors: { EPERM: 5 }, unreachable: {} });
    file.standing(standing({ sendErrors: { EPERM: 3 } }));
    assert.deepEqual(file.facts().host?.sendErrors, { EPERM: 3 });
  });
});

test("blind time is the union of the intervals within the event", () => {
  const file = fileWith();
  for (const [from, to] of [
    [-2, 1],
    [3, 5],
    [4, 6],
    [3, 4],
    [19, 40],
  ] as const)
    file.blind({ startedMs: T0 + from * 1_000, endedMs: T0 + to * 1_000 });
  assert.deepEqual([file.facts().agent.blindMs, file.facts().agent.eventMs], [1_000 + 3_000 + 1_000, 20_000]);
});

test("an event lasts until the last of its incidents has ended", () => {
  const file = fileWith();
  file.put(incidentState({ id: "i2", peer: "p2", startedMs: T0 - 1_500, endedMs: T0 + 4_000, phase: "closed" }));
  assert.deepEqual([file.facts().startedMs, file.facts().endedMs, file.isOver], [T0 - 1_500, null, false]);
  file.put(incidentState({ endedMs: T0 + 3_000, phase: "closed" }));
  assert.deepEqual([file.facts().endedMs, file.isOver], [T0 + 4_000, true]);
});

describe("sweeps", () => {
  test("reported again replace their first word; the trace after tells only of the path", () => {
    const file = fileWith();
    // With everything lost, one sweep is enough to say where.
    file.put(incidentState({ bursts: [burstState({ count: burstCount({ lost: 100, lostForGood: 100 }) })] }));
    file.sweep("i1", sweep(1, ["10.9.0.1"], { finishedMs: null }));
    file.sweep("i1", sweep(1, ["10.9.0.1", "10.9.0.2"]));
    assert.deepEqual([file.facts().incidents[0]?.segment?.votes, file.facts().incidents[0]?.segment?.of], [1, 1]);
    file.sweep("i1", sweep(2, ["10.9.0.1", "10.9.0.9", "10.0.0.2"], { trigger: "after" }));
    const [facts] = file.facts().incidents;
    assert.deepEqual([facts?.segment?.of, facts?.pathChanged?.now], [1, ["10.9.0.1", "10.9.0.9"]]);
  });

  test("made between two bursts, or after the last, are no witnesses, whatever they were made for", () => {
    const file = fileWith();
    const bursts = [
      burstState({ count: burstCount({ lost: 100, lostForGood: 100 }), endedMs: T0 + 2_000 }),
      burstState({ key: "7-2", startedMs: T0 + 8_000, endedMs: null }),
    ];
    file.put(incidentState({ bursts }));
    file.sweep("i1", sweep(1, ["10.9.0.1", "10.9.0.2"]));
    for (const [id, afterMs] of [
      // Between the last bad probe and the first good one.
      [2, 1_950],
      [3, 5_000],
      [4, 8_000],
    ] as const)
      file.sweep("i1", sweep(id, ["10.9.0.1", "10.9.0.2"], { trigger: "suspect", startedMs: T0 + afterMs }));
    assert.equal(file.facts().incidents[0]?.segment?.far.sent, 2);
  });

  test("show another path also where they did not reach the peer, and also if it came back afterwards", () => {
    const file = fileWith();
    file.sweep("i1", sweep(1, ["10.9.0.1", "10.9.0.9"]));
    assert.deepEqual(file.facts().incidents[0]?.pathChanged, { before: PATH, now: ["10.9.0.1", "10.9.0.9"] });
    file.sweep("i1", sweep(2, ["10.9.0.1", "10.9.0.2", "10.0.0.2"], { trigger: "after" }));
    assert.deepEqual(file.facts().incidents[0]?.pathChanged?.now, ["10.9.0.1", "10.9.0.9"]);
  });

  test("whose hops were silent show no other path", () => {
    const file = fileWith();
    file.sweep("i1", sweep(1, ["10.9.0.1"]));
    file.sweep("i1", sweep(2, []));
    assert.equal(file.facts().incidents[0]?.pathChanged, null);
  });

  test("that were skipped, or belong to another incident, count for nothing", () => {
    const file = fileWith();
    file.sweep("i1", sweep(1, [], { skipped: "no budget" }));
    file.sweep("i9", sweep(2, ["10.9.0.1"]));
    assert.deepEqual([file.facts().incidents[0]?.segment?.of ?? 0, file.facts().incidents[0]?.pathChanged], [0, null]);
  });
});

describe("the TTL of replies", () => {
  test("is what it was before the event and what it is now, however often it changed between", () => {
    const file = fileWith();
    assert.equal(file.facts().incidents[0]?.replyTtlChanged, null);
    file.replyTtl("p1", { before: 61, now: 58 });
    file.replyTtl("p2", { before: 40, now: 41 });
    file.replyTtl("p1", { before: 58, now: 59 });
    assert.deepEqual(file.facts().incidents[0]?.replyTtlChanged, { before: 61, now: 59 });
  });

  test("that changed and came back is told as it was while it had changed", () => {
    const file = fileWith();
    file.replyTtl("p1", { before: 61, now: 58 });
    file.replyTtl("p1", { before: 58, now: 61 });
    assert.deepEqual(file.facts().incidents[0]?.replyTtlChanged, { before: 61, now: 58 });
  });
});
