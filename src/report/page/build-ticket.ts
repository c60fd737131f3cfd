/** What the store has, and what other nodes exported, → the page. */
import type { ReportIncident } from "../report.ts";
import { otherPeers } from "./other-peers.ts";
import { ownChecks } from "./own-checks.ts";
import { comparePaths } from "./path-diff.ts";
import { phaseRows } from "./phase-rows.ts";
import { reverseOf } from "./reverse.ts";
import type { ClockQuality, End, FarEnd, Ticket, TicketSource } from "./ticket.ts";

export function buildTicket(source: TicketSource, farEnds: readonly FarEnd[] = []): Ticket {
  const { report } = source;
  const { incidents } = report;
  const others = otherPeers(source);
  const ends = incidents.map(({ ended_at: at }) => at);
  return {
    kind: source.kind,
    id: source.id,
    started_at: incidents.map(({ started_at: at }) => at).reduce((a, b) => (b < a ? b : a), incidents[0]?.started_at ?? report.since),
    ended_at: ends.includes(null) ? null : ends.flatMap((at) => at ?? []).reduce((a, b) => (b > a ? b : a), "") || null,
    clock: clockOf(source),
    ends: [hereOf(source), ...incidents.map((incident) => thereOf(incident, farEnds))],
    incidents: incidents.map((incident) => {
      const tables = phaseRows(incident);
      return { id: incident.id, tables, paths: comparePaths(tables), reverse: reverseOf(incident, { source, farEnds }) };
    }),
    others,
    own: ownChecks(source.facts, others),
    evidence: source.evidence,
    final: source.isFinal,
    receipts: source.receipts ?? [],
  };
}

/** As the host snapshots of the incident found it. */
function clockOf({ report }: TicketSource): ClockQuality {
  const snapshots = report.incidents.flatMap(({ captures }) => captures).filter(({ kind }) => kind === "snapshot");
  for (const { facts } of snapshots) {
    const clock = facts["clock"];
    if (typeof clock !== "object" || clock === null) continue;
    const { source, offset_ms: offset, max_error_ms: error } = clock as Readonly<Record<string, unknown>>;
    if (typeof source !== "string") continue;
    return { source, offset_ms: typeof offset === "number" ? offset : null, max_error_ms: typeof error === "number" ? error : null };
  }
  return report.node.clock;
}

function hereOf({ report }: TicketSource): End {
  const captures = report.incidents.flatMap((incident) => incident.captures);
  const facts = captures.find(({ kind }) => kind === "snapshot")?.facts ?? {};
  const text = (name: string): string | null => (typeof facts[name] === "string" ? facts[name] : null);
  const figure = (name: string): number | null => (typeof facts[name] === "number" ? facts[name] : null);
  return {
    role: "here",
    name: report.node.name,
    address: report.node.address ?? captures.find(({ source }) => source !== null)?.source ?? null,
    interface: text("interface"),
    gateway: text("gateway"),
    speed_mbit: figure("speed_mbit"),
    mtu: figure("mtu"),
    version: report.node.version,
  };
}

/** Its interface is known only where it has exported what it saw. */
function thereOf(incident: ReportIncident, farEnds: readonly FarEnd[]): End {
  const far = farEnds.find(({ node }) => node.name === incident.peer);
  const facts = far?.incidents.flatMap(({ captures }) => captures).find(({ kind }) => kind === "snapshot")?.facts ?? {};
  const { interface: link, gateway, speed_mbit: speed, mtu } = facts;
  return {
    role: "there",
    name: incident.peer,
    address: incident.address,
    interface: typeof link === "string" ? link : null,
    gateway: typeof gateway === "string" ? gateway : null,
    speed_mbit: typeof speed === "number" ? speed : null,
    mtu: typeof mtu === "number" ? mtu : null,
    version: far?.node.version ?? null,
  };
}
