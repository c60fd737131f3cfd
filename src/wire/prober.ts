/**
 * The heart of the wire, and the order in which things happen there: what has arrived is read first, then deadlines are judged, then new probes go out. One
 * tick every ten or twenty milliseconds, and one call per packet in between.
 *
 *   Sender → network → Replies → Judge → Detector → bursts, sweeps, slices of the recorder
 *
 * A late tick, a socket that overflowed or a clock that slept says something about us and nothing about the network: what would be judged there is censored.
 */
import { createIcmpPacket, readIcmp4, readIcmp6, type IcmpPacket } from "../packet/icmp.ts";
import type { Flow } from "../packet/probe.ts";
import type { DetectorChange } from "../detect/detector.ts";
import { Blindness } from "./blindness.ts";
import { BurstBook } from "./bursts.ts";
import type { Clock } from "./clock.ts";
import { Drain, type Sockets } from "./drain.ts";
import { Entropy } from "./entropy.ts";
import { FreshIds } from "./fresh-ids.ts";
import { Hearing } from "./hearing.ts";
import { KeyedAdmission } from "./keyed-admission.ts";
import { OpenAdmission } from "./open-admission.ts";
import { PeersByAddress } from "./peers-by-address.ts";
import { RemoteAsks } from "./remote-asks.ts";
import { InFlight, ringFor } from "./in-flight.ts";
import { Judge, SETTLE_SLACK_US } from "./judge.ts";
import { buildLanes, type Lanes } from "./lanes.ts";
import { MeshKeys } from "./mesh-keys.ts";
import type { AgentCommand, FirstReply, WireMessage, WirePeer, WireSettings } from "./messages.ts";
import { PeerClocks } from "./peer-clocks.ts";
import { FLOWS, setAddress, type Peer } from "./peer.ts";
import { Readiness } from "./readiness.ts";
import { isFromPeer, Replies } from "./replies.ts";
import { Rollups } from "./rollups.ts";
import { Sender } from "./sender.ts";
import { Slices } from "./slices.ts";
import { Standing } from "./standing.ts";
import { SweepSchedule } from "./sweep-schedule.ts";
import { Sweeper } from "./sweeper.ts";

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
const SECOND_US = 1_000_000;
const NEVER_ANSWERED_US = 10_000_000;
const HOURLY_US = 3_600_000_000;

export interface ProberPorts {
  readonly sockets: Sockets;
  readonly clock: Clock;
  /** Fills with random bytes. */
  readonly random: (bytes: Uint8Array) => void;
  readonly post: (message: WireMessage) => void;
  /** µs that this process has waited for a processor, in all. */
  readonly runDelayUs: () => number;
}

export class Prober {
  /** How often `tick` wants to be called. */
  readonly tickMs: number;
  readonly #clock: Clock;
  readonly #post: (message: WireMessage) => void;
  readonly #hardUs: number;
  /** Peers, then canaries. */
  readonly #peers: readonly Peer[];
  readonly #mesh: readonly Peer[];
  readonly #byName: ReadonlyMap<string, Peer>;
  readonly #ids: Int32Array;
  readonly #icmp: IcmpPacket = createIcmpPacket();
  readonly #readiness: Readiness;
  readonly #drain: Drain;
  readonly #blindness: Blindness;
  readonly #judge: Judge;
  readonly #replies: Replies;
  readonly #hearing: Hearing;
  readonly #byAddress: PeersByAddress;
  readonly #peerClocks: PeerClocks;
  readonly #freshIds: FreshIds;
  readonly #standing: Standing;
  readonly #sender: Sender;
  readonly #bursts: BurstBook;
  readonly #slices: Slices;
  readonly #rollups: Rollups;
  readonly #sweeper: Sweeper;
  readonly #schedule: SweepSchedule;
  #nextSecondUs: number;
  #foreign = 0;
  #firstReplies: FirstReply[] = [];
  /** Peers that have never answered, and when that is next to be said. */
  readonly #neverNextUs = new Map<Peer, number>();
  readonly #mtrPids = new Set<number>();

