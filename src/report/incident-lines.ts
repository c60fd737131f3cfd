/** Everything about one incident that a ticket needs: who, when (local and UTC), how long, how much, the strip, the path before, during and after. */
import { localClock, localTime, offsetText, utcTime, type ZoneOffset } from "./clock.ts";
import { escapeForTerminal } from "./escape.ts";
import { count, duration, plural } from "./figures.ts";
import { hopLines, hopNames, phaseLines } from "./hop-lines.ts";
import { evidenceAfterMs, lastedMs, longestRun, whatHappened } from "./incident-facts.ts";
import { hopsOf, phaseTables, withHopNotes } from "./phase-tables.ts";
import type { ReportBurst, ReportCapture, ReportIncident } from "./report.ts";
import { STRIP_LEGEND, stripLines } from "./strip-lines.ts";
import { wrap } from "./wrap.ts";

export interface IncidentLayout {
  /** "2 of 7". */
  readonly place: string;
  readonly node: string;
  readonly columns: number;
  readonly zone: ZoneOffset;
  readonly full: boolean;
}

const MAX_STRIP_LINES = 30;
const MAX_BURSTS = 10;
const INDENT = 2;

export function incidentLines(incident: ReportIncident, layout: IncidentLayout): string[] {
  const { zone } = layout;
  return [
    `INCIDENT ${layout.place}: ${whatHappened(incident)} towards ${escapeForTerminal(incident.peer)} (${escapeForTerminal(incident.address)}), ${incident.status}`,
    ...verdictLines(incident, layout.columns),
    ...summaryLines(incident, zone),
    ...burstLines(incident, layout),
    "",
    ...stripPart(incident, layout),
    ...phaseLines(phaseTables(incident), { node: layout.node, zone }),
    ...(layout.full ? captureLines(withHopNotes(incident).captures, layout) : troubleLines(incident.captures)),
  ];
}

/** The sentence of the ticket first, then what else was found. */
function verdictLines({ verdict }: ReportIncident, columns: number): string[] {
  if (verdict === null) return [];
  const said = verdict.findings.flatMap((finding) => wrap(`- ${finding}`, columns - INDENT, 2));
  return [...wrap(verdict.sentence, columns - INDENT), ...said].map((text) => `  ${escapeForTerminal(text)}`).concat("");
}

function summaryLines(incident: ReportIncident, zone: ZoneOffset): string[] {
  const lasted = lastedMs(incident);
  const after = evidenceAfterMs(incident);
  const late = incident.late > 0 ? `; ${count(incident.late)} more answered late` : "";
  const percent = incident.loss_pct === null ? "" : ` (${incident.loss_pct.toFixed(1)} %)`;
  const detectedMs = Date.parse(incident.detected_at) - Date.parse(incident.started_at);
  return [
    line("started", both(incident.started_at, zone)),
    line(
      "ended",
      incident.ended_at === null ? "not yet" : `${both(incident.ended_at, zone)}${lasted === null ? "" : `, lasted ${duration(lasted)}`}`,
    ),
    line("lost", `${count(incident.lost)} of ${plural(incident.sent, "probe")}${percent}, longest run ${count(longestRun(incident))}${late}`),
    line("noticed", `${count(detectedMs)} ms after the first lost packet`),
    line("traced", after === null ? "no sweep brought a hop" : `first hop of evidence ${count(after)} ms after the first lost packet`),
    line("method", `one probe every ${duration(incident.interval_ms)}, lost when not answered within ${duration(incident.timeout_ms)}`),
    ...flowLine(incident),
    ...(incident.continues === null ? [] : [line("continues", escapeForTerminal(incident.continues))]),
    line("id", escapeForTerminal(incident.id)),
  ];
}

/** Said only when the flows differ clearly: it hints at one member of a bundle. */
function flowLine(incident: ReportIncident): string[] {
  const used = incident.flows.filter((flow) => flow.sent > 0);
  const shares = used.map((flow) => flow.lost / flow.sent);
  if (used.length < 2 || Math.max(...shares) - Math.min(...shares) < 0.2) return [];
  return [line("flows", used.map((flow) => `${flow.flow}: ${flow.lost} of ${flow.sent} lost`).join(", "))];
}

