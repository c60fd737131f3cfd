/** What a desk asks first: who, from when to when, how much, in which direction, between which addresses. */
import { fill } from "../../verdict/words.ts";
import { utcTime } from "../clock.ts";
import { count } from "../figures.ts";
import { evidenceAfterMs, lastedMs, longestRun } from "../incident-facts.ts";
import type { Report, ReportIncident } from "../report.ts";
import type { Fact, Section } from "./document.ts";
import type { End, Ticket } from "./ticket.ts";
import { bothTimes, length, share, type Wording } from "./wording.ts";

const MAX_BURSTS = 12;
const MAX_ENDS = 7;
/** Flows are told apart only where their loss differs that much: it hints at one member of a bundle. */
const FLOW_DIFFERENCE = 0.2;

interface Around {
  readonly ticket: Ticket;
  readonly report: Report;
  readonly wording: Wording;
}

export function summarySection(incident: ReportIncident, { ticket, report, wording }: Around): Section {
  const { labels } = wording;
  const { summary } = labels;
  const after = evidenceAfterMs(incident);
  const detectedMs = Date.parse(incident.detected_at) - Date.parse(incident.started_at);
  const here = ticket.ends.find(({ role }) => role === "here");
  const between = {
    from: here?.name ?? labels.notKnown,
    fromAddress: here?.address ?? labels.notKnown,
    to: incident.peer,
    toAddress: incident.address,
  };
  const rows: Fact[] = [
    { label: summary.path, values: [fill(summary.pathValue, between)] },
    { label: summary.started, values: bothTimes(incident.started_at, wording) },
    { label: summary.ended, values: incident.ended_at === null ? [summary.notYet] : bothTimes(incident.ended_at, wording) },
    { label: summary.duration, values: [durationText(incident, { report, wording })] },
    { label: summary.clock, values: [clockText(ticket, wording)] },
    { label: summary.loss, values: [lossText(incident, wording)] },
    { label: summary.direction, values: directionTexts(incident, wording) },
    ...burstRows(incident, wording),
    ...flowRows(incident, wording),
    { label: summary.noticed, values: [fill(summary.noticedValue, { after: length(detectedMs, wording) })] },
    { label: summary.traced, values: [after === null ? summary.untraced : fill(summary.tracedValue, { after: length(after, wording) })] },
    { label: summary.status, values: [labels.status[incident.status]] },
    ...(incident.continues === null ? [] : [{ label: summary.continues, values: [incident.continues], isCode: true }]),
    { label: summary.id, values: [incident.id], isCode: true },
    { label: summary.event, values: [incident.event_id], isCode: true },
  ];
  const peer = report.incidents.length === 1 ? {} : { peer: incident.peer };
  return { title: labels.section.summary, ...peer, blocks: [{ kind: "facts", rows }] };
}

/** Of an event: its peers in one table. */
export function incidentsSection(incidents: readonly ReportIncident[], wording: Wording): Section {
  const { labels } = wording;
  const { incidents: words } = labels;
  const lost = ({ lost, sent }: { readonly lost: number | null; readonly sent: number | null }): string =>
    lost === null || sent === null ? "-" : `${count(lost)}/${count(sent)}`;
  const columns = [
    { title: words.peer, align: "left" as const },
    { title: words.address, align: "left" as const },
    { title: words.started, align: "left" as const },
    { title: words.lasted, align: "right" as const },
    { title: words.lost, align: "right" as const },
    { title: words.out, align: "right" as const },
    { title: words.in, align: "right" as const },
    { title: words.id, align: "left" as const },
  ];
  const rows = incidents.map((incident) => {
    const ms = lastedMs(incident);
    const lasted = ms === null ? labels.summary.notYet : length(ms, wording);
    const started = utcTime(Date.parse(incident.started_at));
    return [incident.peer, incident.address, started, lasted, lost(incident), lost(incident.out), lost(incident.in), incident.id];
  });
  return { title: labels.section.incidents, blocks: [{ kind: "table", columns, rows }] };
}

