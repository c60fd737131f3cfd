/**
 * Incidents of one peer: bursts merged when close in time, through the states open → cooling → closed. Closed is final. Pure: monotonic time comes in as a
 * parameter, and every call returns what changed, which the agent writes down.
 *
 * A burst report is the whole state of one burst and may come many times; `key` tells bursts apart (wire epoch and number). An incident closes when no burst
 * was seen for `mergeMs` and every outcome in it is final, so its counts never change after it is closed.
 */
import type { BurstCount } from "./burst-count.ts";

export type IncidentPhase = "open" | "cooling" | "closed";
export type LossKind = "loss" | "brownout" | "local";

/**
 * What the peer's own requests tell of a burst. `none`: never heard one; `off`: too few arrive also while healthy. `expected` by its numbers, `received` here.
 */
export interface BurstHearing {
  readonly state: "calibrated" | "off" | "none";
  /** They carry a valid tag of the mesh key. */
  readonly authentic: boolean;
  readonly expected: number;
  readonly received: number;
  /** Requests that it would have sent meanwhile at its usual pace; one that stood still sent fewer, and none of them is missing. */
  readonly due: number;
  /** They said that the peer has an incident with us too. False only when enough of them arrived for it to have noticed; null when not known. */
  readonly saysBad: boolean | null;
}

export interface BurstState {
  readonly key: string;
  readonly startedMs: number;
  readonly detectedMs: number;
  readonly endedMs: number | null;
  readonly count: BurstCount;
  readonly hearing: BurstHearing;
  /** Probes with a fresh ICMP id after ten seconds of total loss; null when none were sent. */
  readonly freshId: { readonly sent: number; readonly lost: number } | null;
  /** No outcome inside it can change any more. */
  readonly final: boolean;
  /** It was cut at the length limit of an incident and goes on in the next. */
  readonly cut: boolean;
}

export interface Incident {
  readonly id: string;
  readonly continues: string | null;
  readonly peer: string;
  readonly address: string;
  readonly phase: IncidentPhase;
  readonly startedMs: number;
  readonly detectedMs: number;
  /** End of its last burst, null while one lasts. */
  readonly endedMs: number | null;
  readonly bursts: readonly BurstState[];
  /** Monotonic ms. */
  readonly openedAt: number;
  readonly burstEndedAt: number | null;
}

export interface IncidentOptions {
  readonly mergeMs: number;
  /** An incident longer than this goes on in another. */
  readonly lengthMs: number;
}

export type IncidentChange =
  | { readonly kind: "opened"; readonly incident: Incident }
  /** A burst began while it was cooling. */
  | { readonly kind: "reopened"; readonly incident: Incident }
  | { readonly kind: "updated"; readonly incident: Incident }
  | { readonly kind: "burst-ended"; readonly incident: Incident }
  | { readonly kind: "closed"; readonly incident: Incident };

export const INCIDENT_LENGTH_MS = 1_800_000;
/** Reports of a burst stop when it is final, so only the last few are ever asked for. */
const MAX_SEEN = 4096;

/** What it was: loss only when something was lost for good; null while that is open and undecided. */
export function incidentKind(incident: Incident): LossKind | null {
  const sum = (of: (count: BurstCount) => number): number => incident.bursts.reduce((total, burst) => total + of(burst.count), 0);
  if (sum((count) => count.lostForGood) > 0) return "loss";
  if (!incident.bursts.every((burst) => burst.final)) return null;
  if (sum((count) => count.lost) > 0) return "loss";
  return sum((count) => count.sendFailed) > 0 ? "local" : "brownout";
}

/** The incidents of one peer. */
export class PeerIncidents {
  readonly #options: IncidentOptions;
  #current: Incident | null = null;
  /** Id and deadline (monotonic ms) of an incident that the next one continues. */
  #chain: { readonly id: string; readonly untilMs: number } | null = null;
  /** Keys of bursts seen; later reports of one whose incident is closed change nothing. */
  readonly #seen = new Set<string>();

  constructor(options: IncidentOptions) {
    this.#options = options;
  }

  get current(): Incident | null {
    return this.#current;
  }

  /** The next incident within `forMs` continues this one (it was interrupted). */
  chainTo(id: string, until: number): void {
    this.#chain = { id, untilMs: until };
  }

