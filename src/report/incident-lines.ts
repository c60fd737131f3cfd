/** Everything about one incident that a ticket needs: who, when (local and UTC), how long, how much, the strip, the path before, during and after. */
import { fill } from "../verdict/words.ts";
import { localClock, localTime, offsetText, utcTime, type ZoneOffset } from "./clock.ts";
import { escapeForTerminal } from "./escape.ts";
import { count, duration } from "./figures.ts";
import { hopLines, hopNames, phaseLines } from "./hop-lines.ts";
import { evidenceAfterMs, lastedMs, longestRun, whatHappened } from "./incident-facts.ts";
import { hopsOf, phaseTables, withHopNotes } from "./phase-tables.ts";
import type { ListLabels } from "./list-labels.ts";
import { counted } from "./page/wording.ts";
import type { ReportBurst, ReportCapture, ReportIncident } from "./report.ts";
import { stripLines } from "./strip-lines.ts";
import { padEnd } from "./width.ts";
import { wrap } from "./wrap.ts";

export interface IncidentLayout {
  /** "2 of 7". */
  readonly place: string;
  readonly node: string;
  readonly columns: number;
  readonly zone: ZoneOffset;
  readonly full: boolean;
  readonly labels: ListLabels;
}

const MAX_STRIP_LINES = 30;
const MAX_BURSTS = 10;
const INDENT = 2;

export function incidentLines(incident: ReportIncident, layout: IncidentLayout): string[] {
  const { labels, place } = layout;
  const [peer, address] = [escapeForTerminal(incident.peer), escapeForTerminal(incident.address)];
  return [
    fill(labels.incident.title, { place, what: whatHappened(incident, labels), peer, address, status: labels.status[incident.status] }),
    ...verdictLines(incident, layout.columns),
    ...summaryLines(incident, layout),
    ...burstLines(incident, layout),
    "",
    ...stripPart(incident, layout),
    ...phaseLines(phaseTables(incident), layout),
    ...(layout.full ? captureLines(withHopNotes(incident).captures, layout) : troubleLines(incident.captures, labels)),
  ];
}

/** The sentence of the ticket first, then what else was found. */
function verdictLines({ verdict }: ReportIncident, columns: number): string[] {
  if (verdict === null) return [];
  const said = verdict.findings.flatMap((finding) => wrap(`- ${finding}`, columns - INDENT, 2));
  return [...wrap(verdict.sentence, columns - INDENT), ...said].map((text) => `  ${escapeForTerminal(text)}`).concat("");
}

function summaryLines(incident: ReportIncident, { zone, labels }: IncidentLayout): string[] {
  const { incident: words, unit } = labels;
  const lasted = lastedMs(incident);
  const after = evidenceAfterMs(incident);
  const detectedMs = Date.parse(incident.detected_at) - Date.parse(incident.started_at);
  const time = (at: string): string => both(at, { zone, labels });
  const until = lasted === null ? "" : fill(words.lasted, { duration: duration(lasted, unit) });
  const lost = {
    lost: count(incident.lost),
    percent: incident.loss_pct === null ? "" : fill(words.percent, { percent: incident.loss_pct.toFixed(1) }),
    run: count(longestRun(incident)),
    late: incident.late > 0 ? fill(words.late, { late: count(incident.late) }) : "",
  };
  const method = { interval: duration(incident.interval_ms, unit), timeout: duration(incident.timeout_ms, unit) };
  return [
    line(words.started, time(incident.started_at)),
    line(words.ended, incident.ended_at === null ? words.notYet : time(incident.ended_at) + until),
    line(words.lost, fill(counted(incident.sent, words.lostValue), lost)),
    line(words.noticed, fill(words.noticedValue, { after: count(detectedMs) })),
    line(words.traced, after === null ? words.untraced : fill(words.tracedValue, { after: count(after) })),
    line(words.method, fill(words.methodValue, method)),
    ...flowLine(incident, labels),
    ...(incident.continues === null ? [] : [line(words.continues, escapeForTerminal(incident.continues))]),
    line(words.id, escapeForTerminal(incident.id)),
  ];
}

/** Said only when the flows differ clearly: it hints at one member of a bundle. */
function flowLine(incident: ReportIncident, { incident: words, bursts }: ListLabels): string[] {
  const used = incident.flows.filter((flow) => flow.sent > 0);
  const shares = used.map((flow) => flow.lost / flow.sent);
  if (used.length < 2 || Math.max(...shares) - Math.min(...shares) < 0.2) return [];
  return [line(words.flows, used.map((flow) => fill(words.flow, { ...flow })).join(bursts.joint))];
}

