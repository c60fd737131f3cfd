/**
 * The heart of the wire: sends what is due, matches replies, judges deadlines, feeds the detectors. One tick every ten or twenty milliseconds, and one call
 * per packet in between.
 *
 * The order within a tick is the point: first everything that has arrived is read, then deadlines are judged, then new probes go out. A late tick, a socket
 * that overflowed or a clock that slept says something about us and nothing about the network: what would be judged there is censored.
 */
import { createIcmpPacket, readIcmp4, readIcmp6, type IcmpPacket } from "../packet/icmp.ts";
import { holdsAddress } from "../packet/address.ts";
import { createProbeBuffer, FLAG_TRACE, PROBE_BYTES, stampProbe, TAG_OFFSET, type Flow, type ProbeBuffer, type ProbeStamp } from "../packet/probe.ts";
import type { DetectorChange } from "../detect/detector.ts";
import { learnRtt, relearnRtt, softTimeoutUs } from "../detect/rtt.ts";
import { DOUBTFUL_BIT, DUPLICATE_BIT, OUTCOME, packSample, sampleOutcome, type OutcomeCode } from "../detect/sample.ts";
import { BurstBook } from "./bursts.ts";
import type { Clock } from "./clock.ts";
import type { IcmpSocket } from "./icmp-socket.ts";
import { InFlight, ringFor, STATE } from "./in-flight.ts";
import type { AgentCommand, BlindCause, FirstReply, WireMessage, WirePeer, WireSettings } from "./messages.ts";
import { PaceGroup } from "./pacer.ts";
import { createIdTable, createPeer, FLOWS, isFrom6, setAddress, type Peer } from "./peer.ts";
import { Recorder } from "./recorder.ts";
import { Rollups } from "./rollups.ts";
import { Slices } from "./slices.ts";
import { Sweeper, type TracePacket } from "./sweeper.ts";

/**
 * Waking up costs as much processor time as a dozen sends (measured: 0.2 ms on cold caches). So a small load is sent in fewer portions, and a large one in
 * portions that do not queue behind themselves. Replies are read when they arrive, so round-trip times do not depend on it.
 */
const TICK_MS = { small: 20, large: 10 } as const;
const SMALL_LOAD_PER_S = 2_000;
/** Probes may leave up to a tick late, and must stay well within the tolerance of their slot. */
const SMALL_LOAD_INTERVAL_MS = 100;
/** A tick that comes later after its time than this judges nothing: its deadlines passed while we did not run. */
export const LATE_TICK_US = 10_000;
/** A tick later than this was a stall: a blind interval. */
export const BLIND_US = 100_000;
/** Replies are recognised this long after the hard timeout. */
export const LATE_REPLY_MS = 10_000;
/** Beyond the hard timeout, until a slot is settled: its probe may have left this much after its planned time. */
const SETTLE_SLACK_US = 20_000;
const SENDS_PER_DRAIN = 4;
const DRAIN_ALL = 20_000;
/** With nothing lost for this long, slow replies are the new normal. */
const RELEARN_US = 60_000_000;
const NEVER_ANSWERED_US = 10_000_000;
const HOURLY_US = 3_600_000_000;
/** Beyond this many, peers begin a thousand a second: code that is not compiled yet cannot send fifty thousand probes a second. */
const START_AT_ONCE = 1_000;
const START_EACH_US = 1_000;

export interface ProberPorts {
  readonly sockets: { readonly [family in 4 | 6]: IcmpSocket | null };
  readonly clock: Clock;
  /** Fills with random bytes. */
  readonly random: (bytes: Uint8Array) => void;
  readonly post: (message: WireMessage) => void;
  /** µs that this process has waited for a processor, in all. */
  readonly runDelayUs: () => number;
}

interface Cursor {
  member: number;
  slot: number;
  count: number;
}

interface Lane {
  readonly group: PaceGroup;
  readonly recorder: Recorder;
  readonly members: readonly Peer[];
  readonly send: Cursor;
  readonly settle: Cursor;
}

