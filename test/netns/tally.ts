/** What a report says of all peers together, for tests in which nothing may have happened. */
import type { Report, ReportBlind } from "../../src/report/report.ts";
import type { Agent } from "./agent.ts";

export interface Tally {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly late: number;
  readonly skipped: number;
  readonly sendFailed: number;
  /** Probes that were not judged. */
  readonly blind: number;
  readonly doubtful: number;
  /** Worst of all peers; RTTs that are not doubtful. */
  readonly rttMaxMs: number;
  readonly rttP99Ms: number;
  readonly errorMaxMs: number;
  /** Of the slots that were due, how many were sent. */
  readonly sentShare: number;
  /** Peer, kind and strip, one line each. */
  readonly incidents: readonly string[];
  readonly blindIntervals: readonly (ReportBlind & { readonly ms: number })[];
}

/** Ask it after the agent has stopped: the last seconds are written then. */
export async function tally(agent: Agent, range: { readonly sinceMs: number; readonly untilMs: number }): Promise<Tally> {
  const iso = (ms: number): string => new Date(ms).toISOString();
  const report = JSON.parse(await agent.report("--since", iso(range.sinceMs), "--until", iso(range.untilMs), "--format", "json")) as Report;
  const sum = (of: (peer: Report["peers"][number]) => number): number => report.peers.reduce((total, peer) => total + of(peer), 0);
  const worst = (of: (peer: Report["peers"][number]) => number | null): number => Math.max(0, ...report.peers.map((peer) => of(peer) ?? 0));
  const sent = sum((peer) => peer.sent);
  const skipped = sum((peer) => peer.skipped);
  return {
    sent,
    received: sum((peer) => peer.received),
    lost: sum((peer) => peer.lost),
    late: sum((peer) => peer.late),
    skipped,
    sendFailed: sum((peer) => peer.send_failed),
    blind: sum((peer) => peer.blind),
    doubtful: sum((peer) => peer.rtt_ms.doubtful),
    rttMaxMs: worst((peer) => peer.rtt_ms.max),
    rttP99Ms: worst((peer) => peer.rtt_ms.p99),
    errorMaxMs: worst((peer) => peer.rtt_ms.error_max),
    sentShare: sent / (sent + skipped),
    incidents: report.incidents.map((incident) => `${incident.started_at} ${incident.peer} ${incident.kind} ${incident.strip ?? ""}`),
    blindIntervals: report.blind.map((interval) => ({ ...interval, ms: Date.parse(interval.ended_at) - Date.parse(interval.started_at) })),
  };
}
