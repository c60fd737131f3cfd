import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { incidentRow } from "../../../src/capture/incident-row.ts";
import type { BurstState } from "../../../src/detect/incident.ts";
import type { BurstRow } from "../../../src/store/rows.ts";
import { heard, UNHEARD } from "../detect/burst-builder.ts";
import { burstCount, burstState, incidentState } from "./burst-state.ts";

function rowOf(burst: Partial<BurstState>): BurstRow {
  const context = { eventId: "e1", baselineCaptureId: null, intervalMs: 100, timeoutMs: 2_000 };
  const [row] = incidentRow(incidentState({ bursts: [burstState(burst)] }), context).bursts;
  return row ?? assert.fail("no burst");
}

describe("loss by direction", () => {
  test("is counted where the peer is heard and told: what was answered was heard, of the lost ones what it said", () => {
    const row = rowOf({ count: burstCount({ blind: 5, lostHeard: 10, lostUnheard: 30 }), hearing: heard(90, 81) });
    assert.deepEqual(
      [row.in, row.out],
      [
        { sent: 90, lost: 9 },
        { sent: 55 + 40, lost: 30 },
      ],
    );
  });

  test("on the way out is not known while the peer told of none of the lost ones: that is no loss of 0", () => {
    const row = rowOf({ hearing: heard(90, 0) });
    assert.deepEqual([row.in, row.out], [{ sent: 90, lost: 90 }, undefined]);
  });

  test("on the way out is none when nothing was lost", () => {
    const row = rowOf({ count: burstCount({ lost: 0, lostForGood: 0, late: 40 }), hearing: heard(90, 90) });
    assert.deepEqual(row.out, { sent: 100, lost: 0 });
  });

  test("is not known of a peer that is not heard, or was not while healthy", () => {
    for (const hearing of [UNHEARD, heard(90, 3, { state: "off" })]) {
      const row = rowOf({ count: burstCount({ lostUnheard: 30 }), hearing });
      assert.deepEqual([row.in, row.out], [undefined, undefined]);
    }
  });
});

test("the bursts of an incident are numbered from one, with their flows", () => {
  const context = { eventId: "e1", baselineCaptureId: "b1", intervalMs: 100, timeoutMs: 2_000 };
  const row = incidentRow(incidentState({ bursts: [burstState(), burstState({ key: "7-2" })] }), context);
  assert.deepEqual(
    row.bursts.map(({ number, flows }) => [number, flows]),
    [1, 2].map((number) => [number, [0, 1, 2, 3].map((flow) => ({ flow, sent: 25, lost: 10 }))]),
  );
  assert.deepEqual([row.kind, row.status, row.baselineCaptureId, row.eventId], ["loss", "open", "b1", "e1"]);
});
