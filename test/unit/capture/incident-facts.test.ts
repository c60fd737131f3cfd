import assert from "node:assert/strict";
import { test } from "node:test";
import { differs, incidentFacts, type IncidentEvidence } from "../../../src/capture/incident-facts.ts";
import type { BurstCount } from "../../../src/detect/burst-count.ts";
import type { Incident } from "../../../src/detect/incident.ts";
import { hop } from "../path/hop-builder.ts";

const TARGET = "10.9.9.9";
const PATH = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"];

function evidence(count: Partial<BurstCount>, more: Partial<IncidentEvidence> = {}): IncidentEvidence {
  const none = {
    sent: 40,
    lost: 0,
    lostForGood: 0,
    late: 0,
    slow: 0,
    pending: 0,
    sendFailed: 0,
    blind: 0,
    longestRun: 0,
    lostHeard: 0,
    lostUnheard: 0,
  };
  const incident: Incident = {
    id: "i1",
    continues: null,
    peer: "p1",
    address: TARGET,
    phase: "open",
    startedMs: 0,
    detectedMs: 500,
    endedMs: null,
    openedAt: 0,
    burstEndedAt: null,
    bursts: [
      {
        key: "1-1",
        startedMs: 0,
        detectedMs: 500,
        endedMs: null,
        count: { ...none, flowSent: [10, 10, 10, 10], flowLost: [0, 0, 0, 0], ...count },
        hearing: { state: "calibrated", authentic: true, expected: 40, received: 40, due: 40, saysBad: null },
        freshId: null,
        final: false,
        cut: false,
      },
    ],
  };
  return {
    incident,
    labels: {},
    self: "10.0.0.100",
    path: PATH,
    replyRates: null,
    sweeps: [],
    pathBefore: PATH,
    pathNow: null,
    tables: [],
    replyTtlChanged: null,
    ...more,
  };
}

test("probes that nobody has judged yet were not answered: they say nothing of what the peer heard", () => {
  assert.deepEqual(incidentFacts(evidence({ lost: 10, lostUnheard: 10, pending: 20 })).hearing.out, { sent: 20, lost: 10 });
});

test("mtr tells the hop where no sweep was made, its loss measured with what is overdue", () => {
  const table = PATH.map((address, index) => hop(index + 1, address, { sent: 8, received: index < 2 ? 8 : 0 }));
  const { segment } = incidentFacts(evidence({ pending: 40 }, { tables: [[...table, hop(5, TARGET, { sent: 8, received: 0 })]] }));
  assert.deepEqual([segment?.after, segment?.before, segment?.votes], ["10.0.0.2", "10.0.0.3", 8]);
});

test("a path has changed where another router answers, or the target where a router was; silence is no change", () => {
  for (const [now, changed] of [
    [["a", "b", "c"], false],
    [["a", null, "c"], false],
    [["a", "b", null, null, null], false],
    [["a", "b", "x"], true],
    [["a", "b"], true],
    [["a", "b", "c", "d"], true],
    [["a", "b", null, "c"], true],
  ] as const) {
    assert.equal(differs(["a", "b", "c"], now), changed, now.join(" "));
  }
  assert.equal(differs(["a", "b", null], ["a", "b"]), false, "the baseline lost a packet");
  assert.equal(differs(["a", "b", null], ["a", "b", "c", "d"]), false, "and may be longer than it shows");
});
