/**
 * Small versions of the rows of the acceptance table that are about bursts of loss: the same code with a handful of samples, with three peers, the thin loss
 * in a laboratory of its own beside the others. Rates need hundreds of bursts and are judged by `npm run accept`; here a single burst that is not traced is a
 * failure, and the thin loss is 25 % for 25 s: noticed in all of 50,000 simulated seeds, and reported within 6.5 points of the truth in all but one in 10,000.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { boundaryErrors, firstHopMs, isTracedInside, onDiskMs, whyNot } from "../accept/burst-facts.ts";
import { BurstLab, type BurstRun } from "../accept/burst-lab.ts";
import { outage } from "../accept/rows/shared-router.ts";
import { thinLoss, type ThinLossSample } from "../accept/rows/ten-percent.ts";
import { skipLab } from "./requirements.ts";

describe("bursts", { skip: skipLab }, () => {
  let directory: string;
  let lab: BurstLab;
  let thinLab: BurstLab;
  let thin: Promise<readonly ThinLossSample[]>;
  const total: BurstRun[] = [];

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "meshprobe-bursts-"));
    [lab, thinLab] = await Promise.all([
      BurstLab.open({ peers: 3, directory: join(directory, "bursts") }),
      BurstLab.open({ peers: 3, directory: join(directory, "thin") }),
    ]);
    thin = thinLoss(thinLab, { round: 0, perMille: 250, lastsMs: 25_000 });
    thin.catch(() => {});
    for (const fault of ["access", "core"] as const) total.push(await lab.burst({ fault, durationMs: 1_000, perMille: 1000, delayMs: 37 }));
  });
  after(async () => {
    await Promise.all([lab?.close(), thinLab?.close()]);
    rmSync(directory, { recursive: true, force: true });
  });

  test("a second of total loss is traced inside, whichever router drops", () => {
    assert.deepEqual(
      total.map((run) => whyNot(run)),
      total.map(() => "traced"),
    );
  });

  test("the first hop is in by 0.6 s after the first lost packet, the incident with its sweep on disk by 0.9 s", () => {
    for (const run of total) {
      const [hop, disk] = [firstHopMs(run) ?? Infinity, onDiskMs(run) ?? Infinity];
      assert.ok(hop > 0 && hop <= 600, `first hop ${hop} ms`);
      assert.ok(disk > hop && disk <= 900, `on disk ${disk} ms`);
    }
  });

  test("a burst begins and ends within two intervals of the moment the loss was switched", () => {
    for (const run of total) {
      const errors = boundaryErrors(run);
      assert.ok(errors !== null && Math.abs(errors.startMs) <= 200 && Math.abs(errors.endMs) <= 200, JSON.stringify(errors));
    }
  });

  test("two seconds of 50 % loss are traced inside", async () => {
    const run = await lab.burst({ fault: "access", durationMs: 2_000, perMille: 500, delayMs: 61 });
    assert.ok(isTracedInside(run), whyNot(run));
  });

  test("three peers lost together behind one router are one event, and the routers before it show no loss", async () => {
    const seen = await outage(lab, { peers: ["p1", "p2", "p3"], durationMs: 2_000, perMille: 1000 });
    assert.deepEqual([seen.incidents, seen.events, seen.bad], [3, 1, []]);
    assert.ok(seen.lines >= 2 * 3, `${seen.lines} lines of hops before the fault`);
  });

  test("thin loss that lasts is noticed, and its loss is reported as the router counted it", async () => {
    for (const { peer, bursts, reportedPct, droppedPct } of await thin) {
      assert.ok(bursts > 0 && reportedPct !== null, `${peer}: ${bursts} bursts`);
      assert.ok(droppedPct > 10 && Math.abs(reportedPct - droppedPct) <= 10, `${peer}: ${reportedPct} % reported, ${droppedPct} % dropped`);
    }
  });
});
