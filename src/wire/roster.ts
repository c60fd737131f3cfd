/**
 * Who is probed. The peers of a running wire may change: those that stay keep their slots, numbers, flows and all that was learned of them, and lose no probe.
 * A peer that goes is retired, not removed: probes on their way to it are still judged, and its last rollup counts them. A new one takes the place of one that
 * retired so long ago that nothing refers to it any more, or a lane is added for it and its like; so a node that is reloaded every day does not grow.
 *
 * A peer that comes back under its name goes on with its probe numbers: its agent would take smaller ones for replays.
 */
import type { Clock } from "./clock.ts";
import type { WirePeer, WireSettings } from "./messages.ts";
import { createPeer, FLOWS, type Peer } from "./peer.ts";
import type { InFlight } from "./probing/in-flight.ts";
import type { Judge } from "./probing/judge.ts";
import { extendLanes, startUs, type Lane, type Lanes } from "./probing/lanes.ts";

/** The flight recorder reaches five minutes back; after this nothing of a retired peer is read. */
const REUSE_US = 360_000_000;
/** There are 65,536 ICMP ids. */
const MAX_PEERS = 65_536 / FLOWS;
/** Names of peers that are gone whose numbers are kept; a name that is older starts anew. */
const MAX_NUMBERS = 65_536;

interface Retired {
  readonly peer: Peer;
  readonly atUs: number;
  readonly lane: Lane;
}

interface Options {
  readonly lanes: Lanes;
  readonly settings: WireSettings;
  readonly clock: Clock;
  readonly random32: () => number;
  readonly flight: InFlight;
  readonly judge: Judge;
  /** Places in the rings that peers with these intervals need. */
  readonly ringFor: (peers: readonly Peer[]) => number;
  /** Those that have gone, and those that have come; they are in the lists, or no longer. */
  readonly changed: (gone: readonly Peer[], come: readonly Peer[]) => void;
}

export class Roster {
  /** By index, retired ones and canaries too. */
  readonly all: readonly Peer[];
  /** Those that are probed, without canaries. */
  readonly mesh: Peer[];
  readonly canaries: Peer[];
  readonly #options: Options;
  readonly #byName = new Map<string, Peer>();
  readonly #numbers = new Map<string, number>();
  /** Oldest first. */
  #retired: Retired[] = [];

  constructor(options: Options) {
    this.#options = options;
    this.all = options.lanes.peers;
    this.mesh = this.all.filter((peer) => !peer.canary);
    this.canaries = this.all.filter((peer) => peer.canary);
    for (const peer of this.all) this.#byName.set(peer.name, peer);
  }

  /** Of those that are probed. */
  get(name: string): Peer | null {
    return this.#byName.get(name) ?? null;
  }

  /** From now on these are probed. */
  change(wanted: readonly WirePeer[]): void {
    const nowUs = this.#options.clock.nowUs();
    const names = new Set(wanted.map(({ name }) => name));
    const others = wanted.filter((one) => !isSame(this.#byName.get(one.name), one));
    const gone = [...this.#byName.values()].filter((peer) => !names.has(peer.name));
    for (const { name } of others) {
      const before = this.get(name);
      if (before !== null) gone.push(before);
    }
    if (gone.length === 0 && others.length === 0) return;
    for (const peer of gone) this.#retire(peer, nowUs);
    const come = this.#admit(others, nowUs);
    this.#list();
    this.#options.changed(gone, come);
  }

  #retire(peer: Peer, nowUs: number): void {
    const { lanes, flight } = this.#options;
    const lane = lanes.lanes.find(({ group }) => group === peer.group) as Lane;
    peer.retired = true;
    this.#byName.delete(peer.name);
    this.#retired.push({ peer, atUs: nowUs, lane });
    if (this.#numbers.size >= MAX_NUMBERS) this.#numbers.clear();
    this.#numbers.set(peer.name, flight.next[peer.index] as number);
  }

  #admit(wanted: readonly WirePeer[], nowUs: number): Peer[] {
    const { lanes, settings, random32, flight, judge, ringFor } = this.#options;
    const rest: WirePeer[] = [];
    const come: Peer[] = [];
    for (const one of wanted) {
      const free = this.#retired.findIndex(({ peer, atUs }) => nowUs - atUs > REUSE_US && peer.group.intervalUs === one.intervalMs * 1000);
      if (free < 0) rest.push(one);
      else come.push(this.#reuse(this.#retired.splice(free, 1)[0] as Retired, one, startUs(come.length, nowUs)));
    }
    this.#freeIds(rest.length);
    const added = extendLanes(lanes, rest, { settings, nowUs, random32 });
    come.push(...added);
    flight.grow(lanes.peers.length, ringFor(come));
    judge.grow(lanes.peers.length);
    for (const peer of come) {
      const next = this.#numbers.get(peer.name) ?? 0;
      flight.reset(peer.index, next);
      peer.softNumber = next;
      judge.reset(peer);
      this.#byName.set(peer.name, peer);
    }
    return come;
  }

  #reuse({ peer: before, lane }: Retired, wanted: WirePeer, sinceUs: number): Peer {
    const { settings, random32, lanes } = this.#options;
    this.#giveBackIds(before);
    const random = (): number => random32() & 0xffff;
    const { index, group, member, recorder } = before;
    const peer = createPeer(wanted, { index, settings, ids: lanes.ids, random, sinceUs }, { group, member, recorder });
    peer.newestSlot = before.newestSlot;
    lanes.peers[index] = peer;
    lane.members[member] = peer;
    return peer;
  }

  /** So many peers need ids of their own. Where they are short, those that retired first lose the replies that they may still get. */
  #freeIds(peers: number): void {
    const isHeld = ({ peer }: Retired): boolean => this.#options.lanes.ids[(peer.flows[0] as Peer["flows"][0]).id] === peer.index * FLOWS;
    const held = this.#retired.filter(isHeld);
    const short = this.#byName.size + held.length + peers - MAX_PEERS;
    for (const { peer } of held.slice(0, Math.max(0, short))) this.#giveBackIds(peer);
  }

  #giveBackIds(peer: Peer): void {
    const { ids } = this.#options.lanes;
    peer.flows.forEach(({ id }, flow) => {
      if (ids[id] === peer.index * FLOWS + flow) ids[id] = -1;
    });
  }

  /** In place: others hold the lists. */
  #list(): void {
    const live = [...this.#byName.values()].sort((a, b) => a.index - b.index);
    this.mesh.splice(0, this.mesh.length, ...live.filter((peer) => !peer.canary));
    this.canaries.splice(0, this.canaries.length, ...live.filter((peer) => peer.canary));
  }
}

/** A canary stays what it is as long as there is one; where it is, is told by itself. An address that is not known now changes nothing. */
function isSame(peer: Peer | undefined, wanted: WirePeer): boolean {
  if (peer === undefined) return false;
  if (wanted.canary) return true;
  return peer.group.intervalUs === wanted.intervalMs * 1000 && (wanted.address === null || peer.address === wanted.address);
}