  /** `nowMs` is monotonic, `ageMs` how long ago the burst ended by the wall clock of the report (0 while it lasts). */
  burst(
    burst: BurstState,
    at: { readonly nowMs: number; readonly ageMs: number; readonly peer: string; readonly address: string; readonly newId: string },
  ): IncidentChange[] {
    const current = this.#current;
    const known = current?.bursts.some((other) => other.key === burst.key) ?? false;
    if (current !== null && current.phase !== "closed" && known) return this.#update(current, burst, at);
    if (known || this.#seen.has(burst.key)) return [];
    if (this.#seen.size >= MAX_SEEN) this.#seen.clear();
    this.#seen.add(burst.key);
    const tooLong = current !== null && at.nowMs - current.openedAt >= this.#options.lengthMs;
    if (current !== null && current.phase !== "closed" && !tooLong) {
      const incident: Incident = { ...current, phase: "open", endedMs: null, burstEndedAt: null, bursts: [...current.bursts, burst] };
      this.#current = incident;
      return [{ kind: "reopened", incident }, ...(burst.endedMs === null ? [] : this.#update(incident, burst, at))];
    }
    const changes: IncidentChange[] = [];
    if (current !== null && current.phase !== "closed") changes.push(...this.#close(current, at.nowMs));
    const chained = this.#chain !== null && at.nowMs <= this.#chain.untilMs ? this.#chain.id : null;
    this.#chain = null;
    const incident: Incident = {
      id: at.newId,
      continues: chained,
      peer: at.peer,
      address: at.address,
      phase: "open",
      startedMs: burst.startedMs,
      detectedMs: burst.detectedMs,
      endedMs: null,
      bursts: [burst],
      openedAt: at.nowMs,
      burstEndedAt: null,
    };
    this.#current = incident;
    changes.push({ kind: "opened", incident });
    if (burst.endedMs !== null) changes.push(...this.#update(incident, burst, at));
    return changes;
  }

  /** The wire died: its bursts will never be reported again and end where they were last seen. */
  abandonBursts(at: { readonly nowMs: number; readonly wallMs: number }): IncidentChange[] {
    const current = this.#current;
    if (current === null || current.phase === "closed") return [];
    const bursts = current.bursts.map((burst) => ({ ...burst, endedMs: burst.endedMs ?? at.wallMs, final: true }));
    const ended = current.phase === "open";
    const incident: Incident = {
      ...current,
      bursts,
      phase: "cooling",
      endedMs: current.endedMs ?? at.wallMs,
      burstEndedAt: current.burstEndedAt ?? at.nowMs,
    };
    this.#current = incident;
    return [ended ? { kind: "burst-ended", incident } : { kind: "updated", incident }];
  }

  /** Closes what has been without a burst for long enough. */
  tick(nowMs: number): IncidentChange[] {
    const current = this.#current;
    if (current === null || current.phase !== "cooling" || current.burstEndedAt === null) return [];
    if (nowMs - current.burstEndedAt < this.#options.mergeMs || !current.bursts.every((burst) => burst.final)) return [];
    return this.#close(current, nowMs);
  }

  /** Whether the open burst has made the incident as long as one may be. */
  tooLong(nowMs: number): boolean {
    const current = this.#current;
    return current !== null && current.phase === "open" && nowMs - current.openedAt >= this.#options.lengthMs;
  }

  #update(current: Incident, burst: BurstState, at: { readonly nowMs: number; readonly ageMs: number }): IncidentChange[] {
    const before = current.bursts.find((other) => other.key === burst.key);
    const bursts = current.bursts.map((other) => (other.key === burst.key ? burst : other));
    const open = bursts.some((other) => other.endedMs === null);
    const justEnded = !open && current.phase === "open";
    const incident: Incident = {
      ...current,
      bursts,
      phase: open ? "open" : "cooling",
      endedMs: open ? null : Math.max(...bursts.map((other) => other.endedMs ?? 0)),
      burstEndedAt: open ? null : justEnded ? at.nowMs - at.ageMs : current.burstEndedAt,
    };
    this.#current = incident;
    if (burst.cut && before?.cut !== true) return [{ kind: "burst-ended", incident }, ...this.#chainOn(incident, at.nowMs)];
    return [{ kind: justEnded ? "burst-ended" : "updated", incident }];
  }

  #chainOn(incident: Incident, nowMs: number): IncidentChange[] {
    this.#chain = { id: incident.id, untilMs: nowMs + this.#options.mergeMs };
    return this.#close(incident, nowMs);
  }

  #close(current: Incident, nowMs: number): IncidentChange[] {
    if (current.phase === "open") this.#chain = { id: current.id, untilMs: nowMs + this.#options.mergeMs };
    const incident: Incident = { ...current, phase: "closed", bursts: current.bursts.map((burst) => ({ ...burst, final: true })) };
    this.#current = incident;
    return [{ kind: "closed", incident }];
  }
}
