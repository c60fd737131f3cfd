/**
 * Everything that is known of one event while it lasts, and the facts made from it. An event is judged soon after it began, again whenever more is known, and
 * for the last time when its last incident is closed.
 */
import type { Incident, IncidentPhase } from "../detect/incident.ts";
import type { SweepHop } from "../path/hop.ts";
import type { CanaryFacts, EventFacts, HostFacts, IncidentFacts, MeshMember } from "../verdict/facts.ts";
import type { CanaryStanding, SweepReport, WireMessage } from "../wire/messages.ts";
import { FLOWS } from "../wire/peer.ts";
import { GATEWAY, LOOPBACK } from "./canaries.ts";
import type { HostDelta } from "./host/host-delta.ts";
import { isWithin, untilLastBad, type Span } from "../path/span.ts";
import { differs, incidentFacts, routersOf, routersUpTo, type RouterPath } from "./incident-facts.ts";

export type StandingMessage = Extract<WireMessage, { kind: "standing" }>;

/** Sweeps of one incident that are looked at; the last of them, when there are more. */
const MAX_SWEEPS = 60;
/** Seconds of a canary that are kept: the last hour of an event that lasts longer. */
const MAX_SECONDS = 3_600;

/** What the desk knows beside the event itself. */
export interface EventContext {
  readonly node: string;
  readonly wallMs: () => number;
  readonly labelsOf: (peer: string) => Readonly<Record<string, string>>;
  /** How often it is probed, ms. */
  readonly intervalOf: (peer: string) => number;
  readonly addressOf: (peer: string) => string;
  readonly sourceOf: (address: string) => string | null;
  /** Routers of the baseline path, null without a baseline. */
  readonly pathOf: (peer: string, flow?: number) => RouterPath | null;
  /** How often each router of it answers while all is well. */
  readonly replyRatesOf: (peer: string) => readonly (number | null)[] | null;
  /** The gateway on the way to an address, as a canary has it; null where there is none. */
  readonly gatewayOf: (address: string) => string | null;
  readonly isOwnAddress: (address: string) => boolean;
  /** Cycles of the mtr runs of an incident, of what they sent in its bursts. */
  readonly cyclesOf: (incidentId: string, bursts: readonly Span[]) => readonly (readonly SweepHop[])[];
}

interface Folder {
  incident: Incident;
  /** On the way to the peer when it began. */
  readonly gateway: string | null;
  readonly path: RouterPath | null;
  readonly replyRates: readonly (number | null)[] | null;
  /** By flow, as they were when it began. */
  readonly pathsBefore: readonly (RouterPath | null)[];
  pathBefore: RouterPath | null;
  pathNow: RouterPath | null;
  /** By number of the sweep: a report may come many times. */
  readonly sweeps: Map<number, Pick<SweepReport, "startedMs" | "hops">>;
  replyTtl: { readonly before: number; readonly now: number } | null;
}

interface CanaryRecord {
  readonly address: string;
  answers: boolean;
  /** Oldest first. */
  seconds: readonly CanaryStanding[];
}

export class EventFile {
  readonly id: string;
  readonly #context: EventContext;
  readonly #folders = new Map<string, Folder>();
  /** How many incidents are in each. */
  readonly #phases: Record<IncidentPhase, number> = { open: 0, cooling: 0, closed: 0 };
  readonly #canaries = new Map<string, CanaryRecord>();
  /** Send errors and unreachables counted by the wire before the event. */
  readonly #before: Counters;
  #now: Counters;
  #peers: readonly string[] = [];
  #bad: readonly string[] = [];
  #blind: { readonly startedMs: number; readonly endedMs: number }[] = [];
  host: HostDelta | null = null;

  constructor(id: string, options: { readonly context: EventContext; readonly before: Counters }) {
    this.id = id;
    this.#context = options.context;
    this.#before = options.before;
    this.#now = options.before;
  }

