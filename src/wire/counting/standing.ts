/**
 * How things stand while something is wrong: how many peers are in a burst at this moment, and whether our canaries answer. Posted when the first burst opens and
 * then once a second while one is open: the agent asks "is it me?" with it. Canaries are probed like peers and never have a burst of their own.
 */
import { OUTCOME, sampleOutcome } from "../../detect/sample.ts";
import type { Clock } from "../clock.ts";
import type { CanaryStanding, WireMessage } from "../messages.ts";
import type { Peer } from "../peer.ts";

/** What canaries are judged by. */
const WINDOW_US = 1_000_000;
const EVERY_US = 1_000_000;
/** Between two bad probes of a burst that goes on, on average: even 10 % loss shows within this, nine times in ten. */
const RECENT_US = 2_000_000;

/** Addresses that are remembered to have said that a peer is unreachable: our own, and the routers on the way. */
const MAX_SOURCES = 1_000;

interface Options {
  readonly peers: readonly Peer[];
  readonly canaries: readonly Peer[];
  readonly clock: Clock;
  readonly post: (message: WireMessage) => void;
  /** Probes refused by the kernel in all, by errno name. */
  readonly sendErrors: () => Readonly<Record<string, number>>;
}

export class Standing {
  readonly #options: Options;
  #nextUs = Number.POSITIVE_INFINITY;
  /** ICMP unreachable that quoted a probe to somebody who is bad, by who said so. */
  readonly #unreachable: Record<string, number> = {};
  #sources = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  /** A peer that has never answered may cause one a second for ever, and says nothing about those that did. */
  unreachable(peer: Peer, source: string): void {
    if (!peer.everReplied || !peer.detector.troubled) return;
    const before = this.#unreachable[source];
    if (before === undefined && ++this.#sources > MAX_SOURCES) return;
    this.#unreachable[source] = (before ?? 0) + 1;
  }

  burstOpened(nowUs: number): void {
    if (this.#nextUs === Number.POSITIVE_INFINITY) this.#post(nowUs);
  }

  /** Called every tick. */
  tick(nowUs: number): void {
    if (nowUs >= this.#nextUs) this.#post(nowUs);
  }

  #post(nowUs: number): void {
    const { peers, canaries, clock, post, sendErrors } = this.#options;
    // One that has just lost two probes in a row is neither good nor bad yet: it may be our own doing, or the next burst.
    // Nor is one whose burst is open only because its end takes some seconds of good probes to be certain.
    const known = peers.filter((peer) => peer.everReplied && peer.address !== null && (isBad(peer, nowUs) || !peer.detector.suspect));
    const bad = known.filter((peer) => isBad(peer, nowUs));
    const standing = canaries.filter((canary) => canary.address !== null).map((canary) => stand(canary, { nowUs, clock }));
    const atMs = clock.wallMs(nowUs);
    post({
      kind: "standing",
      atMs,
      peers: known.map((peer) => peer.name),
      bad: bad.map((peer) => peer.name),
      canaries: standing,
      sendErrors: { ...sendErrors() },
      unreachable: { ...this.#unreachable },
    });
    this.#nextUs = peers.some((peer) => peer.detector.inBurst) ? nowUs + EVERY_US : Number.POSITIVE_INFINITY;
  }
}

/** In a burst, and a probe of late was bad. */
function isBad({ detector, group, member, softUs }: Peer, nowUs: number): boolean {
  return detector.inBurst && nowUs - group.atUs(member, detector.lastBadSlot) < RECENT_US + softUs;
}

/** Its probes of the last second of which the end is known or overdue. */
function stand(canary: Peer, { nowUs, clock }: { readonly nowUs: number; readonly clock: Clock }): CanaryStanding {
  const { group, member, recorder } = canary;
  const known: { readonly slot: number; readonly isBad: boolean }[] = [];
  const overdueUs = nowUs - canary.softUs;
  for (let slot = group.slotAt(member, overdueUs - WINDOW_US); slot <= canary.newestSlot; slot++) {
    if (slot <= canary.newestSlot - recorder.slots) continue;
    switch (sampleOutcome(recorder.get(member, slot))) {
      case OUTCOME.reply:
      case OUTCOME.slow:
        known.push({ slot, isBad: false });
        break;
      case OUTCOME.lost:
        known.push({ slot, isBad: true });
        break;
      case OUTCOME.pending:
        if (group.atUs(member, slot) <= overdueUs) known.push({ slot, isBad: true });
        break;
      default:
    }
  }
  const [first, last] = [known.at(0), known.at(-1)].map((probe) => (probe === undefined ? nowUs : group.atUs(member, probe.slot)));
  return {
    name: canary.name,
    address: canary.address ?? "",
    answers: canary.everReplied,
    sent: known.length,
    bad: known.filter(({ isBad }) => isBad).length,
    fromMs: clock.wallMs(first ?? nowUs),
    toMs: clock.wallMs(last ?? nowUs),
  };
}