function burstLines(incident: ReportIncident, { zone, full }: IncidentLayout): string[] {
  const bursts = incident.bursts;
  if (bursts.length < 2 && !full) return [];
  const shown = full ? bursts : bursts.slice(0, MAX_BURSTS);
  const lines = [line("bursts", String(bursts.length)), ...shown.map((burst) => `              ${burstText(burst, zone)}`)];
  return bursts.length > shown.length ? [...lines, `              … ${bursts.length - shown.length} more, see --full`] : lines;
}

function burstText(burst: ReportBurst, zone: ZoneOffset): string {
  const startedMs = Date.parse(burst.started_at);
  const lasted = burst.ended_at === null ? "going on" : duration(Date.parse(burst.ended_at) - startedMs);
  const extra = [
    ...(burst.late > 0 ? [`${count(burst.late)} late`] : []),
    ...(burst.send_failed > 0 ? [`${count(burst.send_failed)} not sent`] : []),
    ...(burst.blind > 0 ? [`${count(burst.blind)} blind`] : []),
  ];
  const counts = [`${count(burst.lost)} of ${count(burst.sent)} lost`, `longest run ${count(burst.longest_run)}`, ...extra].join(", ");
  return `${localClock(startedMs, zone)}  ${lasted}, ${counts}`;
}

function stripPart(incident: ReportIncident, { columns, zone, full }: IncidentLayout): string[] {
  if (incident.strip === null || incident.strip_started_at === null) return ["  no samples stored", ""];
  const lines = stripLines(incident.strip, {
    startedMs: Date.parse(incident.strip_started_at),
    intervalMs: incident.interval_ms,
    columns,
    zone,
    maxLines: full ? Infinity : MAX_STRIP_LINES,
  });
  return [...lines, `  (${STRIP_LEGEND})`, ""];
}

/** What could not be captured as it should have been, with the reason. */
function troubleLines(captures: readonly ReportCapture[]): string[] {
  const troubled = captures.filter((capture) => capture.status === "skipped" || capture.status === "failed" || capture.status === "partial");
  if (troubled.length === 0) return [];
  return [...troubled.map((capture) => `  ${captureTitle(capture)}`), ""];
}

function captureTitle(capture: ReportCapture): string {
  const reason = capture.reason === null ? "" : `: ${escapeForTerminal(capture.reason)}`;
  return `${capture.kind} ${capture.phase} (${capture.trigger}) ${capture.status}${reason}`;
}

function captureLines(captures: readonly ReportCapture[], { zone, node }: IncidentLayout): string[] {
  return captures.flatMap((capture) => {
    const facts = Object.keys(capture.facts).length === 0 ? [] : [`    facts ${escapeForTerminal(JSON.stringify(capture.facts))}`];
    const asked = capture.asked_by === null ? "" : `, asked by ${escapeForTerminal(capture.asked_by)}`;
    const reached = capture.reached === null ? "" : capture.reached ? ", reached the target" : ", did not reach the target";
    const finished = capture.finished_at === null ? "" : ` to ${localClock(Date.parse(capture.finished_at), zone)}`;
    return [
      `  CAPTURE ${captureTitle(capture)}`,
      `    ${escapeForTerminal(capture.tool)} to ${escapeForTerminal(capture.target)}, ${localTime(Date.parse(capture.started_at), zone)}${finished}${reached}${asked}`,
      ...facts,
      ...(capture.hops.length === 0 ? [] : hopLines(hopsOf(capture), { node, names: hopNames([capture]) }).map((text) => `    ${text}`)),
      "",
    ];
  });
}

function line(title: string, text: string): string {
  return `  ${title.padEnd(10)}  ${text}`;
}

/** "2026-11-20 04:12:03.120 +08:00 (2026-11-19 20:12:03.120 UTC)". */
function both(time: string, zone: ZoneOffset): string {
  const ms = Date.parse(time);
  return zone(ms) === 0 ? `${utcTime(ms)} UTC` : `${localTime(ms, zone)} ${offsetText(ms, zone)} (${utcTime(ms)} UTC)`;
}