  get incidents(): readonly Incident[] {
    return [...this.#folders.values()].map(({ incident }) => incident);
  }

  /** A burst of it lasts. Asked at every change of every incident, of which there may be thousands. */
  get isOpen(): boolean {
    return this.#phases.open > 0;
  }

  get isOver(): boolean {
    return this.#phases.closed === this.#folders.size;
  }

  put(incident: Incident): void {
    const folder = this.#folders.get(incident.id);
    if (folder !== undefined) this.#phases[folder.incident.phase]--;
    this.#phases[incident.phase]++;
    if (folder !== undefined) folder.incident = incident;
    else {
      const { pathOf, replyRatesOf, gatewayOf } = this.#context;
      const path = pathOf(incident.peer);
      const replyRates = replyRatesOf(incident.peer);
      const pathsBefore = Array.from({ length: FLOWS }, (_, flow) => pathOf(incident.peer, flow));
      const seen = { pathBefore: null, pathNow: null, sweeps: new Map(), replyTtl: null };
      this.#folders.set(incident.id, { incident, gateway: gatewayOf(incident.address), path, replyRates, pathsBefore, ...seen });
    }
  }

  sweep(incidentId: string, report: SweepReport): void {
    const folder = this.#folders.get(incidentId);
    if (folder === undefined || report.skipped !== null) return;
    const pathBefore = folder.pathsBefore[report.flow] ?? null;
    const pathNow = routersOf(report.hops, report.target) ?? (pathBefore === null ? null : routersUpTo(report.hops, pathBefore.length));
    // One that came back had changed all the same.
    if (pathNow !== null && pathBefore !== null && differs(pathBefore, pathNow)) Object.assign(folder, { pathBefore, pathNow });
    if (report.trigger === "after" || report.trigger === "baseline") return;
    folder.sweeps.set(report.id, report);
    const [oldest] = folder.sweeps.keys();
    if (folder.sweeps.size > MAX_SWEEPS && oldest !== undefined) folder.sweeps.delete(oldest);
  }

  replyTtl(peer: string, change: { readonly before: number; readonly now: number }): void {
    for (const folder of this.#folders.values()) {
      if (folder.incident.peer !== peer) continue;
      // What it was before the event counts; one that came back had changed all the same.
      const before = folder.replyTtl?.before ?? change.before;
      if (change.now !== before) folder.replyTtl = { before, now: change.now };
    }
  }

  blind(interval: { readonly startedMs: number; readonly endedMs: number }): void {
    this.#blind = [...this.#blind, interval];
  }

  standing(message: StandingMessage): void {
    this.#now = message;
    if (message.bad.length >= this.#bad.length) {
      this.#peers = message.peers;
      this.#bad = message.bad;
    }
    for (const canary of message.canaries) this.#addCanary(canary);
  }

  facts(): EventFacts {
    const incidents = this.incidents;
    const startedMs = Math.min(...incidents.map((incident) => incident.startedMs));
    const ended = incidents.map((incident) => incident.endedMs);
    const endedMs = ended.includes(null) ? null : Math.max(...ended.filter((ms) => ms !== null));
    const untilMs = endedMs ?? this.#context.wallMs();
    return {
      node: this.#context.node,
      startedMs,
      endedMs,
      mesh: { peers: this.#peers.length, bad: Math.max(this.#bad.length, incidents.length), members: this.#members() },
      loopback: this.#canary(LOOPBACK, { startedMs, endedMs }),
      gateway: this.#gateway({ startedMs, endedMs }),
      host: this.#host(),
      agent: {
        blindMs: overlapMs(this.#blind, { startedMs, endedMs: untilMs }),
        eventMs: Math.max(0, untilMs - startedMs),
        cpuPressure: this.host?.agent.cpuPressure ?? null,
        steal: this.host?.agent.steal ?? null,
      },
      incidents: [...this.#folders.values()].map((folder) => this.#incident(folder)),
    };
  }

  #incident(folder: Folder): IncidentFacts {
    const { labelsOf, intervalOf, sourceOf, cyclesOf } = this.#context;
    const { id, peer, address, bursts } = folder.incident;
    const surelyBad = untilLastBad(bursts, intervalOf(peer));
    return incidentFacts({
      ...folder,
      labels: labelsOf(peer),
      self: sourceOf(address),
      sweeps: [...folder.sweeps.values()].filter((sweep) => isWithin(surelyBad, sweep.startedMs)).map(({ hops }) => hops),
      cycles: cyclesOf(id, surelyBad),
      replyTtlChanged: folder.replyTtl,
    });
  }

  /** Peers that stood well. */
  #members(): MeshMember[] {
    const { labelsOf, addressOf, pathOf } = this.#context;
    const bad = new Set([...this.#bad, ...this.incidents.map((incident) => incident.peer)]);
    return this.#peers
      .filter((peer) => !bad.has(peer))
      .map((peer) => ({ peer, address: addressOf(peer), labels: labelsOf(peer), path: pathOf(peer) }));
  }

  #addCanary(standing: CanaryStanding): void {
    const { name, address, answers } = standing;
    const known = this.#canaries.get(name) ?? { address, answers, seconds: [] };
    known.answers ||= answers;
    known.seconds = [...known.seconds, standing].slice(-MAX_SECONDS);
    this.#canaries.set(name, known);
  }

  /** Its probes while the event lasted: those around it would dilute what it lost with the peers. Of an event shorter than any second that was told, all. */
  #canary(name: string, { startedMs, endedMs }: { readonly startedMs: number; readonly endedMs: number | null }): CanaryFacts | null {
    const known = this.#canaries.get(name);
    if (known === undefined) return null;
    const { address, answers, seconds } = known;
    const during = seconds.filter(({ fromMs, toMs }) => fromMs >= startedMs && toMs <= (endedMs ?? Infinity));
    const counted = during.some(({ sent }) => sent > 0) ? during : seconds;
    const sum = (of: "sent" | "bad"): number => counted.reduce((total, second) => total + second[of], 0);
    return { address, answers, sent: sum("sent"), lost: sum("bad") };
  }

  /** One that no lost peer is behind neither acquits nor is to blame. */
  #gateway(times: { readonly startedMs: number; readonly endedMs: number | null }): CanaryFacts | null {
    const canary = this.#canary(GATEWAY, times);
    return [...this.#folders.values()].some(({ gateway }) => gateway !== null && gateway === canary?.address) ? canary : null;
  }

  #host(): HostFacts | null {
    const { isOwnAddress } = this.#context;
    const sendErrors = grown(this.#before.sendErrors, this.#now.sendErrors);
    const unreachable = Object.entries(grown(this.#before.unreachable, this.#now.unreachable)).filter(([source]) => isOwnAddress(source));
    const unreachableFromSelf = unreachable.reduce((sum, [, count]) => sum + count, 0);
    return { ...(this.host?.host ?? UNKNOWN_HOST), sendErrors, unreachableFromSelf };
  }
}

/** Since the wire's boot. */
export interface Counters {
  readonly sendErrors: Readonly<Record<string, number>>;
  readonly unreachable: Readonly<Record<string, number>>;
}

const UNKNOWN_HOST: Omit<HostFacts, "sendErrors" | "unreachableFromSelf"> = {
  interface: null,
  carrierLost: null,
  carrierChanges: null,
  nicErrors: null,
  nicDrops: null,
  softnetDrops: null,
  queueDrops: null,
  gatewayNeighbour: null,
  conntrackFull: null,
  tcpRetransmits: null,
  linkUse: null,
};

/** Counters that grew; those of a wire that started anew count from zero. */
function grown(before: Readonly<Record<string, number>>, now: Readonly<Record<string, number>>): Record<string, number> {
  const entries = Object.entries(now).map(([name, count]): [string, number] => {
    const had = before[name] ?? 0;
    return [name, count >= had ? count - had : count];
  });
  return Object.fromEntries(entries.filter(([, count]) => count > 0));
}

/** Blind intervals may overlap each other: their union, within the event. */
function overlapMs(blind: readonly Interval[], event: Interval): number {
  let total = 0;
  let coveredMs = event.startedMs;
  for (const { startedMs, endedMs } of blind.toSorted((a, b) => a.startedMs - b.startedMs)) {
    const fromMs = Math.max(startedMs, coveredMs);
    const toMs = Math.min(endedMs, event.endedMs);
    if (toMs <= fromMs) continue;
    total += toMs - fromMs;
    coveredMs = toMs;
  }
  return total;
}

interface Interval {
  readonly startedMs: number;
  readonly endedMs: number;
}