export class Prober {
  /** How often `tick` wants to be called. */
  readonly tickMs: number;
  readonly #tickUs: number;
  readonly #settings: WireSettings;
  readonly #ports: ProberPorts;
  readonly #clock: Clock;
  readonly #hardUs: number;
  readonly #peers: Peer[] = [];
  readonly #byName = new Map<string, Peer>();
  readonly #lanes: Lane[] = [];
  readonly #ids = createIdTable();
  readonly #flight: InFlight;
  readonly #softDueUs: Float64Array;
  readonly #packets: { readonly [family in 4 | 6]: ProbeBuffer & { readonly bytes: Buffer } };
  readonly #stamp: ProbeStamp;
  readonly #entropy = new Uint32Array(4096);
  #entropyLeft = 0;
  readonly #icmp: IcmpPacket = createIcmpPacket();
  readonly #bursts: BurstBook;
  readonly #slices: Slices;
  readonly #rollups: Rollups;
  readonly #sweeper: Sweeper;
  #lastTickUs: number;
  #busySinceUs: number;
  /** What we had waited for a processor at the last tick and at the one before: a probe may have left in the one before. */
  #waitedUs: number;
  #waitedBeforeUs: number;
  #lastEndUs: number;
  #nextSecondUs: number;
  #packetCount = 0;
  #drainMisses = 0;
  #drainSkips = 0;
  #drops = 0;
  #dropsUs: number;
  #foreign = 0;
  #sendErrors: Record<string, number> = {};
  #firstReplies: FirstReply[] = [];
  readonly #neverNextUs = new Map<Peer, number>();
  readonly #mtrPids = new Set<number>();

