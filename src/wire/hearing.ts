/**
 * Hearing: each agent counts the echo requests that its peers send it and tells them, in its own probes, which it heard. That gives loss by direction, without
 * clocks: numbers missing in what arrives were lost on the way in, numbers missing in what the peer heard were lost on the way out.
 *
 * A request belongs to the peer whose agent id it carries if its tag is valid; without a mesh key, to the peer with its source address. What cannot be
 * authenticated (a wrong key, an old boot, a number heard before) is counted and ignored.
 */
import { addressBytes } from "../packet/address.ts";
import type { IcmpPacket } from "../packet/icmp.ts";
import { FLAG_IN_INCIDENT, FLAG_TRACE, readProbe, type Heard, type ProbeFields } from "../packet/probe.ts";
import { HeardWindow, wasHeard, WINDOW } from "../detect/heard-window.ts";
import { ArrivalCount } from "../detect/arrival-count.ts";
import type { BurstHearing } from "../detect/incident.ts";
import { RequestLine } from "../detect/request-line.ts";
import { HEARD, OUTCOME, sampleOutcome, withHeard } from "../detect/sample.ts";
import type { InFlight } from "./in-flight.ts";
import { STATE } from "./in-flight.ts";
import type { MeshKeys } from "./mesh-keys.ts";
import type { RefusedRequests, Refusals } from "./messages.ts";
import type { PeerClocks } from "./peer-clocks.ts";
import { record, type Peer } from "./peer.ts";
import type { Arrival } from "./replies.ts";

/** Requests of a healthy peer that must have been counted before their absence, or their silence on an incident, means anything; the share that must have arrived. */
const CALIBRATION_REQUESTS = 20;
const CALIBRATION_SHARE = 0.5;
/** Silence of a peer for this many of its intervals counts as missing requests, before the next one proves it. */
const SILENT_INTERVALS = 3;
/** An agent that is not heard for this long has stopped: its restart takes less. */
const SILENT_US = 5_000_000;
/** Weight of a new interval in the estimate of how often a peer sends. */
const INTERVAL_GAIN = 1 / 8;
/** Between two requests the sender's clock and ours may tell of times this much apart: a path is not longer by more. Else one of them was not the peer's. */
const CLOCKS_APART_US = 1_000_000;

const NOTHING = { expected: 0, received: 0 } as const;
const NONE_REFUSED: Refusals = { count: 0, peer: null };

interface Ear {
  readonly peer: Peer;
  epoch: number;
  readonly window: HeardWindow;
  readonly counts: ArrivalCount;
  lastUs: number;
  lastSentUs: number;
  intervalUs: number;
  authentic: boolean;
  /** Whom to believe where nothing is authentic. */
  readonly line: RequestLine;
  /** We may have lost requests of it ourselves since the last one. */
  deaf: boolean;
  /** Its requests have stopped while its host answers; it was said. */
  silent: boolean;
  /** Since the last rollup. */
  expected: number;
  received: number;
  /** While healthy, in this epoch of the peer. */
  healthyExpected: number;
  healthyReceived: number;
  /** What our probes tell this peer; rewritten in place. */
  readonly told: { bitmapHigh: number; bitmapLow: number; number: number; arrivedUs: number; epoch: number };
  /** First number of ours that it told of in this boot, −1 before: it cannot say that it did not hear what came before. */
  toldFrom: number;
  /** When it last said that it has an incident with us. */
  flaggedUs: number;
  /** Number of its incident with us that was passed on last. */
  asked: number;
}

/** A peer says that it has an incident with us. Authenticated, fresh, and told once for each incident. */
export interface Asked {
  readonly peer: Peer;
  readonly incident: number;
  readonly epoch: number;
}

interface Options {
  readonly peers: readonly Peer[];
  readonly epoch: number;
  readonly agentId: number;
  readonly flight: InFlight;
  /** Null without a mesh key: nothing can be authenticated then. */
  readonly keys: MeshKeys | null;
  /** Newest epochs seen of authenticated peers before this wire started, by agent id. */
  readonly epochs: ReadonlyMap<number, number>;
  readonly newEpoch: (peer: Peer, epoch: number) => void;
  readonly clocks: Pick<PeerClocks, "take">;
  readonly asked: (asked: Asked) => void;
  /** The agent of a peer has been silent since then, though its host answers; null when it is heard again. */
  readonly silent: (peer: Peer, sinceUs: number | null) => void;
}