function burstLines(incident: ReportIncident, { zone, full, labels }: IncidentLayout): string[] {
  const { bursts } = incident;
  if (bursts.length < 2 && !full) return [];
  const shown = full ? bursts : bursts.slice(0, MAX_BURSTS);
  const lines = [line(labels.bursts.title, String(bursts.length)), ...shown.map((burst) => `              ${burstText(burst, { zone, labels })}`)];
  const left = bursts.length - shown.length;
  return left > 0 ? [...lines, `              ${fill(labels.bursts.more, { n: left })}`] : lines;
}

type Words = Pick<IncidentLayout, "zone" | "labels">;

function burstText(burst: ReportBurst, { zone, labels: { bursts: words, list, unit } }: Words): string {
  const startedMs = Date.parse(burst.started_at);
  const lasted = burst.ended_at === null ? list.goingOn : duration(Date.parse(burst.ended_at) - startedMs, unit);
  const counts = [
    fill(words.lost, { lost: count(burst.lost), sent: count(burst.sent) }),
    fill(words.run, { run: count(burst.longest_run) }),
    ...(burst.late > 0 ? [fill(words.late, { n: count(burst.late) })] : []),
    ...(burst.send_failed > 0 ? [fill(words.failed, { n: count(burst.send_failed) })] : []),
    ...(burst.blind > 0 ? [fill(words.blind, { n: count(burst.blind) })] : []),
  ].join(words.joint);
  return fill(words.text, { at: localClock(startedMs, zone), lasted, counts });
}

function stripPart(incident: ReportIncident, { columns, zone, full, labels }: IncidentLayout): string[] {
  if (incident.strip === null || incident.strip_started_at === null) return [`  ${labels.strip.none}`, ""];
  const lines = stripLines(incident.strip, {
    startedMs: Date.parse(incident.strip_started_at),
    intervalMs: incident.interval_ms,
    columns,
    zone,
    maxLines: full ? Infinity : MAX_STRIP_LINES,
    labels,
  });
  return [...lines, `  (${labels.strip.legend})`, ""];
}

/** What could not be captured as it should have been, with the reason. */
function troubleLines(captures: readonly ReportCapture[], labels: ListLabels): string[] {
  const troubled = captures.filter((capture) => capture.status === "skipped" || capture.status === "failed" || capture.status === "partial");
  if (troubled.length === 0) return [];
  return [...troubled.map((capture) => `  ${captureTitle(capture, labels)}`), ""];
}

function captureTitle({ kind, phase, trigger, status, reason }: ReportCapture, { captures: words, said }: ListLabels): string {
  return fill(words.title, {
    kind: words.kind[kind],
    phase: words.phase[phase],
    trigger: words.trigger[trigger],
    outcome: words.outcome[status],
    reason: reason === null ? "" : fill(words.reason, { reason: escapeForTerminal(said(reason)) }),
  });
}

function captureLines(captures: readonly ReportCapture[], layout: IncidentLayout): string[] {
  const { zone, labels } = layout;
  const { captures: words } = labels;
  return captures.flatMap((capture) => {
    const about = {
      tool: escapeForTerminal(capture.tool),
      target: escapeForTerminal(capture.target),
      at: localTime(Date.parse(capture.started_at), zone),
      until: capture.finished_at === null ? "" : fill(words.until, { at: localClock(Date.parse(capture.finished_at), zone) }),
      reached: capture.reached === null ? "" : capture.reached ? words.reached : words.notReached,
      asked: capture.asked_by === null ? "" : fill(words.asked, { who: escapeForTerminal(capture.asked_by) }),
    };
    const json = Object.keys(capture.facts).length === 0 ? null : escapeForTerminal(JSON.stringify(capture.facts));
    return [
      `  ${fill(words.heading, { title: captureTitle(capture, labels) })}`,
      `    ${fill(words.about, about)}`,
      ...(json === null ? [] : [`    ${fill(words.facts, { json })}`]),
      ...(capture.hops.length === 0 ? [] : hopLines(hopsOf(capture), { ...layout, names: hopNames([capture]) }).map((text) => `    ${text}`)),
      "",
    ];
  });
}

function line(title: string, text: string): string {
  return `  ${padEnd(title, 10)}  ${text}`;
}

/** "2026-11-20 04:12:03.120 +08:00 (2026-11-19 20:12:03.120 UTC)". */
function both(time: string, { zone, labels }: Words): string {
  const ms = Date.parse(time);
  const utc = `${utcTime(ms)} UTC`;
  return zone(ms) === 0 ? utc : fill(labels.incident.both, { local: `${localTime(ms, zone)} ${offsetText(ms, zone)}`, utc });
}
