import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { BurstCount } from "../../../src/detect/burst-count.ts";
import { incidentKind, PeerIncidents, type BurstState, type Incident, type IncidentChange } from "../../../src/detect/incident.ts";
import { countOf, UNHEARD } from "./burst-builder.ts";

const MERGE_MS = 60_000;
const LENGTH_MS = 1_800_000;

/** Times are seconds here; the wall clock and the monotonic one have the same reading. */
function burst(key: string, times: { readonly from: number; readonly to?: number }, more: Partial<BurstState> = {}): BurstState {
  const endedMs = times.to === undefined ? null : times.to * 1000;
  return {
    key,
    startedMs: times.from * 1000,
    detectedMs: times.from * 1000 + 400,
    endedMs,
    count: countOf({ sent: 10 }),
    hearing: UNHEARD,
    freshId: null,
    final: false,
    cut: false,
    ...more,
  };
}

/** One peer and what it says, with the ids i1, i2 … */
class Story {
  readonly incidents = new PeerIncidents({ mergeMs: MERGE_MS, lengthMs: LENGTH_MS });
  #ids = 0;

  at(nowS: number, state: BurstState): string {
    const ageMs = state.endedMs === null ? 0 : Math.max(0, nowS * 1000 - state.endedMs);
    return words(this.incidents.burst(state, { nowMs: nowS * 1000, ageMs, peer: "p", address: "10.0.0.2", newId: `i${++this.#ids}` }));
  }

  tick(nowS: number): string {
    return words(this.incidents.tick(nowS * 1000));
  }

  get current(): Incident {
    return this.incidents.current as Incident;
  }
}

function words(changes: readonly IncidentChange[]): string {
  return changes.map(({ kind, incident }) => `${kind} ${incident.id}`).join(", ");
}

describe("the states", () => {
  test("open, cooling, closed after a minute without a burst: closed is final", () => {
    const story = new Story();
    assert.equal(story.at(10, burst("a", { from: 9 })), "opened i1");
    assert.deepEqual([story.current.phase, story.current.endedMs], ["open", null]);
    assert.equal(story.at(20, burst("a", { from: 9 })), "updated i1");
    assert.equal(story.at(22, burst("a", { from: 9, to: 20 })), "burst-ended i1");
    assert.deepEqual([story.current.phase, story.current.endedMs, story.current.burstEndedAt], ["cooling", 20_000, 20_000]);
    assert.equal(story.at(34, burst("a", { from: 9, to: 20 }, { final: true })), "updated i1");
    assert.equal(story.tick(79.9), "");
    assert.equal(story.tick(80), "closed i1");
    assert.equal(story.tick(81), "");
    assert.equal(story.at(82, burst("a", { from: 9, to: 20 }, { final: true })), "", "a late word on its burst");
    assert.equal(story.at(83, burst("b", { from: 82.9 })), "opened i6");
    assert.equal(story.current.continues, null);
  });

  test("another burst while cooling reopens the same incident, which then has two and lasts to the end of the second", () => {
    const story = new Story();
    story.at(10, burst("a", { from: 9 }));
    story.at(12, burst("a", { from: 9, to: 11 }, { final: true }));
    assert.equal(story.at(60, burst("b", { from: 59 })), "reopened i1");
    assert.deepEqual([story.current.phase, story.current.endedMs, story.current.startedMs], ["open", null, 9_000]);
    assert.equal(story.tick(75), "", "an open incident is not closed");
    assert.equal(story.at(66, burst("b", { from: 59, to: 64 }, { final: true })), "burst-ended i1");
    assert.deepEqual([story.current.bursts.length, story.current.endedMs], [2, 64_000]);
    assert.equal(story.tick(123.9), "");
    assert.equal(story.tick(124), "closed i1");
  });

  test("waits for the last outcome: not closed while a late reply may still change its counts, however long the merge time is over", () => {
    const story = new Story();
    story.at(10, burst("a", { from: 9 }));
    story.at(12, burst("a", { from: 9, to: 11 }));
    assert.equal(story.tick(200), "");
    assert.equal(story.at(201, burst("a", { from: 9, to: 11 }, { count: countOf({ sent: 10, late: 1 }), final: true })), "updated i1");
    assert.equal(story.tick(201), "closed i1");
    assert.equal(story.current.bursts[0]?.count.late, 1);
  });

  test("a burst that is first heard of when it is over opens and ends in one word", () => {
    const story = new Story();
    assert.equal(story.at(20, burst("a", { from: 9, to: 11 })), "opened i1, burst-ended i1");
    assert.equal(story.current.burstEndedAt, 11_000);
    assert.equal(story.at(30, burst("b", { from: 25, to: 26 })), "reopened i1, burst-ended i1");
  });

  test("an older burst that is told again while a newer one is open leaves the incident open", () => {
    const story = new Story();
    story.at(10, burst("a", { from: 9 }));
    story.at(12, burst("a", { from: 9, to: 11 }));
    story.at(15, burst("b", { from: 14 }));
    assert.equal(story.at(16, burst("a", { from: 9, to: 11 }, { final: true })), "updated i1");
    assert.deepEqual([story.current.phase, story.current.endedMs], ["open", null]);
  });
});