export class Hearing {
  readonly #options: Options;
  /** By agent id as a signed word, which V8 holds without a box. */
  readonly #byAgent = new Map<number, Peer>();
  readonly #byAddress = new Map<string, Peer>();
  /** By index of the peer; asked for each probe that leaves and each request that comes. */
  readonly #ears: (Ear | undefined)[];
  readonly #epochs: Map<number, number>;
  readonly #refused: Record<keyof RefusedRequests, Refusals> = { wrongTag: NONE_REFUSED, oldBoot: NONE_REFUSED };

  constructor(options: Options) {
    this.#options = options;
    this.#epochs = new Map(options.epochs);
    this.#ears = Array.from({ length: options.peers.length }, () => undefined);
    for (const peer of options.peers) this.#byAgent.set(peer.agentId | 0, peer);
  }

  get refused(): RefusedRequests {
    return this.#refused;
  }

  /** An echo request arrived. */
  take(packet: IcmpPacket, arrival: Arrival): void {
    const probe = readProbe(arrival.bytes, packet.payloadOffset, packet.payloadLength);
    if (probe === null || (probe.flags & FLAG_TRACE) !== 0 || probe.agentId === this.#options.agentId) return;
    const { keys } = this.#options;
    const authentic = keys !== null && keys.verifies(arrival.bytes, packet.payloadOffset, this.#options.agentId);
    if (keys !== null && !authentic) return this.#refuse("wrongTag", this.#byAgent.get(probe.agentId | 0) ?? this.#fromAddress(arrival.source));
    const peer = authentic ? this.#byAgent.get(probe.agentId | 0) : this.#fromAddress(arrival.source);
    if (peer === undefined) return;
    if (!authentic && !this.#believes(peer, probe, arrival.nowUs)) return;
    const ear = this.#earOf(peer, { epoch: probe.epoch, authentic });
    if (ear === null) return this.#refuse("oldBoot", peer);
    const isNew = this.#hear(ear, probe, arrival.nowUs);
    if (isNew && probe.heard !== null && probe.heard.epoch === this.#options.epoch) {
      this.#learn(ear, probe.heard);
      this.#options.clocks.take(peer, probe, arrival.nowUs);
    }
    if (!isNew || (probe.flags & FLAG_IN_INCIDENT) === 0 || probe.incident === 0) return;
    ear.flaggedUs = arrival.nowUs;
    if (authentic && probe.incident !== ear.asked) {
      ear.asked = probe.incident;
      this.#options.asked({ peer, incident: probe.incident, epoch: probe.epoch });
    }
  }

  /** Called once a second: agents whose requests have stopped while their hosts answer, and those that are heard again. */
  listen(nowUs: number): void {
    for (const ear of this.#ears) {
      if (ear === undefined) continue;
      const isSilent = ear.lastUs > 0 && nowUs - ear.lastUs > Math.max(SILENT_US, SILENT_INTERVALS * ear.intervalUs);
      if (isSilent === ear.silent) continue;
      // While its answers are missing too this says nothing of its agent; nor does the silence of one that is hardly heard at all.
      if (isSilent && (!isCalibrated(ear) || ear.peer.detector.troubled || nowUs - ear.peer.lastGoodUs > SILENT_US)) continue;
      ear.silent = isSilent;
      this.#options.silent(ear.peer, isSilent ? ear.lastUs : null);
    }
  }

  /** Requests may have been lost by ourselves: what is missing until the next one of each peer says nothing, here or there. */
  deafened(): void {
    for (const ear of this.#ears) if (ear !== undefined) ear.deaf = true;
  }

  /** The address of a peer changed. */
  moved(): void {
    this.#byAddress.clear();
  }

  /** What our probes tell this peer of its own; null while we have heard none. */
  heardOf(peer: Peer): Heard | null {
    return this.#ears[peer.index]?.told ?? null;
  }

  /** Requests of a peer since this was last asked. */
  takeCounts(peer: Peer): { readonly expected: number; readonly received: number } {
    const ear = this.#ears[peer.index];
    if (ear === undefined) return NOTHING;
    const { expected, received } = ear;
    ear.expected = 0;
    ear.received = 0;
    return { expected, received };
  }

  /** What hearing tells of a stretch of time. */
  report(peer: Peer, stretch: { readonly fromUs: number; readonly toUs: number; readonly nowUs: number }): BurstHearing {
    const ear = this.#ears[peer.index];
    if (ear === undefined) return { state: "none", authentic: false, expected: 0, received: 0, due: 0, saysBad: null };
    const { expected, received } = ear.counts.count(stretch.fromUs, stretch.toUs);
    const saysBad = ear.flaggedUs >= stretch.fromUs ? true : received >= CALIBRATION_REQUESTS ? false : null;
    return {
      state: isCalibrated(ear) ? "calibrated" : "off",
      authentic: ear.authentic,
      expected: expected + silent(ear, stretch),
      received,
      due: due(ear, stretch),
      saysBad,
    };
  }

  /** What a stranger sends is nobody's mistake in the configuration. */
  #refuse(reason: keyof RefusedRequests, peer: Peer | undefined): void {
    if (peer !== undefined) this.#refused[reason] = { count: this.#refused[reason].count + 1, peer: peer.name };
  }

  #fromAddress(source: string): Peer | undefined {
    const known = this.#byAddress.get(source);
    if (known !== undefined) return known;
    const bytes = addressBytes(source);
    if (bytes === null) return undefined;
    const peer = this.#options.peers.find((one) => one.bytes.length === bytes.length && bytes.every((byte, at) => one.bytes[at] === byte));
    if (peer !== undefined) this.#byAddress.set(source, peer);
    return peer;
  }

  /** A request that cannot be authenticated must go on with what is heard of the peer, or have done so with others of its kind for a while. */
  #believes(peer: Peer, { epoch, number }: ProbeFields, atUs: number): boolean {
    const ear = this.#ears[peer.index];
    if (ear === undefined) return true;
    // While its pace is not known, ours stands for it.
    const intervalUs = ear.intervalUs > 0 ? ear.intervalUs : peer.group.intervalUs;
    const belief = ear.line.believe({ epoch: ear.epoch, number: ear.window.newest, atUs: ear.lastUs, intervalUs }, { epoch, number, atUs });
    if (belief === "other") this.#ears[peer.index] = this.#newEar(peer, { epoch, authentic: false });
    return belief !== "doubted";
  }

  /** Null for a boot that is over: authenticated requests of an older epoch are replays. */
  #earOf(peer: Peer, { epoch, authentic }: { readonly epoch: number; readonly authentic: boolean }): Ear | null {
    const ear = this.#ears[peer.index];
    if (ear !== undefined && ear.epoch === epoch) {
      ear.authentic = authentic;
      return ear;
    }
    if (authentic) {
      if (epoch < (this.#epochs.get(peer.agentId) ?? 0)) return null;
      this.#epochs.set(peer.agentId, epoch);
      this.#options.newEpoch(peer, epoch);
    }
    return (this.#ears[peer.index] = this.#newEar(peer, { epoch, authentic }));
  }

  /** For another line of requests. What was counted, and what was said, of the peer stays. */
  #newEar(peer: Peer, { epoch, authentic }: { readonly epoch: number; readonly authentic: boolean }): Ear {
    const before = this.#ears[peer.index];
    return {
      peer,
      epoch,
      authentic,
      line: before?.line ?? new RequestLine(),
      window: new HeardWindow(),
      counts: before?.counts ?? new ArrivalCount(),
      lastUs: 0,
      lastSentUs: 0,
      deaf: false,
      silent: before?.silent ?? false,
      intervalUs: 0,
      expected: before?.expected ?? 0,
      received: before?.received ?? 0,
      healthyExpected: 0,
      healthyReceived: 0,
      told: { bitmapHigh: 0, bitmapLow: 0, number: 0, arrivedUs: 0, epoch },
      toldFrom: -1,
      flaggedUs: -1,
      asked: 0,
    };
  }

  /** Counts a request; false for one that was heard before or is too old to tell. */
  #hear(ear: Ear, probe: ProbeFields, nowUs: number): boolean {
    const heard = ear.window.hear(probe.number);
    if (heard.kind === "duplicate" || heard.kind === "old") return false;
    const deaf = ear.deaf && heard.kind === "newer";
    if (deaf) {
      ear.window.assumeHeard();
      ear.deaf = false;
    }
    const missed = heard.kind === "newer" && !deaf ? heard.missed : 0;
    const healthy = !ear.peer.detector.troubled;
    ear.received++;
    if (healthy) ear.healthyReceived++;
    if (heard.kind === "gap") ear.counts.found(nowUs);
    else {
      if (missed > 0) ear.counts.missing(missed, { fromUs: ear.lastUs, toUs: nowUs });
      ear.counts.received(nowUs);
      ear.expected += 1 + missed;
      if (healthy) ear.healthyExpected += 1 + missed;
      const sentApartUs = probe.sentUs - ear.lastSentUs;
      if (heard.kind === "newer" && !deaf && sentApartUs > 0 && Math.abs(sentApartUs - (nowUs - ear.lastUs)) < CLOCKS_APART_US) {
        const intervalUs = sentApartUs / (1 + missed);
        ear.intervalUs = ear.intervalUs === 0 ? intervalUs : ear.intervalUs + (intervalUs - ear.intervalUs) * INTERVAL_GAIN;
      }
      ear.lastUs = nowUs;
      ear.lastSentUs = probe.sentUs;
      ear.told.number = probe.number;
      ear.told.arrivedUs = nowUs;
    }
    ear.told.bitmapHigh = ear.window.high;
    ear.told.bitmapLow = ear.window.low;
    return true;
  }

  /** The peer tells which of our probes it heard. Looked at only while that can matter: probes are bad, or lost ones wait for their direction. */
  #learn(ear: Ear, told: Heard): void {
    const { peer } = ear;
    if (ear.toldFrom < 0) ear.toldFrom = told.number;
    if (!peer.detector.troubled && peer.undirectedNumber < 0) return;
    const { flight } = this.#options;
    const next = flight.next[peer.index] as number;
    const window = { high: told.bitmapHigh, low: told.bitmapLow };
    for (let back = 0; back < WINDOW; back++) {
      const number = told.number - back;
      if (number < 0 || number >= next || number <= next - flight.ring) continue;
      const place = flight.place(peer.index, number);
      const heard = wasHeard(window, back) ? HEARD.yes : HEARD.no;
      if (heard === HEARD.no && number < ear.toldFrom) continue;
      flight.heard[place] = heard;
      if (flight.state[place] !== STATE.lost) continue;
      const slot = flight.slot[place] as number;
      const sample = peer.recorder.get(peer.member, slot);
      if (sampleOutcome(sample) === OUTCOME.lost) record(peer, slot, withHeard(sample, heard));
    }
    if (told.number >= peer.undirectedNumber) peer.undirectedNumber = -1;
  }
}

/** Enough of its requests have arrived while it was healthy for their absence to mean something. */
function isCalibrated(ear: Ear): boolean {
  return ear.healthyReceived >= CALIBRATION_REQUESTS && ear.healthyReceived >= CALIBRATION_SHARE * ear.healthyExpected;
}

/** Requests that the peer sends in such a stretch when it runs. */
function due(ear: Ear, stretch: { readonly fromUs: number; readonly toUs: number; readonly nowUs: number }): number {
  return ear.intervalUs <= 0 ? 0 : Math.max(0, Math.floor((Math.min(stretch.toUs, stretch.nowUs) - stretch.fromUs) / ear.intervalUs));
}

/** Requests that are overdue by now, within the stretch. */
function silent(ear: Ear, stretch: { readonly fromUs: number; readonly toUs: number; readonly nowUs: number }): number {
  const untilUs = Math.min(stretch.toUs, stretch.nowUs);
  if (ear.intervalUs <= 0 || stretch.nowUs - ear.lastUs < SILENT_INTERVALS * ear.intervalUs) return 0;
  return Math.max(0, Math.floor((untilUs - Math.max(ear.lastUs, stretch.fromUs)) / ear.intervalUs));
}
