/**
 * The open and the not yet final bursts of all peers, counted from the recorder once a second and reported whole each time. A burst is final when the
 * late replies of its last probe can no longer come.
 */
import { BurstCounter } from "../../detect/burst-count.ts";
import { OUTCOME } from "../../detect/sample.ts";
import type { Clock } from "../clock.ts";
import type { Hearing } from "../hearing/hearing.ts";
import type { BurstReport } from "../messages.ts";
import type { Peer } from "../peer.ts";

interface Burst {
  readonly peer: Peer;
  readonly number: number;
  readonly rule: "window" | "cusum";
  readonly startedMs: number;
  readonly detectedMs: number;
  readonly counter: BurstCounter;
  /** Slot of the first good probe after the last bad one, null while open. */
  endSlot: number | null;
  endedMs: number | null;
  /** As it was when the burst ended. */
  freshId: FreshCount | null;
  cut: boolean;
}

type FreshCount = NonNullable<BurstReport["freshId"]>;

export class BurstBook {
  readonly #bursts = new Set<Burst>();
  readonly #open = new Map<Peer, Burst>();
  readonly #counts = new Map<Peer, number>();
  readonly #clock: Clock;
  readonly #post: (report: BurstReport) => void;
  readonly #hearing: Hearing;
  /** Probes with a fresh id sent to a peer in its open burst. */
  readonly #freshId: (peer: Peer) => FreshCount | null;

  constructor(options: {
    readonly clock: Clock;
    readonly hearing: Hearing;
    readonly freshId: (peer: Peer) => FreshCount | null;
    readonly post: (report: BurstReport) => void;
  }) {
    this.#hearing = options.hearing;
    this.#freshId = options.freshId;
    this.#clock = options.clock;
    this.#post = options.post;
  }

  open(peer: Peer, start: { readonly rule: "window" | "cusum"; readonly slot: number; readonly startUs: number; readonly nowUs: number }): void {
    const number = (this.#counts.get(peer) ?? 0) + 1;
    this.#counts.set(peer, number);
    const burst: Burst = {
      peer,
      number,
      rule: start.rule,
      startedMs: this.#clock.wallMs(start.startUs),
      detectedMs: this.#clock.wallMs(start.nowUs),
      counter: new BurstCounter(start.slot),
      endSlot: null,
      endedMs: null,
      freshId: null,
      cut: false,
    };
    this.#bursts.add(burst);
    this.#open.set(peer, burst);
    this.#post(this.#report(burst, start.nowUs));
  }

  end(peer: Peer, end: { readonly slot: number; readonly endUs: number; readonly nowUs: number; readonly cut?: boolean }): void {
    const burst = this.#open.get(peer);
    if (burst === undefined) return;
    this.#open.delete(peer);
    burst.endSlot = end.slot;
    burst.freshId = this.#freshId(peer);
    burst.endedMs = this.#clock.wallMs(end.endUs);
    burst.cut = end.cut ?? false;
    this.#post(this.#report(burst, end.nowUs));
  }

  /** A burst as long as an incident may be ends here and goes on as the next one. */
  cut(peer: Peer, nowUs: number): void {
    const burst = this.#open.get(peer);
    if (burst === undefined) return;
    const slot = peer.detector.lastBadSlot + 1;
    const startUs = peer.group.atUs(peer.member, slot);
    this.end(peer, { slot, endUs: startUs, nowUs, cut: true });
    this.open(peer, { rule: burst.rule, slot, startUs, nowUs });
  }

  /** The peer is retired: the agent has closed what was open. */
  forget(peer: Peer): void {
    this.#open.delete(peer);
    this.#counts.delete(peer);
    for (const burst of this.#bursts) if (burst.peer === peer) this.#bursts.delete(burst);
  }

  /** Called once a second. Slots older than `finalUs` never change again. */
  report(nowUs: number, finalUs: number): void {
    for (const burst of this.#bursts) {
      const report = this.#report(burst, nowUs, finalUs);
      this.#post(report);
      if (report.final) this.#bursts.delete(burst);
    }
  }

  #report(burst: Burst, nowUs: number, finalUs: number = nowUs - 60_000_000): BurstReport {
    const { peer } = burst;
    const { group, member, recorder } = peer;
    const finalBefore = group.slotAt(member, finalUs);
    const endSlot = burst.endSlot ?? peer.detector.lastBadSlot + 1;
    const oldest = peer.newestSlot - recorder.slots;
    const sampleAt = (slot: number): number => (slot > oldest && slot <= peer.newestSlot ? recorder.get(member, slot) : OUTCOME.none);
    return {
      peer: peer.name,
      address: peer.address ?? "",
      number: burst.number,
      rule: burst.rule,
      startedMs: burst.startedMs,
      detectedMs: burst.detectedMs,
      endedMs: burst.endedMs,
      count: burst.counter.count(sampleAt, { endSlot, finalBefore }),
      hearing: this.#hearing.report(peer, { fromUs: group.atUs(member, burst.counter.startSlot), toUs: group.atUs(member, endSlot), nowUs }),
      freshId: burst.endSlot === null ? this.#freshId(peer) : burst.freshId,
      final: burst.endSlot !== null && burst.endSlot <= finalBefore,
      cut: burst.cut,
    };
  }
}
