/** The parts of a wire and who tells whom: nothing but wiring, in the order in which a probe goes through them. */
import { Blindness } from "./probing/blindness.ts";
import { BurstBook } from "./counting/bursts.ts";
import type { Clock } from "./clock.ts";
import { Drain, type Sockets } from "./socket/drain.ts";
import { Entropy } from "./probing/entropy.ts";
import { Episodes } from "./episodes.ts";
import { FirstReplies } from "./probing/first-replies.ts";
import { FreshIds } from "./probing/fresh-ids.ts";
import { Guests } from "./guests.ts";
import { Hearing } from "./hearing/hearing.ts";
import { Inbox } from "./inbox.ts";
import { InFlight, ringFor } from "./probing/in-flight.ts";
import { Judge, SETTLE_SLACK_US } from "./probing/judge.ts";
import { KeyedAdmission } from "./hearing/keyed-admission.ts";
import { buildLanes, type Lane } from "./probing/lanes.ts";
import { MeshKeys } from "./hearing/mesh-keys.ts";
import type { WireMessage, WireSettings } from "./messages.ts";
import { OpenAdmission } from "./hearing/open-admission.ts";
import { Orders } from "./orders.ts";
import { Overdue } from "./counting/overdue.ts";
import { PeerClocks } from "./hearing/peer-clocks.ts";
import { PeersByAddress } from "./peers-by-address.ts";
import type { Peer } from "./peer.ts";
import { Roster } from "./roster.ts";
import { Readiness } from "./socket/readiness.ts";
import { RemoteAsks } from "./hearing/remote-asks.ts";
import { Replies } from "./probing/replies.ts";
import { Rollups } from "./counting/rollups.ts";
import { Sender } from "./probing/sender.ts";
import { Slices } from "./counting/slices.ts";
import { Standing } from "./counting/standing.ts";
import { SweepSchedule } from "./sweeps/sweep-schedule.ts";
import { Sweeper } from "./sweeps/sweeper.ts";

/**
 * Waking up costs as much processor time as a dozen sends (measured: 0.2 ms on cold caches). So a small load is sent in fewer portions, and a large one in
 * portions that do not queue behind themselves. Replies are read when they arrive, so round-trip times do not depend on it.
 */
const TICK_MS = { small: 20, large: 10 } as const;
const SMALL_LOAD_PER_S = 2_000;
/** Probes may leave up to a tick late, and must stay well within the tolerance of their slot. */
const SMALL_LOAD_INTERVAL_MS = 100;
/** Replies are recognised this long after the hard timeout. */
export const LATE_REPLY_MS = 10_000;

export interface ProberPorts {
  readonly sockets: Sockets;
  readonly clock: Clock;
  /** Fills with random bytes. */
  readonly random: (bytes: Uint8Array) => void;
  readonly post: (message: WireMessage) => void;
  /** µs that this process has waited for a processor, in all. */
  readonly runDelayUs: () => number;
}

export interface Parts {
  readonly roster: Roster;
  readonly readiness: Readiness;
  readonly drain: Drain;
  readonly inbox: Inbox;
  readonly blindness: Blindness;
  readonly judge: Judge;
  readonly sender: Sender;
  readonly hearing: Hearing;
  readonly peerClocks: PeerClocks;
  readonly freshIds: FreshIds;
  readonly standing: Standing;
  readonly overdue: Overdue;
  readonly bursts: BurstBook;
  readonly slices: Slices;
  readonly rollups: Rollups;
  readonly sweeper: Sweeper;
  readonly schedule: SweepSchedule;
  readonly firstReplies: FirstReplies;
  readonly orders: Orders;
}