describe("the chain", () => {
  test("after 30 min the burst is cut: the incident closes and the next one continues it from where it was cut", () => {
    const story = new Story();
    story.at(10, burst("a", { from: 9 }));
    assert.equal(story.incidents.tooLong(1_809_000), false);
    assert.equal(story.incidents.tooLong(1_810_000), true);
    assert.equal(story.at(1_810, burst("a", { from: 9, to: 1_809 }, { cut: true })), "burst-ended i1, closed i1");
    assert.equal(story.at(1_810, burst("b", { from: 1_809 })), "opened i3");
    assert.equal(story.current.continues, "i1");
    assert.equal(story.incidents.tooLong(1_811_000), false);
    assert.equal(story.at(1_811, burst("a", { from: 9, to: 1_809 }, { cut: true, final: true })), "", "the cut one stays closed");
  });

  test("a burst that begins while cooling, 30 min after the incident opened, is a new one", () => {
    const story = new Story();
    story.at(10, burst("a", { from: 9 }));
    story.at(1_805, burst("a", { from: 9, to: 1_804 }));
    assert.equal(story.at(1_812, burst("b", { from: 1_811 })), "closed i1, opened i3");
    assert.equal(story.current.continues, null, "the first had ended");
  });

  test("an incident that a dead agent left open is continued by the next within the merge time, and not after it", () => {
    for (const [nowS, continues] of [
      [59, "dead"],
      [61, null],
    ] as const) {
      const story = new Story();
      story.incidents.chainTo("dead", 60_000);
      story.at(nowS, burst("a", { from: nowS - 1 }));
      assert.equal(story.current.continues, continues);
    }
  });

  test("only the next one continues it", () => {
    const story = new Story();
    story.incidents.chainTo("dead", 60_000);
    story.at(1, burst("a", { from: 1 }));
    story.at(3, burst("a", { from: 1, to: 2 }, { final: true }));
    story.tick(70);
    story.at(71, burst("b", { from: 70 }));
    assert.equal(story.current.continues, null);
  });
});

describe("when the wire dies", () => {
  test("an open burst ends when it was last heard of, is final, and the incident cools", () => {
    const story = new Story();
    story.at(10, burst("a", { from: 9 }));
    assert.equal(words(story.incidents.abandonBursts({ nowMs: 12_000, wallMs: 12_000 })), "burst-ended i1");
    assert.deepEqual([story.current.phase, story.current.endedMs, story.current.bursts[0]?.final], ["cooling", 12_000, true]);
    assert.equal(story.at(14, burst("a2", { from: 13 })), "reopened i1");
  });

  test("without an open incident nothing happens", () => {
    const story = new Story();
    assert.deepEqual(story.incidents.abandonBursts({ nowMs: 1, wallMs: 1 }), []);
    story.at(10, burst("a", { from: 9 }));
    story.at(12, burst("a", { from: 9, to: 11 }, { final: true }));
    story.tick(80);
    assert.deepEqual(story.incidents.abandonBursts({ nowMs: 90_000, wallMs: 90_000 }), []);
  });
});

describe("the kind", () => {
  function kind(...bursts: readonly (readonly [Partial<BurstCount>, boolean])[]): string | null {
    const story = new Story();
    bursts.forEach(([counts, final], index) =>
      story.at(20, burst(`b${index}`, { from: 9, to: 11 }, { count: countOf({ sent: 10, ...counts }), final })),
    );
    return incidentKind(story.current);
  }

  test("loss as soon as one probe is lost for good", () => assert.equal(kind([{ lost: 1, lostForGood: 1 }, false]), "loss"));
  test("null while what is lost may still be answered late", () => assert.equal(kind([{ lost: 5 }, false]), null));
  test("null while any of its bursts is undecided", () => assert.equal(kind([{ late: 5 }, true], [{ lost: 1 }, false]), null));
  test("loss when it is final and something is lost", () => assert.equal(kind([{ lost: 1 }, true]), "loss"));
  test("brownout when everything came in the end, late or slow", () => assert.equal(kind([{ late: 5 }, true]), "brownout"));
  test("local when nothing was lost and the kernel refused", () => assert.equal(kind([{ sendFailed: 3 }, true]), "local"));
  test("loss beats local", () => assert.equal(kind([{ sendFailed: 30 }, true], [{ lost: 1, lostForGood: 1 }, true]), "loss"));
});
