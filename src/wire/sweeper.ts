/**
 * Sweeps: one packet for every TTL at once, so the whole path answers within one round trip. They ride on the flow of the probes that were lost, and
 * every TTL costs a token of the hop budget: what it refuses is left out and said, so that no table shows a loss that we made ourselves.
 */
import { holdsAddress } from "../packet/address.ts";
import { TAG_OFFSET, type Flow } from "../packet/probe.ts";
import type { IcmpPacket } from "../packet/icmp.ts";
import type { SweepAnswer, SweepHop } from "../path/hop.ts";
import type { Clock } from "./clock.ts";
import { SENDS_PER_DRAIN } from "./drain.ts";
import { HopBudget, type BudgetClass } from "./hop-budget.ts";
import type { SweepReport, SweepTrigger } from "./messages.ts";
import { MAX_TTL, Paths } from "./paths.ts";
import type { Peer } from "./peer.ts";

/** What has answered by then is reported, so that it is on disk before the burst is over. */
const INTERIM_US = 100_000;
const DEADLINE_US = 1_000_000;
/** Sweeps under way at once; beyond, baselines wait and others are skipped with the reason. */
export const MAX_ACTIVE = 400;
/** Whose sweeps used up a budget, for the reason of those that got none. */
const RECENT_US = 3_000_000;
const NAMED_PEERS = 3;
/** A sweep that may ask fewer of the hops it knows than this share is not worth sending. */
const MIN_SHARE = 0.5;

export interface TracePacket {
  readonly peer: Peer;
  readonly flow: Flow;
  readonly ttl: number;
  readonly handle: number;
  readonly tagHigh: number;
  readonly tagLow: number;
}

/** Sends one trace packet now; an errno name when the kernel refused. */
export type SendTrace = (packet: TracePacket) => string | null;

interface MutableHop {
  ttl: number;
  sent: boolean;
  answer: SweepAnswer | null;
  note: string | null;
}

interface Sweep {
  readonly id: number;
  readonly peer: Peer;
  readonly trigger: SweepTrigger;
  readonly flow: number;
  readonly startedUs: number;
  firstHopUs: number | null;
  interim: boolean;
  /** All its packets have left. */
  launched: boolean;
  done: boolean;
  readonly hops: MutableHop[];
  readonly handles: number[];
}

interface Handle {
  readonly sweep: Sweep;
  readonly hop: MutableHop;
  readonly sentUs: number;
  readonly tagHigh: number;
  readonly tagLow: number;
}

/** What has time must not take the tokens of a burst that may begin at any moment. */
function budgetOf(trigger: SweepTrigger): BudgetClass {
  return trigger === "baseline" || trigger === "after" ? "baseline" : "urgent";
}

/** The smallest TTL that reached the target, null when none did. */
function reachedAt(sweep: Sweep): number | null {
  return sweep.hops.find((hop) => hop.answer?.kind === "echo-reply")?.ttl ?? null;
}

export class Sweeper {
  readonly #budget = new HopBudget();
  /** Hops that a running mtr asks, by its process id. */
  readonly #mtrs = new Map<number, readonly string[]>();
  readonly #handles = new Map<number, Handle>();
  readonly #active = new Set<Sweep>();
  readonly #paths = new Paths();
  #recent: { readonly name: string; readonly atUs: number }[] = [];
  readonly #clock: Clock;
  readonly #send: SendTrace;
  readonly #drain: () => void;
  readonly #post: (report: SweepReport) => void;
  readonly #random: () => number;
  #nextHandle = 0;
  #nextId = 1;

  constructor(options: {
    readonly clock: Clock;
    readonly send: SendTrace;
    /** Reads what has already been answered. */
    readonly drain: () => void;
    readonly post: (report: SweepReport) => void;
    readonly random: () => number;
  }) {
    this.#clock = options.clock;
    this.#send = options.send;
    this.#drain = options.drain;
    this.#post = options.post;
    this.#random = options.random;
  }