export function buildParts(settings: WireSettings, { clock, post, sockets, random, runDelayUs }: ProberPorts): Parts {
  const nowUs = clock.nowUs();
  const hardUs = settings.timeoutMs * 1000;
  const { agentId, epoch } = settings;
  const entropy = new Entropy(random);
  const random32 = (): number => entropy.next();
  const built = buildLanes(settings, { nowUs, random32 });
  const { peers, lanes, ids } = built;
  const ring = (of: readonly Peer[]): number => ringFor(Math.min(1000, ...of.map(intervalMs)), settings.timeoutMs + LATE_REPLY_MS);
  const flight = new InFlight(peers.length, ring(peers));
  const readiness = new Readiness({ tickUs: tickFor(peers) * 1000, nowUs, runDelayUs });
  const drain = new Drain({ sockets, clock, readiness });
  const blindness: Blindness = new Blindness({
    clock,
    post,
    drops: () => drain.drops(),
    forget: () => {
      for (const peer of peers) peer.detector.forget();
    },
    censor: (sinceUs) => judge.censor(sinceUs),
  });
  const overdue = new Overdue(post);
  const judge = new Judge({
    peers,
    lanes,
    flight,
    hardUs,
    overflowed: (atUs) => blindness.overflowed(atUs),
    changed: (peer, change, atUs) => episodes.changed(peer, change, atUs),
    turnedOverdue: (peer) => overdue.note(peer),
  });
  const roster = new Roster({
    lanes: built,
    settings,
    clock,
    random32,
    flight,
    judge,
    ringFor: ring,
    changed: (gone, come) => {
      byAddress.forget();
      hearing.peersChanged(gone);
      schedule.peersChanged(gone);
      for (const peer of gone) {
        bursts.forget(peer);
        slices.forget(peer);
        freshIds.burstEnded(peer);
        firstReplies.forget(peer);
      }
      for (const peer of come) if (!peer.canary) firstReplies.expect(peer);
      rollups.settleAfter(settleUs(lanes, hardUs));
      readiness.retime(tickFor([...roster.mesh, ...roster.canaries]) * 1000);
    },
  });
  const { mesh, canaries } = roster;
  const keys = settings.meshKeys.length === 0 ? null : new MeshKeys(settings.meshKeys.map((key) => Buffer.from(key, "hex")));
  const byAddress = new PeersByAddress(mesh);
  const peerClocks = new PeerClocks({ clock, flight, post });
  const admission =
    keys === null
      ? new OpenAdmission(byAddress)
      : new KeyedAdmission({
          peers: mesh,
          byAddress,
          agentId,
          keys,
          epochs: new Map(settings.peerEpochs),
          newEpoch: (peer, newest) => post({ kind: "peer-epoch", peer: peer.name, epoch: newest }),
        });
  const hearing = new Hearing({
    peers: mesh,
    agentId,
    epoch,
    flight,
    admission,
    clocks: peerClocks,
    asks: keys === null ? null : new RemoteAsks((asked) => post({ kind: "asked", ...asked, peer: asked.peer.name })),
    silent: (peer, sinceUs) => post({ kind: "agent-silent", peer: peer.name, sinceMs: sinceUs === null ? null : clock.wallMs(sinceUs) }),
  });
  const sender = new Sender({ agentId, epoch, lanes, sockets, clock, flight, judge, drain, random32, hearing, keys });
  const freshIds = new FreshIds({ ids, random32, send: (peer, flow) => sender.fresh(peer, flow) });
  const standing = new Standing({ peers: mesh, canaries, clock, post, sendErrors: () => sender.errors });
  const bursts = new BurstBook({ clock, hearing, freshId: (peer) => freshIds.count(peer), post: (burst) => post({ kind: "burst", burst }) });
  const slices = new Slices({ clock, post, recordMs: settings.recordMs });
  const rollups = new Rollups({
    peers,
    clock,
    post: (rows) => post({ kind: "rollups", rows }),
    settleUs: settleUs(lanes, hardUs),
    takeHeard: (peer) => hearing.takeCounts(peer),
  });
  const replies = new Replies({
    flight,
    judge,
    readiness,
    hardUs,
    relabel: (peer, slot, from) => rollups.relabel(peer, slot, from),
    firstReply: (peer, atUs) => firstReplies.take(peer, atUs),
    replyTtl: (peer, { before, now, nowUs: atUs }) => {
      if (!peer.canary) post({ kind: "reply-ttl", peer: peer.name, atMs: clock.wallMs(atUs), before, now });
    },
  });
  const sweeper = new Sweeper({
    clock,
    send: (packet) => sender.trace(packet),
    drain: () => drain.some(),
    post: (sweep) => post({ kind: "sweep", sweep }),
    random: random32,
  });
  const schedule = new SweepSchedule({ clock, sweeper, baselineMs: settings.baselineMs, random: random32 });
  const guests = new Guests({ ids, random32, forget: (guest) => sweeper.forget(guest) });
  const firstReplies = new FirstReplies({ peers: mesh, clock, schedule, post });
  const episodes = new Episodes({ bursts, schedule, slices, freshIds, standing });
  const orders = new Orders({ roster, guests, post, clock, byAddress, schedule, sweeper, bursts, freshIds });
  const inbox = new Inbox({ peers, guests, ids, clock, readiness, drain, hearing, replies, sweeper, freshIds, standing });
  return {
    roster,
    readiness,
    drain,
    inbox,
    blindness,
    judge,
    sender,
    hearing,
    peerClocks,
    freshIds,
    standing,
    overdue,
    bursts,
    slices,
    rollups,
    sweeper,
    schedule,
    firstReplies,
    orders,
  };
}

/** How often a wire with these peers is to tick. */
export function tickFor(peers: readonly Peer[]): number {
  const perSecond = peers.reduce((sum, peer) => sum + 1000 / intervalMs(peer), 0);
  const isSmall = perSecond < SMALL_LOAD_PER_S && peers.every((peer) => intervalMs(peer) >= SMALL_LOAD_INTERVAL_MS);
  return isSmall ? TICK_MS.small : TICK_MS.large;
}

function intervalMs(peer: Peer): number {
  return peer.group.intervalUs / 1000;
}

/** After this long every probe of a period is judged. */
function settleUs(lanes: readonly Lane[], hardUs: number): number {
  return hardUs + Math.max(10_000, ...lanes.map((lane) => lane.group.toleranceUs)) + 2 * SETTLE_SLACK_US;
}