/** Of many peers the first: the table of the event has them all. */
export function endsSection({ ends }: Ticket, { labels }: Wording): Section {
  const { ends: words } = labels;
  const link = ({ speed_mbit: speed, mtu }: End): string =>
    speed === null && mtu === null ? "-" : fill(words.linkValue, { speed: speed ?? "?", mtu: mtu ?? "?" });
  const titles = [words.end, words.name, words.address, words.interface, words.gateway, words.link, words.version];
  const rows = ends
    .slice(0, MAX_ENDS)
    .map((end) => [
      words[end.role],
      ...[end.name, end.address, end.interface, end.gateway].map((text) => text ?? "-"),
      link(end),
      end.version ?? "-",
    ]);
  return { title: labels.section.ends, blocks: [{ kind: "table", columns: titles.map((title) => ({ title, align: "left" })), rows }] };
}

function durationText(incident: ReportIncident, { report, wording }: { readonly report: Report; readonly wording: Wording }): string {
  const ms = lastedMs(incident);
  if (ms !== null) return length(ms, wording);
  const soFar = Math.max(0, Date.parse(report.generated_at) - Date.parse(incident.started_at));
  return fill(wording.labels.summary.soFar, { duration: length(soFar, wording) });
}

function clockText({ clock }: Ticket, { labels: { summary } }: Wording): string {
  if (clock.source === null) return summary.clockUnknown;
  if (clock.offset_ms === null) return fill(summary.clockNamed, { source: clock.source });
  return fill(summary.clockKnown, { source: clock.source, offset: clock.offset_ms, error: clock.max_error_ms ?? "?" });
}

function lossText(incident: ReportIncident, { labels: { summary } }: Wording): string {
  const blind = incident.bursts.reduce((sum, burst) => sum + burst.blind, 0);
  const late = incident.late > 0 ? fill(summary.late, { late: count(incident.late) }) : "";
  const percent = share(incident.lost, incident.sent - blind);
  return fill(summary.lossValue, { lost: count(incident.lost), sent: count(incident.sent), percent, run: count(longestRun(incident)) }) + late;
}

function directionTexts({ out, in: inbound }: ReportIncident, { labels: { summary } }: Wording): string[] {
  const texts = [
    ...(out.sent === null || out.lost === null ? [] : [fill(summary.out, { lost: out.lost, sent: out.sent, percent: share(out.lost, out.sent) })]),
    ...(inbound.sent === null || inbound.lost === null
      ? []
      : [fill(summary.in, { lost: inbound.lost, sent: inbound.sent, percent: share(inbound.lost, inbound.sent) })]),
  ];
  return texts.length === 0 ? [summary.directionUnknown] : texts;
}

function burstRows({ bursts }: ReportIncident, wording: Wording): Fact[] {
  if (bursts.length < 2) return [];
  const { summary } = wording.labels;
  const values = bursts.slice(0, MAX_BURSTS).map((burst) => {
    const ms = burst.ended_at === null ? null : Date.parse(burst.ended_at) - Date.parse(burst.started_at);
    return fill(summary.burst, {
      at: `${utcTime(Date.parse(burst.started_at)).slice(11)} ${wording.labels.utc}`,
      duration: ms === null ? summary.notYet : length(ms, wording),
      lost: count(burst.lost),
      sent: count(burst.sent),
      run: count(burst.longest_run),
    });
  });
  return [{ label: summary.bursts, values: bursts.length > MAX_BURSTS ? [...values, `… ${bursts.length}`] : values }];
}

function flowRows({ flows }: ReportIncident, { labels: { summary } }: Wording): Fact[] {
  const used = flows.filter(({ sent }) => sent > 0);
  const shares = used.map(({ lost, sent }) => lost / sent);
  if (used.length < 2 || Math.max(...shares) - Math.min(...shares) < FLOW_DIFFERENCE) return [];
  return [{ label: summary.flows, values: [used.map((flow) => fill(summary.flow, { ...flow })).join(summary.joint)] }];
}
