import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { differs, incidentFacts, routersOf, type IncidentEvidence } from "../../../src/capture/incident-facts.ts";
import type { SweepHop } from "../../../src/path/hop.ts";
import { heard, UNHEARD } from "../detect/burst-builder.ts";
import { burstCount, burstState, incidentState } from "./burst-state.ts";

function evidence(more: Partial<IncidentEvidence> = {}): IncidentEvidence {
  return {
    incident: incidentState(),
    labels: {},
    self: "10.0.0.1",
    sweeps: [],
    cycles: [],
    path: null,
    replyRates: null,
    pathBefore: more.path ?? null,
    pathNow: null,
    replyTtlChanged: null,
    ...more,
  };
}

function sweep(...addresses: (string | null)[]): SweepHop[] {
  return addresses.map((address, index) => {
    const kind = address === "10.0.0.2" ? "echo-reply" : "time-exceeded";
    return { ttl: index + 1, sent: true, answer: address === null ? null : { address, kind, code: 0, rttUs: 1_000 }, note: null };
  });
}

test("counts, flows and fresh ids are the sums over the bursts", () => {
  const bursts = [
    burstState({ freshId: { sent: 4, lost: 1 } }),
    burstState({ key: "7-2", count: burstCount({ sent: 60, lost: 6, late: 2, blind: 4, sendFailed: 3 }), freshId: null }),
  ];
  const facts = incidentFacts(evidence({ incident: incidentState({ bursts }) }));
  assert.deepEqual([facts.sent, facts.lost, facts.late, facts.blind, facts.sendFailed], [160, 46, 2, 4, 3]);
  assert.deepEqual(
    facts.flows,
    [0, 1, 2, 3].map(() => ({ sent: 50, lost: 20 })),
  );
  assert.deepEqual([facts.freshId, incidentFacts(evidence()).freshId], [{ sent: 4, lost: 1 }, null]);
});

describe("hearing", () => {
  const bursts = [
    burstState({ hearing: UNHEARD }),
    burstState({ key: "7-2", count: burstCount({ lostHeard: 40 }), hearing: heard(90, 80, { saysBad: false }) }),
    burstState({ key: "7-3", count: burstCount({ lostUnheard: 12 }), hearing: heard(10, 10, { authentic: false, saysBad: true }) }),
  ];

  test("is summed over the bursts in which it was calibrated, and as authentic as the least of them", () => {
    const { hearing } = incidentFacts(evidence({ incident: incidentState({ bursts }) }));
    assert.deepEqual(hearing, {
      state: "calibrated",
      authentic: false,
      in: { sent: 100, lost: 10 },
      out: { sent: 100 + 30, lost: 12 },
      saysBad: true,
    });
  });

  test("knows nothing of the way in while the peer stood still: it sent nothing that could be missing", () => {
    const still = burstState({ count: burstCount({ lostUnheard: 31 }), hearing: heard(4, 4, { due: 42 }) });
    const { hearing } = incidentFacts(evidence({ incident: incidentState({ bursts: [still] }) }));
    assert.deepEqual([hearing.in, hearing.out?.lost], [null, 31]);
  });

  test("knows nothing of the way out while the peer told of no lost probe", () => {
    const { hearing } = incidentFacts(evidence({ incident: incidentState({ bursts: [burstState({ hearing: heard(90, 20) })] }) }));
    assert.deepEqual([hearing.in, hearing.out, hearing.saysBad], [{ sent: 90, lost: 70 }, null, null]);
  });

  test("that was never calibrated has no counts, and the state of the last burst", () => {
    const off = burstState({ hearing: heard(5, 5, { state: "off" }) });
    const { hearing } = incidentFacts(evidence({ incident: incidentState({ bursts: [burstState(), off] }) }));
    assert.deepEqual(hearing, { state: "off", authentic: true, in: null, out: null, saysBad: null });
  });
});

describe("the path", () => {
  test("of a sweep that reached its target is its routers, silent ones as null; one that did not has none", () => {
    assert.deepEqual(routersOf(sweep("10.9.0.1", null, "10.9.0.3", "10.0.0.2"), "10.0.0.2"), ["10.9.0.1", null, "10.9.0.3"]);
    assert.equal(routersOf(sweep("10.9.0.1", null, "10.9.0.3"), "10.0.0.2"), null);
  });

  test("has changed with another length or another router, not with a silent one", () => {
    const before = ["a", "b", "c"];
    assert.deepEqual(
      [["a", "b", "c"], ["a", null, "c"], ["a", "x", "c"], ["a", "b"], []].map((now) => differs(before, now)),
      [false, false, true, true, true],
    );
    assert.equal(differs([null, "b"], ["x", "b"]), false);
    const facts = incidentFacts(evidence({ path: before, pathNow: ["a", "x", "c"] }));
    assert.deepEqual(facts.pathChanged, { before, now: ["a", "x", "c"] });
    assert.equal(incidentFacts(evidence({ path: null, pathNow: before })).pathChanged, null);
  });
});
