/** The page of a ticket, section by section, in one language. */
import { fill } from "../../verdict/words.ts";
import type { Report, ReportIncident } from "../report.ts";
import { evidenceSection, methodSection, othersSection, ownSection } from "./context-sections.ts";
import type { Page, Section } from "./document.ts";
import { receiptSections } from "./receipt-sections.ts";
import { endsSection, incidentsSection, summarySection } from "./summary-sections.ts";
import type { Ticket, TicketIncident } from "./ticket.ts";
import { pathsSection, reverseSection, stripSection, tablesSection } from "./trace-sections.ts";
import { counted, type Wording } from "./wording.ts";

/** Of an event of many peers the first are shown whole: a page that nobody scrolls through helps nobody. */
const MAX_DETAILED = 6;

/** `report` holds the incidents of the ticket. */
export function pageOf(ticket: Ticket, report: Report, wording: Wording): Page {
  const { labels } = wording;
  const verdict = report.incidents[0]?.verdict ?? null;
  const sections = [
    ...(report.incidents.length > 1 ? [incidentsSection(report.incidents, wording)] : []),
    ...report.incidents.slice(0, MAX_DETAILED).map((incident) => summarySection(incident, { ticket, report, wording })),
    endsSection(ticket, wording),
    ...report.incidents.slice(0, MAX_DETAILED).flatMap((incident) => traced(incident, { ticket, report, wording })),
    othersSection(ticket, wording),
    ownSection(ticket, wording),
    methodSection(report, wording),
    evidenceSection(ticket, wording),
    ...receiptSections(ticket, wording),
  ];
  const more = report.incidents.length - MAX_DETAILED;
  const left: Section[] =
    more > 0 ? [{ title: labels.section.incidents, blocks: [{ kind: "text", text: counted(more, labels.incidents.more) }] }] : [];
  return {
    language: labels.language,
    title: titleOf(report, wording),
    headline: verdict?.sentence ?? labels.noVerdict,
    findings: [...report.problems.map((problem) => fill(labels.incomplete, { problem })), ...(verdict?.findings ?? [])],
    sections: [...sections, ...left],
  };
}

interface Around {
  readonly ticket: Ticket;
  readonly report: Report;
  readonly wording: Wording;
}

function traced(incident: ReportIncident, { ticket, report, wording }: Around): Section[] {
  const part = ticket.incidents.find(({ id }) => id === incident.id);
  if (part === undefined) return [];
  const context = { part, node: report.node.name ?? wording.labels.notKnown, wording };
  const sections = [
    stripSection(incident, context),
    tablesSection(incident, context),
    reverseSection(incident, context),
    pathsSection(part, wording),
  ];
  if (report.incidents.length === 1) return sections;
  return sections.map((section) => ({ ...section, peer: incident.peer }));
}

export interface TraceContext {
  readonly part: TicketIncident;
  /** Name of this node. */
  readonly node: string;
  readonly wording: Wording;
}

function titleOf({ incidents, node }: Report, { labels }: Wording): string {
  const [first] = incidents;
  const from = node.name ?? labels.notKnown;
  if (first === undefined || incidents.length > 1) return fill(labels.title.event, { n: incidents.length, from });
  return fill(labels.title.incident, { what: labels.kind[first.kind ?? "undecided"], from, to: first.peer });
}
