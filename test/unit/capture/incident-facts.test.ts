import assert from "node:assert/strict";
import { test } from "node:test";
import { differs, incidentFacts, type IncidentEvidence } from "../../../src/capture/incident-facts.ts";
import type { BurstCount } from "../../../src/detect/burst-count.ts";
import type { SweepHop } from "../../../src/path/hop.ts";
import { heard, countOf } from "../detect/burst-builder.ts";
import { burstState, incidentState } from "./burst-state.ts";

const TARGET = "10.9.9.9";
const PATH = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"];

function evidence(count: Partial<BurstCount>, more: Partial<IncidentEvidence> = {}): IncidentEvidence {
  const incident = incidentState({
    address: TARGET,
    bursts: [burstState({ endedMs: null, count: countOf({ sent: 40, flowSent: [10, 10, 10, 10], ...count }), hearing: heard(40, 40), final: false })],
  });
  return {
    incident,
    labels: {},
    self: "10.0.0.100",
    path: PATH,
    replyRates: null,
    sweeps: [],
    pathBefore: PATH,
    pathNow: null,
    cycles: [],
    replyTtlChanged: null,
    ...more,
  };
}

test("probes that nobody has judged yet were not answered: answered ones count only in the share that is known of the others", () => {
  // 40 sent: ten answered, ten lost of which all is known, twenty overdue.
  assert.deepEqual(incidentFacts(evidence({ lost: 10, lostUnheard: 10, pending: 20 })).hearing.out, { sent: 13, lost: 10 });
  assert.deepEqual(incidentFacts(evidence({ lost: 10, lostHeard: 1, lostUnheard: 1, pending: 20 })).hearing.out, { sent: 3, lost: 1 });
  assert.deepEqual(incidentFacts(evidence({ lost: 10, lostHeard: 4, lostUnheard: 6 })).hearing.out, { sent: 40, lost: 6 });
});

test("mtr tells the hop where no sweep was made, its loss measured with what is overdue", () => {
  const cycle = [1, 2, 3, 4, 5].map((ttl): SweepHop => {
    const address = ttl <= 2 ? (PATH[ttl - 1] ?? null) : null;
    return { ttl, sent: true, answer: address === null ? null : { address, kind: "time-exceeded", code: 0, rttUs: 900 }, note: null };
  });
  const { segment } = incidentFacts(evidence({ pending: 40 }, { cycles: Array.from({ length: 8 }, () => cycle) }));
  assert.deepEqual([segment?.after, segment?.before, segment?.far.lost], ["10.0.0.2", "10.0.0.3", 8]);
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