  get active(): number {
    return this.#active.size;
  }

  /** Sends a sweep now, as far as the hop budget allows; one that may ask too little is reported as skipped. */
  launch(peer: Peer, trigger: SweepTrigger, flow: number): void {
    if (peer.address === null) return;
    const nowUs = this.#clock.nowUs();
    const use = budgetOf(trigger);
    const last = this.#paths.lastTtl(peer);
    const sweep: Sweep = {
      id: this.#nextId++,
      peer,
      trigger,
      flow,
      startedUs: nowUs,
      firstHopUs: null,
      interim: false,
      launched: false,
      done: false,
      hops: [],
      handles: [],
    };
    if (this.#active.size >= MAX_ACTIVE) return this.#skip(sweep, `${MAX_ACTIVE} sweeps are under way already`);
    const known = this.#paths.length(peer) ?? last;
    const allowed: boolean[] = [];
    let granted = 0;
    for (let ttl = 1; ttl <= last; ttl++) {
      allowed[ttl] = this.#budget.available(this.#paths.key(peer, ttl), { use, nowUs });
      if (allowed[ttl] && ttl <= known) granted++;
    }
    if (granted < known * MIN_SHARE && trigger !== "baseline") return this.#skip(sweep, this.#spentReason(nowUs));
    this.#active.add(sweep);
    for (let ttl = 1; ttl <= last && !sweep.done; ttl++) {
      const hop: MutableHop = { ttl, sent: false, answer: null, note: null };
      sweep.hops.push(hop);
      if (allowed[ttl] && this.#budget.take(this.#paths.key(peer, ttl), { use, nowUs })) this.#sendHop(sweep, hop);
      else hop.note = "not asked: hop budget";
      // Answers of near hops must not wait until the last packet has left; the target may even have answered by then.
      if (ttl % SENDS_PER_DRAIN === 0) this.#drain();
    }
    sweep.launched = true;
    if (!sweep.done && this.#complete(sweep)) this.#finish(sweep, this.#clock.nowUs());
    if (use === "urgent")
      this.#recent = [
        ...this.#recent.filter((other) => other.name !== peer.name && nowUs - other.atUs < RECENT_US),
        { name: peer.name, atUs: nowUs },
      ];
  }

  /** An echo reply or an ICMP error that quotes a trace packet of this flow. False when it is not one of ours. */
  answer(peer: Peer, flow: Flow, packet: IcmpPacket, arrival: { readonly bytes: Buffer; readonly source: string; readonly nowUs: number }): boolean {
    const entry = this.#handles.get(packet.sequence & 0x7fff);
    if (entry === undefined || entry.sweep.peer !== peer || entry.sweep.flow !== flow.index || entry.hop.answer !== null) return false;
    if (packet.kind === "request") return false;
    const { bytes } = arrival;
    if (packet.kind === "reply") {
      if (packet.payloadLength < TAG_OFFSET + 8) return false;
      const tag = packet.payloadOffset + TAG_OFFSET;
      if (bytes.readUInt32BE(tag) !== entry.tagHigh || bytes.readUInt32BE(tag + 4) !== entry.tagLow) return false;
    } else {
      if (!holdsAddress(bytes, packet.destinationOffset, peer.bytes)) return false;
      if (peer.family === 4 && packet.checksum !== flow.checksum) return false;
    }
    const { sweep, hop } = entry;
    const kind = packet.kind === "reply" ? "echo-reply" : packet.kind;
    hop.answer = { address: arrival.source, kind, code: packet.code, rttUs: Math.max(0, arrival.nowUs - entry.sentUs) };
    sweep.firstHopUs ??= arrival.nowUs;
    if (this.#complete(sweep)) this.#finish(sweep, arrival.nowUs);
    return true;
  }

  /** A running mtr asks the hops towards this peer once a second: nothing is added to that. */
  mtrStarted(pid: number, peer: Peer | null, firstTtl: number): void {
    if (peer === null) return;
    const hops = this.#paths.routerKeys(peer, firstTtl);
    this.#mtrs.set(pid, hops);
    this.#budget.reserve(hops);
  }

  mtrEnded(pid: number): void {
    this.#budget.release(this.#mtrs.get(pid) ?? []);
    this.#mtrs.delete(pid);
  }

  /** Called every tick after the sockets were drained. */
  tick(nowUs: number): void {
    for (const sweep of this.#active) {
      if (nowUs - sweep.startedUs >= DEADLINE_US) this.#finish(sweep, nowUs);
      else if (!sweep.interim && nowUs - sweep.startedUs >= INTERIM_US) {
        sweep.interim = true;
        this.#post(this.#report(sweep, null));
      }
    }
  }

  /** Whether every hop known towards the peer may be asked now. */
  mayAskAll(peer: Peer, trigger: SweepTrigger): boolean {
    const at = { use: budgetOf(trigger), nowUs: this.#clock.nowUs() };
    const last = this.#paths.length(peer) ?? MAX_TTL;
    for (let ttl = 1; ttl <= last; ttl++) if (!this.#budget.available(this.#paths.key(peer, ttl), at)) return false;
    return true;
  }

  #sendHop(sweep: Sweep, hop: MutableHop): void {
    const handle = this.#nextHandle;
    this.#nextHandle = (this.#nextHandle + 1) & 0x7fff;
    const tagHigh = this.#random();
    const tagLow = this.#random();
    const flow = sweep.peer.flows[sweep.flow] as Flow;
    const sentUs = this.#clock.nowUs();
    this.#handles.set(handle, { sweep, hop, sentUs, tagHigh, tagLow });
    sweep.handles.push(handle);
    const error = this.#send({ peer: sweep.peer, flow, ttl: hop.ttl, handle, tagHigh, tagLow });
    hop.sent = error === null;
    if (error !== null) hop.note = `not sent: ${error}`;
  }

  #spentReason(nowUs: number): string {
    const names = this.#recent.filter((other) => nowUs - other.atUs < RECENT_US).map((other) => other.name);
    if (names.length === 0) return "hop budget: an mtr asks its routers";
    const others = names.length > NAMED_PEERS ? ` and ${names.length - NAMED_PEERS} others` : "";
    return `hop budget: its routers were just traced for ${names.slice(0, NAMED_PEERS).join(", ")}${others}`;
  }

  /** Nothing more can come that would change the path: every hop before the target answered. */
  #complete(sweep: Sweep): boolean {
    const reached = reachedAt(sweep);
    if (reached === null && !sweep.launched) return false;
    return sweep.hops.every((hop) => hop.answer !== null || !hop.sent || (reached !== null && hop.ttl > reached));
  }

  #finish(sweep: Sweep, nowUs: number): void {
    if (sweep.done) return;
    sweep.done = true;
    this.#active.delete(sweep);
    this.#paths.remember(sweep.peer, { hops: sweep.hops, reachedTtl: reachedAt(sweep) });
    for (const handle of sweep.handles) this.#handles.delete(handle);
    this.#post(this.#report(sweep, nowUs));
  }

  #skip(sweep: Sweep, reason: string): void {
    sweep.done = true;
    this.#post({ ...this.#report(sweep, sweep.startedUs), skipped: reason });
  }

  #report(sweep: Sweep, finishedUs: number | null): SweepReport {
    const hops: SweepHop[] = sweep.hops.map((hop) => ({ ...hop }));
    return {
      id: sweep.id,
      peer: sweep.peer.name,
      target: sweep.peer.address ?? "",
      trigger: sweep.trigger,
      flow: sweep.flow,
      startedMs: this.#clock.wallMs(sweep.startedUs),
      firstHopMs: sweep.firstHopUs === null ? null : this.#clock.wallMs(sweep.firstHopUs),
      finishedMs: finishedUs === null ? null : this.#clock.wallMs(finishedUs),
      skipped: null,
      hops,
    };
  }
}
