/** What follows from a change of a peer's detector: traces, counts, slices of the recorder, probes with a fresh id. Canaries have none of these. */
import type { DetectorChange } from "../detect/detector.ts";
import type { BurstBook } from "./counting/bursts.ts";
import type { FreshIds } from "./probing/fresh-ids.ts";
import type { Peer } from "./peer.ts";
import type { Slices } from "./counting/slices.ts";
import type { Standing } from "./counting/standing.ts";
import type { SweepSchedule } from "./sweeps/sweep-schedule.ts";

interface Options {
  readonly bursts: BurstBook;
  readonly schedule: SweepSchedule;
  readonly slices: Slices;
  readonly freshIds: FreshIds;
  readonly standing: Standing;
}

export class Episodes {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  changed(peer: Peer, change: DetectorChange, nowUs: number): void {
    if (peer.canary || peer.retired) return;
    const { bursts, schedule, slices, freshIds, standing } = this.#options;
    switch (change.kind) {
      case "suspect":
        schedule.suspect(peer, peer.lastFlow);
        return;
      case "burst-opened":
        peer.burstUs = nowUs;
        bursts.open(peer, { rule: change.rule, slot: change.startSlot, startUs: change.startUs, nowUs });
        schedule.burst(peer, peer.lastFlow);
        slices.burstOpened(peer, change.startUs);
        freshIds.burstOpened(peer);
        standing.burstOpened(nowUs);
        return;
      case "burst-ended":
        bursts.end(peer, { slot: change.endSlot, endUs: change.endUs, nowUs });
        freshIds.burstEnded(peer);
        slices.burstEnded(peer, change.endUs);
        return;
    }
  }
}