  constructor(settings: WireSettings, ports: ProberPorts) {
    this.tickMs = tickFor(settings.peers);
    this.#tickUs = this.tickMs * 1000;
    this.#settings = settings;
    this.#ports = ports;
    this.#clock = ports.clock;
    this.#hardUs = settings.timeoutMs * 1000;
    const nowUs = ports.clock.nowUs();
    this.#lastTickUs = nowUs;
    this.#busySinceUs = nowUs;
    this.#waitedUs = ports.runDelayUs();
    this.#waitedBeforeUs = this.#waitedUs;
    this.#lastEndUs = nowUs;
    this.#nextSecondUs = nowUs + 1e6;
    this.#dropsUs = nowUs;
    const clock = ports.clock;
    this.#buildPeers(nowUs);
    const fastest = Math.min(1000, ...settings.peers.map((peer) => peer.intervalMs));
    this.#flight = new InFlight(this.#peers.length, ringFor(fastest, settings.timeoutMs + LATE_REPLY_MS));
    this.#softDueUs = new Float64Array(this.#peers.length).fill(Number.POSITIVE_INFINITY);
    const make = (family: 4 | 6): ProbeBuffer & { bytes: Buffer } => {
      // An own allocation: the pooled ones may start at an odd offset.
      const bytes = Buffer.from(new ArrayBuffer(PROBE_BYTES));
      return { ...createProbeBuffer(bytes, { family, agentId: settings.agentId, epoch: settings.epoch }), bytes };
    };
    this.#packets = { 4: make(4), 6: make(6) };
    this.#stamp = { flow: { index: 0, id: 0, checksum: 0 }, sequence: 0, number: 0, sentUs: 0, flags: 0, ttl: 0, tagHigh: 0, tagLow: 0 };
    this.#bursts = new BurstBook({ clock, post: (burst) => ports.post({ kind: "burst", burst }) });
    this.#slices = new Slices({ clock, post: ports.post, recordMs: settings.recordMs });
    this.#rollups = new Rollups({
      peers: this.#peers,
      clock,
      post: (rows) => ports.post({ kind: "rollups", rows }),
      settleUs: this.#hardUs + Math.max(10_000, ...this.#lanes.map((lane) => lane.group.toleranceUs)) + 2 * SETTLE_SLACK_US,
    });
    this.#sweeper = new Sweeper({
      clock,
      send: (packet) => this.#sendTrace(packet),
      drain: () => this.#drainSome(),
      post: (sweep) => ports.post({ kind: "sweep", sweep }),
      random: () => this.#random32(),
      baselineMs: settings.baselineMs,
    });
    this.#drops = this.#readDrops();
  }

  /** One packet from a socket, at any time. */
  receive(family: 4 | 6, bytes: Buffer, length: number, source: string): void {
    const nowUs = this.#clock.nowUs();
    if (nowUs - this.#lastEndUs > 100) this.#busySinceUs = this.#woke(nowUs);
    this.#lastEndUs = nowUs;
    this.#packetCount++;
    const packet = family === 4 ? readIcmp4(bytes, length, this.#icmp) : readIcmp6(bytes, length, this.#icmp);
    if (packet === null) return;
    const owner = this.#ids[packet.id] as number;
    if (owner < 0) {
      this.#foreign++;
      return;
    }
    const peer = this.#peers[owner >> 2] as Peer;
    const flow = peer.flows[owner & (FLOWS - 1)] as Flow;
    if (packet.sequence >= 0x8000) {
      if (packet.kind === "reply" && !this.#fromPeer(peer, bytes, source, family)) peer.foreign++;
      else this.#sweeper.answer(peer, flow, packet, { bytes, source, nowUs });
      return;
    }
    if (packet.kind !== "reply") return;
    this.#reply(peer, packet, { bytes, source, family, nowUs });
  }

  /** Called every `tickMs`. */
  tick(): void {
    const nowUs = this.#clock.nowUs();
    const lagUs = nowUs - this.#lastTickUs - this.#tickUs;
    const sinceUs = this.#lastTickUs;
    if (nowUs - this.#lastEndUs > 100) this.#busySinceUs = this.#woke(nowUs);
    this.#lastTickUs = nowUs;
    this.#lastEndUs = nowUs;
    this.#drainAll();
    this.#waitedBeforeUs = this.#waitedUs;
    this.#waitedUs = this.#ports.runDelayUs();
    const stalled = lagUs > BLIND_US;
    if (stalled)
      this.#blind({
        startUs: sinceUs,
        endUs: nowUs,
        cause: "stall",
        detail: `the probing process did not run for ${Math.round((nowUs - sinceUs) / 1000)} ms`,
      });
    this.#judgeOverdue(nowUs, lagUs > LATE_TICK_US);
    this.#settle(nowUs, stalled);
    this.#sendDue(nowUs);
    this.#sweeper.tick(nowUs);
    this.#rollups.tick(nowUs);
    this.#postFirstReplies();
    if (nowUs >= this.#nextSecondUs) this.#everySecond(nowUs);
    this.#lastEndUs = this.#clock.nowUs();
  }

  command(command: AgentCommand): void {
    switch (command.kind) {
      case "address": {
        const peer = this.#byName.get(command.peer);
        if (peer !== undefined && peer.address !== command.address) setAddress(peer, command.address);
        return;
      }
      case "sweep": {
        const peer = this.#byName.get(command.peer);
        if (peer === undefined) return;
        if (command.trigger === "after" || command.trigger === "recapture") this.#sweeper.patiently(peer, command.trigger, peer.lastFlow);
        else this.#sweeper.request(peer, command.trigger, peer.lastFlow);
        return;
      }
      case "cut": {
        const peer = this.#byName.get(command.peer);
        if (peer !== undefined) this.#bursts.cut(peer, this.#clock.nowUs());
        return;
      }
      case "mtr":
        this.#mtrPids.add(command.pid);
        this.#sweeper.mtrStarted(command.pid, this.#byName.get(command.peer) ?? null, command.firstTtl);
        return;
      case "mtr-ended":
        this.#mtrPids.delete(command.pid);
        this.#sweeper.mtrEnded(command.pid);
        return;
      case "start":
      case "stop":
        return;
    }
  }

  /** Process groups that must not outlive the agent. */
  get mtrPids(): readonly number[] {
    return [...this.#mtrPids];
  }

  /** A socket failed and was replaced: what was in flight cannot be judged. */
  socketReplaced(reason: string): void {
    const nowUs = this.#clock.nowUs();
    this.#drops = this.#readDrops();
    this.#blind({ startUs: nowUs, endUs: nowUs, cause: "socket-error", detail: reason });
    this.#censor(nowUs - this.#hardUs);
  }

  /** Posts what is known; call before the process ends. */
  stop(): void {
    const nowUs = this.#clock.nowUs();
    this.#drainAll();
    this.#postFirstReplies();
    this.#rollups.flush();
    this.#bursts.report(nowUs, nowUs);
    this.#slices.send(nowUs, nowUs);
  }

  // --- receiving ---

  #reply(peer: Peer, packet: IcmpPacket, arrival: { bytes: Buffer; source: string; family: 4 | 6; nowUs: number }): void {
    const flight = this.#flight;
    const number = flight.numberOf(peer.index, packet.sequence);
    const place = flight.place(peer.index, number < 0 ? 0 : number);
    const tag = packet.payloadOffset + TAG_OFFSET;
    const { bytes, nowUs } = arrival;
    if (
      number < 0 ||
      packet.payloadLength < TAG_OFFSET + 8 ||
      bytes.readUInt32BE(tag) !== flight.tagHigh[place] ||
      bytes.readUInt32BE(tag + 4) !== flight.tagLow[place] ||
      !this.#fromPeer(peer, bytes, arrival.source, arrival.family)
    ) {
      peer.foreign++;
      return;
    }
    const sentUs = flight.sentUs[place] as number;
    const slot = flight.slot[place] as number;
    const rttUs = Math.max(0, nowUs - sentUs);
    let errorUs = Math.max(0, nowUs - Math.max(this.#busySinceUs, sentUs));
    // Before a reply is called slow: had we been ready to read it, and were not let in?
    if (rttUs - errorUs > peer.softUs) errorUs = Math.min(rttUs, errorUs + this.#ports.runDelayUs() - this.#waitedBeforeUs);
    const state = flight.state[place];
    if (state === STATE.answered || state === STATE.late || state === STATE.free) {
      peer.duplicate++;
      this.#mark(peer, slot, DUPLICATE_BIT);
      return;
    }
    const atBestUs = rttUs - errorUs;
    const inTime = atBestUs <= this.#hardUs;
    if (state === STATE.lost || state === STATE.blind || !inTime) {
      flight.state[place] = STATE.late;
      this.#record(peer, slot, OUTCOME.late, rttUs, number);
      if (state === STATE.lost || state === STATE.blind) this.#rollups.relabel(peer, slot, state === STATE.lost ? "lost" : "blind");
      if (state === STATE.pending) this.#afterSoft(peer, number, slot, sentUs);
      return;
    }
    flight.state[place] = STATE.answered;
    const good = atBestUs <= peer.softUs && state !== STATE.overdue;
    const doubtful = errorUs > Math.max(1000, rttUs / 2);
    if (errorUs > peer.errorMaxUs) peer.errorMaxUs = errorUs;
    this.#record(peer, slot, good ? OUTCOME.reply : OUTCOME.slow, rttUs, number, doubtful);
    if (!peer.everReplied) this.#firstReply(peer, number, nowUs);
    if (!good) {
      if (peer.detector.inBurst && !doubtful && nowUs - Math.max(peer.lastLossUs, peer.burstUs) > RELEARN_US) {
        relearnRtt(peer.rtt, rttUs);
        peer.softUs = softTimeoutUs(peer.rtt, this.#hardUs);
      }
      if (state === STATE.pending) this.#afterSoft(peer, number, slot, sentUs);
      return;
    }
    if (!doubtful && !peer.detector.troubled) {
      learnRtt(peer.rtt, rttUs);
      peer.softUs = softTimeoutUs(peer.rtt, this.#hardUs);
    }
    if (state === STATE.pending && number === peer.softNumber) this.#advance(peer);
    this.#changed(peer, peer.detector.good(slot, sentUs), nowUs);
  }

  /** A pending probe turned out bad when its reply came: the deadline had passed between two ticks. */
  #afterSoft(peer: Peer, number: number, slot: number, sentUs: number): void {
    peer.lastFlow = number & (FLOWS - 1);
    if (number === peer.softNumber) this.#advance(peer);
    this.#changed(peer, peer.detector.bad(slot, sentUs), this.#clock.nowUs());
  }

  #fromPeer(peer: Peer, bytes: Buffer, source: string, family: 4 | 6): boolean {
    if (family !== peer.family) return false;
    return family === 4 ? holdsAddress(bytes, 12, peer.bytes) : isFrom6(peer, source);
  }

  #firstReply(peer: Peer, number: number, nowUs: number): void {
    peer.everReplied = true;
    // What was sent before is from a time in which it had never answered: lost, but no burst.
    peer.softNumber = Math.max(peer.softNumber, number);
    this.#neverNextUs.delete(peer);
    this.#firstReplies.push({ peer: peer.name, address: peer.address ?? "", atMs: this.#clock.wallMs(nowUs) });
    this.#sweeper.firstReply(peer);
  }

  /** All of a tick in one message: at the start a thousand peers answer within one interval. */
  #postFirstReplies(): void {
    if (this.#firstReplies.length === 0) return;
    this.#ports.post({ kind: "first-reply", replies: this.#firstReplies });
    this.#firstReplies = [];
  }

  /** Start of the time during which packets may have waited: now, unless we woke late and may have slept through their arrival. */
  #woke(nowUs: number): number {
    return nowUs > this.#lastTickUs + this.#tickUs + 1500 ? this.#lastEndUs : nowUs;
  }

  // --- judging ---

  #judgeOverdue(nowUs: number, late: boolean): void {
    const due = this.#softDueUs;
    let checked = false;
    for (let index = 0; index < due.length; index++) {
      if ((due[index] as number) > nowUs) continue;
      if (!checked) {
        // Before anybody is accused: did our own socket overflow?
        checked = true;
        if (this.#overflowed(nowUs)) return;
      }
      this.#judgePeer(this.#peers[index] as Peer, nowUs, late);
    }
  }

  #judgePeer(peer: Peer, nowUs: number, late: boolean): void {
    const flight = this.#flight;
    while ((this.#softDueUs[peer.index] as number) <= nowUs) {
      const place = flight.place(peer.index, peer.softNumber);
      const number = peer.softNumber;
      flight.state[place] = late ? STATE.censored : STATE.overdue;
      this.#advance(peer);
      if (late || !peer.everReplied) continue;
      peer.lastFlow = number & (FLOWS - 1);
      this.#changed(peer, peer.detector.bad(flight.slot[place] as number, flight.sentUs[place] as number), nowUs);
    }
  }

  /** The oldest probe that still waits for its soft timeout becomes the one to watch. */
  #advance(peer: Peer): void {
    const flight = this.#flight;
    const next = flight.next[peer.index] as number;
    do peer.softNumber++;
    while (peer.softNumber < next && flight.state[flight.place(peer.index, peer.softNumber)] !== STATE.pending);
    this.#softDueUs[peer.index] =
      peer.softNumber < next ? (flight.sentUs[flight.place(peer.index, peer.softNumber)] as number) + peer.softUs : Number.POSITIVE_INFINITY;
  }

  #settle(nowUs: number, stalled: boolean): void {
    for (const lane of this.#lanes) {
      const dueCount = lane.group.dueAt(nowUs - this.#hardUs - lane.group.toleranceUs - SETTLE_SLACK_US);
      const cursor = lane.settle;
      while (cursor.count < dueCount) {
        this.#settleSlot(lane.members[cursor.member] as Peer, cursor.slot, { stalled, nowUs });
        step(cursor, lane.members.length);
      }
    }
  }

  #settleSlot(peer: Peer, slot: number, at: { readonly stalled: boolean; readonly nowUs: number }): void {
    const sample = peer.recorder.get(peer.member, slot);
    if (sampleOutcome(sample) !== OUTCOME.pending) return;
    const number = sample & 0xff_ffff;
    const place = this.#flight.place(peer.index, number);
    const blind = at.stalled || this.#flight.state[place] === STATE.censored;
    this.#flight.state[place] = blind ? STATE.blind : STATE.lost;
    this.#record(peer, slot, blind ? OUTCOME.blind : OUTCOME.lost, 0, number);
    if (!blind) peer.lastLossUs = at.nowUs;
  }

  #changed(peer: Peer, change: DetectorChange | null, nowUs: number): void {
    if (change === null || !peer.everReplied) return;
    switch (change.kind) {
      case "suspect":
        this.#sweeper.suspect(peer, peer.lastFlow);
        return;
      case "burst-opened":
        peer.burstUs = nowUs;
        this.#bursts.open(peer, { rule: change.rule, slot: change.startSlot, startUs: change.startUs, nowUs });
        this.#sweeper.burst(peer, peer.lastFlow);
        this.#slices.burstOpened(peer, change.startUs);
        return;
      case "burst-ended":
        this.#bursts.end(peer, { slot: change.endSlot, endUs: change.endUs, nowUs });
        this.#slices.burstEnded(peer, change.endUs);
        return;
    }
  }

  #record(peer: Peer, slot: number, outcome: OutcomeCode, rttUs: number, number: number, doubtful: boolean = false): void {
    const sample = packSample(outcome, rttUs, number & (FLOWS - 1));
    if (slot > peer.newestSlot - peer.recorder.slots) peer.recorder.set(peer.member, slot, doubtful ? (sample | DOUBTFUL_BIT) >>> 0 : sample);
  }

  #mark(peer: Peer, slot: number, bit: number): void {
    if (slot > peer.newestSlot - peer.recorder.slots) peer.recorder.set(peer.member, slot, (peer.recorder.get(peer.member, slot) | bit) >>> 0);
  }

  // --- being blind ---

  #blind(interval: { readonly startUs: number; readonly endUs: number; readonly cause: BlindCause; readonly detail: string | null }): void {
    const { clock } = this.#ports;
    for (const peer of this.#peers) peer.detector.forget();
    this.#ports.post({
      kind: "blind",
      startedMs: clock.wallMs(interval.startUs),
      endedMs: clock.wallMs(interval.endUs),
      cause: interval.cause,
      detail: interval.detail,
    });
  }

  /** Probes on their way whose answer may have been lost by us, with a deadline after `sinceUs`, will not be judged unless the answer turns up. */
  #censor(sinceUs: number): void {
    const flight = this.#flight;
    for (const peer of this.#peers) {
      const next = flight.next[peer.index] as number;
      for (let number = next - 1; number >= 0 && number > next - flight.ring; number--) {
        const place = flight.place(peer.index, number);
        if ((flight.sentUs[place] as number) + peer.softUs < sinceUs) break;
        if (flight.state[place] === STATE.pending || flight.state[place] === STATE.overdue) flight.state[place] = STATE.censored;
      }
      peer.softNumber = next;
      this.#softDueUs[peer.index] = Number.POSITIVE_INFINITY;
    }
  }

  #readDrops(): number {
    return (this.#ports.sockets[4]?.drops() ?? 0) + (this.#ports.sockets[6]?.drops() ?? 0);
  }

  #overflowed(nowUs: number): boolean {
    const drops = this.#readDrops();
    const sinceUs = this.#dropsUs;
    this.#dropsUs = nowUs;
    const more = drops - this.#drops;
    this.#drops = drops;
    if (more <= 0) return false;
    this.#blind({ startUs: sinceUs, endUs: nowUs, cause: "overflow", detail: `the receive buffer was full: ${more} packets dropped` });
    this.#censor(sinceUs);
    return true;
  }

  // --- sending ---

  #sendDue(nowUs: number): void {
    let sends = 0;
    for (const lane of this.#lanes) {
      const due = lane.group.dueAt(nowUs);
      const cursor = lane.send;
      while (cursor.count < due) {
        const peer = lane.members[cursor.member] as Peer;
        const { slot } = cursor;
        peer.newestSlot = slot;
        const plannedUs = lane.group.atUs(cursor.member, slot);
        if (peer.address === null || plannedUs < peer.sinceUs) lane.recorder.set(cursor.member, slot, OUTCOME.none);
        else if (nowUs - plannedUs > lane.group.toleranceUs) lane.recorder.set(cursor.member, slot, packSample(OUTCOME.skipped, 0, 0));
        else {
          this.#sendProbe(peer, slot, nowUs);
          if (++sends % SENDS_PER_DRAIN === 0) this.#drainSome();
        }
        step(cursor, lane.members.length);
      }
    }
    // What answered at once need not wake us again.
    if (sends % SENDS_PER_DRAIN !== 0) this.#drainSome();
  }

  #sendProbe(peer: Peer, slot: number, nowUs: number): void {
    const flight = this.#flight;
    const number = flight.next[peer.index] as number;
    const place = flight.place(peer.index, number);
    const stamp = this.#stamp;
    const flow = number & (FLOWS - 1);
    stamp.flow = peer.flows[flow] as Flow;
    stamp.sequence = number & 0x7fff;
    stamp.number = number;
    stamp.flags = 0;
    stamp.ttl = 0;
    stamp.tagHigh = this.#random32();
    stamp.tagLow = this.#random32();
    const sentUs = this.#clock.nowUs();
    stamp.sentUs = sentUs;
    const packet = this.#packets[peer.family];
    stampProbe(packet, stamp);
    const socket = this.#ports.sockets[peer.family];
    const error = socket === null ? "EAFNOSUPPORT" : socket.send(packet.bytes, peer.address as string);
    if (error !== null) {
      this.#sendErrors[error] = (this.#sendErrors[error] ?? 0) + 1;
      peer.recorder.set(peer.member, slot, packSample(OUTCOME.sendFailed, 0, flow));
      if (peer.everReplied) this.#changed(peer, peer.detector.bad(slot, sentUs), nowUs);
      return;
    }
    flight.sentUs[place] = sentUs;
    flight.slot[place] = slot;
    flight.tagHigh[place] = stamp.tagHigh;
    flight.tagLow[place] = stamp.tagLow;
    flight.state[place] = STATE.pending;
    flight.next[peer.index] = number + 1;
    peer.recorder.set(peer.member, slot, packSample(OUTCOME.pending, number & 0xff_ffff, flow));
    if (peer.softNumber >= number) {
      peer.softNumber = number;
      this.#softDueUs[peer.index] = sentUs + peer.softUs;
    }
  }

  #sendTrace(trace: TracePacket): string | null {
    const stamp = this.#stamp;
    stamp.flow = trace.flow;
    stamp.sequence = 0x8000 | trace.handle;
    stamp.number = 0;
    stamp.sentUs = this.#clock.nowUs();
    stamp.flags = FLAG_TRACE;
    stamp.ttl = trace.ttl;
    stamp.tagHigh = trace.tagHigh;
    stamp.tagLow = trace.tagLow;
    const packet = this.#packets[trace.peer.family];
    stampProbe(packet, stamp);
    const socket = this.#ports.sockets[trace.peer.family];
    return socket === null ? "EAFNOSUPPORT" : socket.sendWithTtl(packet.bytes, trace.peer.address as string, trace.ttl);
  }

  /** Reads what answered at once, while still sending. On long paths there is never anything, so it is tried rarely then. */
  #drainSome(): void {
    if (this.#drainMisses >= 4 && ++this.#drainSkips % 64 !== 0) return;
    const before = this.#packetCount;
    this.#ports.sockets[4]?.drain(SENDS_PER_DRAIN);
    this.#ports.sockets[6]?.drain(SENDS_PER_DRAIN);
    this.#drainMisses = this.#packetCount > before ? 0 : this.#drainMisses + 1;
    this.#lastEndUs = this.#clock.nowUs();
  }

  #drainAll(): void {
    this.#ports.sockets[4]?.drain(DRAIN_ALL);
    this.#ports.sockets[6]?.drain(DRAIN_ALL);
    // The sockets are empty: what arrives from here on has not waited longer than this.
    this.#busySinceUs = this.#clock.nowUs();
    this.#lastEndUs = this.#busySinceUs;
  }

  // --- once a second ---

  #everySecond(nowUs: number): void {
    this.#nextSecondUs = nowUs + 1e6;
    const clocks = this.#clock.look();
    const { post } = this.#ports;
    if (clocks.stepMs !== 0) post({ kind: "clock-step", atMs: this.#clock.wallMs(nowUs), stepMs: Math.round(clocks.stepMs) });
    if (clocks.suspendedMs > 0) {
      this.#blind({
        startUs: nowUs - clocks.suspendedMs * 1000,
        endUs: nowUs,
        cause: "suspend",
        detail: `the machine slept for ${Math.round(clocks.suspendedMs)} ms`,
      });
      this.#censor(nowUs - 1e6 - this.#hardUs);
    }
    this.#overflowed(nowUs);
    const finalUs = nowUs - this.#hardUs - LATE_REPLY_MS * 1000;
    this.#bursts.report(nowUs, finalUs);
    this.#slices.send(nowUs, finalUs);
    this.#sweeper.baselines(this.#peers, nowUs);
    this.#neverAnswered(nowUs);
    post({ kind: "alive", atMs: this.#clock.wallMs(nowUs), foreign: this.#foreign, sendErrors: this.#sendErrors, dropped: 0 });
  }

  #neverAnswered(nowUs: number): void {
    for (const [peer, atUs] of this.#neverNextUs) {
      if (nowUs < atUs || peer.address === null) continue;
      this.#neverNextUs.set(peer, nowUs + HOURLY_US);
      this.#ports.post({ kind: "never-answered", peer: peer.name, sinceMs: this.#clock.wallMs(peer.sinceUs) });
      this.#sweeper.request(peer, "baseline", 0);
    }
  }

  #random32(): number {
    if (this.#entropyLeft === 0) {
      this.#ports.random(new Uint8Array(this.#entropy.buffer));
      this.#entropyLeft = this.#entropy.length;
    }
    return this.#entropy[--this.#entropyLeft] as number;
  }

  #buildPeers(nowUs: number): void {
    const settings = this.#settings;
    const byInterval = new Map<number, number[]>();
    settings.peers.forEach((peer, index) => {
      const group = byInterval.get(peer.intervalMs);
      if (group === undefined) byInterval.set(peer.intervalMs, [index]);
      else group.push(index);
    });
    for (const [intervalMs, indices] of byInterval) {
      // Groups start at different moments, or their first members would always send together.
      const group = new PaceGroup({
        intervalUs: intervalMs * 1000,
        peers: indices,
        baseUs: nowUs + (this.#random32() / 2 ** 32) * intervalMs * 1000,
      });
      const recorder = new Recorder(indices.length, intervalMs);
      const members = indices.map((index, member) => {
        const options = {
          index,
          settings,
          ids: this.#ids,
          random: () => this.#random32() & 0xffff,
          sinceUs: nowUs + Math.max(0, index - START_AT_ONCE) * START_EACH_US,
        };
        const peer = createPeer(settings.peers[index] as (typeof settings.peers)[number], options, { group, member, recorder });
        this.#peers[index] = peer;
        this.#byName.set(peer.name, peer);
        if (!peer.everReplied) this.#neverNextUs.set(peer, peer.sinceUs + NEVER_ANSWERED_US);
        return peer;
      });
      this.#lanes.push({ group, recorder, members, send: { member: 0, slot: 0, count: 0 }, settle: { member: 0, slot: 0, count: 0 } });
    }
  }
}

function tickFor(peers: readonly WirePeer[]): number {
  const perSecond = peers.reduce((sum, peer) => sum + 1000 / peer.intervalMs, 0);
  const isSmall = perSecond < SMALL_LOAD_PER_S && peers.every((peer) => peer.intervalMs >= SMALL_LOAD_INTERVAL_MS);
  return isSmall ? TICK_MS.small : TICK_MS.large;
}

function step(cursor: Cursor, members: number): void {
  cursor.count++;
  if (++cursor.member === members) {
    cursor.member = 0;
    cursor.slot++;
  }
}