  constructor(settings: WireSettings, ports: ProberPorts) {
    const { clock, post, sockets } = ports;
    const nowUs = clock.nowUs();
    const entropy = new Entropy(ports.random);
    const random32 = (): number => entropy.next();
    const { peers, lanes, ids }: Lanes = buildLanes(settings, { nowUs, random32 });
    this.tickMs = tickFor(settings.peers);
    const mesh = peers.filter((peer) => !peer.canary);
    this.#clock = clock;
    this.#post = post;
    this.#hardUs = settings.timeoutMs * 1000;
    this.#peers = peers;
    this.#mesh = mesh;
    this.#byName = new Map(peers.map((peer) => [peer.name, peer]));
    this.#ids = ids;
    this.#nextSecondUs = nowUs + SECOND_US;
    for (const peer of mesh) if (!peer.everReplied) this.#neverNextUs.set(peer, peer.sinceUs + NEVER_ANSWERED_US);

    const hardUs = this.#hardUs;
    const fastestMs = Math.min(1000, ...settings.peers.map((peer) => peer.intervalMs));
    const flight = new InFlight(peers.length, ringFor(fastestMs, settings.timeoutMs + LATE_REPLY_MS));
    const readiness = new Readiness({ tickUs: this.tickMs * 1000, nowUs, runDelayUs: ports.runDelayUs });
    const drain = new Drain({ sockets, clock, readiness });
    this.#readiness = readiness;
    this.#drain = drain;
    this.#blindness = new Blindness({
      clock,
      post,
      drops: () => drain.drops(),
      forget: () => {
        for (const peer of peers) peer.detector.forget();
      },
      censor: (sinceUs) => this.#judge.censor(sinceUs),
    });
    const judge = new Judge({
      peers,
      lanes,
      flight,
      hardUs,
      overflowed: (atUs) => this.#blindness.overflowed(atUs),
      changed: (peer, change, atUs) => this.#changed(peer, change, atUs),
    });
    this.#judge = judge;
    const keys = settings.meshKeys.length === 0 ? null : new MeshKeys(settings.meshKeys.map((key) => Buffer.from(key, "hex")));
    this.#byAddress = new PeersByAddress(mesh);
    this.#peerClocks = new PeerClocks({ clock, flight, post });
    const { agentId, epoch } = settings;
    const hearing = new Hearing({
      peers: mesh,
      agentId,
      epoch,
      flight,
      admission:
        keys === null
          ? new OpenAdmission(this.#byAddress)
          : new KeyedAdmission({
              peers: mesh,
              byAddress: this.#byAddress,
              agentId,
              keys,
              epochs: new Map(settings.peerEpochs),
              newEpoch: (peer, newest) => post({ kind: "peer-epoch", peer: peer.name, epoch: newest }),
            }),
      clocks: this.#peerClocks,
      asks: keys === null ? null : new RemoteAsks((asked) => post({ kind: "asked", ...asked, peer: asked.peer.name })),
      silent: (peer, sinceUs) => post({ kind: "agent-silent", peer: peer.name, sinceMs: sinceUs === null ? null : clock.wallMs(sinceUs) }),
    });
    this.#hearing = hearing;
    this.#sender = new Sender({
      agentId: settings.agentId,
      epoch: settings.epoch,
      lanes,
      sockets,
      clock,
      flight,
      judge,
      drain,
      random32,
      hearing,
      keys,
    });
    this.#freshIds = new FreshIds({ ids, random32, send: (peer, flow) => this.#sender.fresh(peer, flow) });
    this.#standing = new Standing({
      peers: mesh,
      canaries: peers.filter((peer) => peer.canary),
      clock,
      post,
      sendErrors: () => this.#sender.errors,
    });
    this.#bursts = new BurstBook({ clock, hearing, freshId: (peer) => this.#freshIds.count(peer), post: (burst) => post({ kind: "burst", burst }) });
    this.#slices = new Slices({ clock, post, recordMs: settings.recordMs });
    const settleUs = hardUs + Math.max(10_000, ...lanes.map((lane) => lane.group.toleranceUs)) + 2 * SETTLE_SLACK_US;
    this.#rollups = new Rollups({
      peers: mesh,
      clock,
      post: (rows) => post({ kind: "rollups", rows }),
      settleUs,
      takeHeard: (peer) => hearing.takeCounts(peer),
    });
    this.#replies = new Replies({
      flight,
      judge,
      readiness,
      hardUs,
      relabel: (peer, slot, from) => this.#rollups.relabel(peer, slot, from),
      firstReply: (peer, atUs) => this.#firstReply(peer, atUs),
      replyTtl: (peer, { before, now, nowUs: atUs }) => {
        if (!peer.canary) post({ kind: "reply-ttl", peer: peer.name, atMs: clock.wallMs(atUs), before, now });
      },
    });
    this.#sweeper = new Sweeper({
      clock,
      send: (packet) => this.#sender.trace(packet),
      drain: () => drain.some(),
      post: (sweep) => post({ kind: "sweep", sweep }),
      random: random32,
    });
    this.#schedule = new SweepSchedule({ clock, sweeper: this.#sweeper, baselineMs: settings.baselineMs, random: random32 });
  }

  /** One packet from a socket, at any time. */
  receive(family: 4 | 6, bytes: Buffer, length: number, source: string): void {
    const nowUs = this.#clock.nowUs();
    this.#readiness.woke(nowUs);
    this.#drain.count();
    const packet = family === 4 ? readIcmp4(bytes, length, this.#icmp) : readIcmp6(bytes, length, this.#icmp);
    if (packet === null) return;
    if (packet.kind === "request") return this.#hearing.take(packet, { bytes, source, family, nowUs });
    const owner = this.#ids[packet.id] as number;
    const arrival = { bytes, source, family, nowUs };
    if (owner < 0) {
      if (!this.#freshIds.take(packet, arrival)) this.#foreign++;
      return;
    }
    const peer = this.#peers[owner >> 2] as Peer;
    if (packet.sequence >= 0x8000) {
      if (packet.kind === "reply" && !isFromPeer(peer, arrival)) peer.foreign++;
      else this.#sweeper.answer(peer, peer.flows[owner & (FLOWS - 1)] as Flow, packet, arrival);
    } else if (packet.kind === "reply") this.#replies.take(peer, packet, arrival);
    else if (packet.kind === "unreachable") this.#standing.unreachable(peer, source);
  }

  /** Called every `tickMs`. */
  tick(): void {
    const nowUs = this.#clock.nowUs();
    const { sinceUs, lagUs } = this.#readiness.ticked(nowUs);
    this.#drain.all();
    this.#readiness.accountWaiting();
    const stalled = lagUs > BLIND_US;
    if (stalled) this.#blindness.stalled(sinceUs, nowUs);
    else this.#blindness.tellStall();
    this.#judge.overdue(nowUs, lagUs > LATE_TICK_US);
    this.#judge.settle(nowUs, stalled);
    this.#sender.due(nowUs);
    if (this.#drain.requests()) this.#hearing.deafened();
    this.#schedule.tick(nowUs);
    this.#sweeper.tick(nowUs);
    this.#standing.tick(nowUs);
    this.#freshIds.ask(nowUs);
    this.#rollups.tick(nowUs);
    this.#postFirstReplies();
    if (nowUs >= this.#nextSecondUs) this.#everySecond(nowUs);
    this.#readiness.left(this.#clock.nowUs());
  }

  command(command: AgentCommand): void {
    switch (command.kind) {
      case "address": {
        const peer = this.#byName.get(command.peer);
        if (peer === undefined || peer.address === command.address) return;
        setAddress(peer, command.address);
        this.#byAddress.forget();
        return;
      }
      case "sweep": {
        const peer = this.#byName.get(command.peer);
        if (peer !== undefined) this.#schedule.request(peer, command.trigger, peer.lastFlow);
        return;
      }
      case "trace-after": {
        const peer = this.#byName.get(command.peer);
        if (peer !== undefined) this.#schedule.traceAfter(peer, { flow: peer.lastFlow, cycles: command.cycles });
        return;
      }
      case "cut": {
        const peer = this.#byName.get(command.peer);
        if (peer === undefined) return;
        this.#bursts.cut(peer, this.#clock.nowUs());
        this.#freshIds.burstCut(peer);
        return;
      }
      case "incident": {
        const peer = this.#byName.get(command.peer);
        if (peer !== undefined) peer.incident = command.number;
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
    this.#hearing.deafened();
    this.#blindness.socketReplaced(nowUs, { reason, sentSinceUs: nowUs - this.#hardUs });
  }

  /** Posts what is known; call before the process ends. */
  stop(): void {
    const nowUs = this.#clock.nowUs();
    this.#drain.all();
    this.#blindness.tellStall();
    this.#postFirstReplies();
    this.#rollups.flush();
    this.#bursts.report(nowUs, nowUs);
    this.#slices.send(nowUs, nowUs);
  }

  #changed(peer: Peer, change: DetectorChange, nowUs: number): void {
    if (peer.canary) return;
    switch (change.kind) {
      case "suspect":
        this.#schedule.suspect(peer, peer.lastFlow);
        return;
      case "burst-opened":
        peer.burstUs = nowUs;
        this.#bursts.open(peer, { rule: change.rule, slot: change.startSlot, startUs: change.startUs, nowUs });
        this.#schedule.burst(peer, peer.lastFlow);
        this.#slices.burstOpened(peer, change.startUs);
        this.#freshIds.burstOpened(peer);
        this.#standing.burstOpened(nowUs);
        return;
      case "burst-ended":
        this.#bursts.end(peer, { slot: change.endSlot, endUs: change.endUs, nowUs });
        this.#freshIds.burstEnded(peer);
        this.#slices.burstEnded(peer, change.endUs);
        return;
    }
  }

  #firstReply(peer: Peer, nowUs: number): void {
    peer.everReplied = true;
    if (peer.canary) return;
    this.#neverNextUs.delete(peer);
    this.#firstReplies.push({ peer: peer.name, address: peer.address ?? "", atMs: this.#clock.wallMs(nowUs) });
    this.#schedule.firstReply(peer);
  }

  /** All of a tick in one message: at the start a thousand peers answer within one interval. */
  #postFirstReplies(): void {
    if (this.#firstReplies.length === 0) return;
    this.#post({ kind: "first-reply", replies: this.#firstReplies });
    this.#firstReplies = [];
  }

  #everySecond(nowUs: number): void {
    this.#nextSecondUs = nowUs + SECOND_US;
    const clocks = this.#clock.look();
    if (clocks.stepMs !== 0) this.#post({ kind: "clock-step", atMs: this.#clock.wallMs(nowUs), stepMs: Math.round(clocks.stepMs) });
    if (clocks.suspendedMs > 0) this.#hearing.deafened();
    if (clocks.suspendedMs > 0) this.#blindness.suspended(nowUs, { ms: clocks.suspendedMs, noticedUs: SECOND_US + this.#hardUs });
    this.#blindness.overflowed(nowUs);
    const finalUs = nowUs - this.#hardUs - LATE_REPLY_MS * 1000;
    this.#bursts.report(nowUs, finalUs);
    this.#slices.send(nowUs, finalUs);
    this.#schedule.baselines(this.#mesh, nowUs);
    this.#neverAnswered(nowUs);
    this.#hearing.listen(nowUs);
    this.#peerClocks.tick(nowUs);
    this.#post({
      kind: "alive",
      atMs: this.#clock.wallMs(nowUs),
      foreign: this.#foreign,
      sendErrors: this.#sender.errors,
      dropped: 0,
      refused: this.#hearing.refused,
    });
  }

  #neverAnswered(nowUs: number): void {
    for (const [peer, atUs] of this.#neverNextUs) {
      if (nowUs < atUs || peer.address === null) continue;
      this.#neverNextUs.set(peer, nowUs + HOURLY_US);
      this.#post({ kind: "never-answered", peer: peer.name, sinceMs: this.#clock.wallMs(peer.sinceUs) });
      this.#schedule.request(peer, "baseline", 0);
    }
  }
}

function tickFor(peers: readonly WirePeer[]): number {
  const perSecond = peers.reduce((sum, peer) => sum + 1000 / peer.intervalMs, 0);
  const isSmall = perSecond < SMALL_LOAD_PER_S && peers.every((peer) => peer.intervalMs >= SMALL_LOAD_INTERVAL_MS);
  return isSmall ? TICK_MS.small : TICK_MS.large;
}
