/** Puts the status together from what the agent's parts know. Asked often, it answers from a copy for a moment: no number of clients makes it work more. */
import type { Incident } from "../detect/incident.ts";
import { iso, isoOrNull, percent } from "../report/figures.ts";
import type { Language } from "../report/language.ts";
import type { PeerRow } from "../store/rows.ts";
import type { BlindBook } from "./blind-book.ts";
import { PERIODS, type LiveFigures, type Period } from "./live-figures.ts";
import { STATUS_SCHEMA, type PeerState, type Status, type StatusIncident, type StatusPeer } from "./status.ts";

/** Shorter than the second in which a watching client asks again. */
const FRESH_MS = 500;
/** The worst first. */
const RANKS: Readonly<Record<PeerState, number>> = { burst: 0, cooling: 1, unresolved: 2, "never-answered": 2, well: 3 };

export interface StatusPorts {
  readonly node: Status["node"];
  readonly agent: Omit<Status["agent"], "wire_pid">;
  readonly timing: () => Pick<Status, "interval_ms" | "timeout_ms">;
  readonly figures: Pick<LiveFigures, "periods">;
  readonly blind: Pick<BlindBook, "summary">;
  readonly peers: () => readonly PeerRow[];
  readonly incidents: () => readonly Incident[];
  readonly sentenceOf: (incidentId: string, language: Language) => string | null;
  readonly disk: () => { readonly usedBytes: number; readonly maxBytes: number; readonly freeBytes: number | null };
  readonly notes: () => readonly string[];
  readonly collector: () => Status["collector"];
  readonly wirePid: () => number | null;
  /** Wall clock, ms. */
  readonly wallMs: () => number;
  /** Monotonic, ms. */
  readonly nowMs: () => number;
}

export class StatusDesk {
  readonly #ports: StatusPorts;
  readonly #made = new Map<Language, { readonly status: Status; readonly at: number }>();

  constructor(ports: StatusPorts) {
    this.#ports = ports;
  }

  /** With the `limit` worst peers; null for all. The verdicts in that language, all else in English. */
  status(limit: number | null, language: Language): Status {
    const nowMs = this.#ports.nowMs();
    let made = this.#made.get(language);
    if (made === undefined || nowMs - made.at > FRESH_MS) this.#made.set(language, (made = { status: this.#make(language), at: nowMs }));
    const { status } = made;
    return limit === null ? status : { ...status, peers: status.peers.slice(0, limit) };
  }

  #make(language: Language): Status {
    const { node, agent, timing, wallMs, disk, notes, wirePid, blind, sentenceOf } = this.#ports;
    const atMs = wallMs();
    const incidents = this.#ports.incidents();
    const byPeer = new Map(incidents.map((incident) => [incident.peer, incident]));
    const peers = this.#ports.peers().map((row) => this.#peer(row, byPeer.get(row.name), atMs));
    const states: Record<PeerState, number> = { burst: 0, cooling: 0, unresolved: 0, "never-answered": 0, well: 0 };
    for (const { state } of peers) states[state]++;
    const { usedBytes, maxBytes, freeBytes } = disk();
    return {
      schema: STATUS_SCHEMA,
      generated_at: iso(atMs),
      node,
      agent: { ...agent, wire_pid: wirePid() },
      ...timing(),
      states,
      peers: peers.sort(worstFirst),
      incidents: incidents.map((incident) => incidentOf(incident, sentenceOf(incident.id, language))),
      disk: { used_bytes: usedBytes, max_bytes: maxBytes, free_bytes: freeBytes },
      blind: blind.summary(),
      collector: this.#ports.collector(),
      notes: notes(),
    };
  }

  #peer(row: PeerRow, incident: Incident | undefined, atMs: number): StatusPeer {
    const periods = this.#ports.figures.periods(row.name, PERIODS, atMs);
    const sum = (value: (period: Period) => number): number => periods.reduce((total, period) => total + (period === null ? 0 : value(period)), 0);
    const sent = sum((period) => period.sent);
    const lost = sum((period) => period.lost);
    const newest = periods.findLast((period) => period !== null);
    return {
      peer: row.name,
      address: row.address === "" ? null : row.address,
      state: stateOf(row, incident),
      interval_ms: row.intervalMs,
      sent,
      lost,
      loss_pct: percent(lost, sent - sum((period) => period.blind), 2),
      rtt_ms: { now: ms(newest?.p50Us ?? 0), worst: ms(Math.max(0, ...periods.map((period) => period?.maxUs ?? 0))) },
      rtt_history_ms: periods.map((period) => ms(period?.p50Us ?? 0)),
      loss_history_pct: periods.map((period) => (period === null ? null : percent(period.lost, period.sent - period.blind, 1))),
      incident: incident?.id ?? null,
      agent_silent_since: isoOrNull(row.agentSilentMs),
    };
  }
}

function stateOf(row: PeerRow, incident: Incident | undefined): PeerState {
  if (incident !== undefined) return incident.phase === "open" ? "burst" : "cooling";
  if (row.address === "") return "unresolved";
  return row.firstReplyMs === null ? "never-answered" : "well";
}

function worstFirst(a: StatusPeer, b: StatusPeer): number {
  return RANKS[a.state] - RANKS[b.state] || (b.loss_pct ?? 0) - (a.loss_pct ?? 0) || (a.peer < b.peer ? -1 : 1);
}

function incidentOf(incident: Incident, sentence: string | null): StatusIncident {
  const sum = (value: (burst: Incident["bursts"][number]) => number): number => incident.bursts.reduce((total, burst) => total + value(burst), 0);
  const sent = sum(({ count }) => count.sent);
  const lost = sum(({ count }) => count.lost);
  return {
    id: incident.id,
    peer: incident.peer,
    address: incident.address,
    status: incident.phase === "open" ? "open" : "cooling",
    started_at: iso(incident.startedMs),
    sent,
    lost,
    loss_pct: percent(lost, sent - sum(({ count }) => count.blind), 1),
    sentence,
  };
}

/** Microseconds in, three digits behind the point out; null for none. */
function ms(us: number): number | null {
  return us > 0 ? Math.round(us) / 1000 : null;
}
