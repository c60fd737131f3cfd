/** The evidence itself: every probe, the path out before, during and after, the path back, and what of the path changed. */
import { fill } from "../../verdict/words.ts";
import { localClock, offsetText } from "../clock.ts";
import { count } from "../figures.ts";
import type { ReportIncident } from "../report.ts";
import type { Block, HopsBlock, Section } from "./document.ts";
import type { TraceContext } from "./page.ts";
import { foldStrip } from "./strip-fold.ts";
import type { PathLine, PhaseRows, Reverse, TicketIncident } from "./ticket.ts";
import { counted, difference, length, share, utc, type Wording } from "./wording.ts";

export function stripSection(incident: ReportIncident, { wording }: TraceContext): Section {
  const { labels, zone } = wording;
  const { strip: words } = labels;
  const { strip, strip_started_at: startedAt, interval_ms: intervalMs } = incident;
  if (strip === null || startedAt === null) {
    const text = incident.status === "open" || incident.status === "cooling" ? words.notYet : words.none;
    return { title: labels.section.strip, blocks: [{ kind: "text", text }] };
  }
  const startedMs = Date.parse(startedAt);
  const endMs = startedMs + strip.length * intervalMs;
  const span = {
    from: localClock(startedMs, zone),
    to: `${localClock(endMs, zone)} ${zone(startedMs) === 0 ? labels.utc : offsetText(startedMs, zone)}`,
  };
  const lines = foldStrip(strip, {
    at: (probe) => localClock(startedMs + probe * intervalMs, zone),
    quiet: (probes) => fill(words.quiet, { n: count(probes), duration: length(probes * intervalMs, wording) }),
  });
  const { marks } = words;
  return {
    title: labels.section.strip,
    blocks: [
      {
        kind: "strip",
        caption: fill(words.caption, { interval: length(intervalMs, wording), ...span }),
        lines,
        legend: words.legend,
        marks: [
          { mark: ".", name: marks.good },
          { mark: "o", name: marks.late },
          { mark: "x", name: marks.lost },
          { mark: "-", name: marks.blind },
          { mark: "!", name: marks.failed },
        ],
      },
    ],
  };
}

export function tablesSection(incident: ReportIncident, { part, node, wording }: TraceContext): Section {
  const { labels } = wording;
  const blocks: Block[] = part.tables.map((table) => hopsBlock(table, { host: node, wording }));
  if (part.tables.some(({ hops }) => hops.some(({ note }) => note !== null))) blocks.push({ kind: "text", text: labels.tables.rateNote });
  const troubles = incident.captures.filter(({ status }) => status === "skipped" || status === "failed" || status === "partial");
  if (troubles.length > 0) {
    const items = troubles.map(({ kind, phase, status, reason }) =>
      fill(labels.tables.trouble, {
        kind: labels.tables.kinds[kind],
        phase: labels.phase[phase],
        status: labels.tables.statuses[status],
        reason: reason === null ? labels.notKnown : labels.said(reason),
      }),
    );
    blocks.push({ kind: "text", text: labels.tables.troubles }, { kind: "list", items });
  }
  return { title: labels.section.tables, blocks };
}

export function reverseSection(incident: ReportIncident, { part, node, wording }: TraceContext): Section {
  const { labels } = wording;
  const { reverse } = part;
  const { reverse: words } = labels;
  const said = reverse.via === "collector" ? words.collected : words[reverse.state];
  const blocks: Block[] = [{ kind: "text", text: fill(said, { peer: reverse.peer, id: incident.id }) }];
  if (reverse.state === "held" || reverse.state === "unasked") blocks.push(...fetchBlocks(reverse, { id: incident.id, node, wording }));
  if (reverse.via === "collector") blocks.push({ kind: "text", text: clockText(reverse, wording) });
  if (reverse.state === "merged") blocks.push(...mergedBlocks(reverse, wording));
  return { title: labels.section.reverse, blocks };
}

function clockText({ peer, clock }: Reverse, wording: Wording): string {
  const { reverse: words } = wording.labels;
  return clock === null
    ? fill(words.unaligned, { peer })
    : fill(words.aligned, { peer, difference: difference(clock, wording), error: clock.error_ms });
}

function fetchBlocks(reverse: Reverse, { id, node, wording }: { readonly id: string; readonly node: string; readonly wording: Wording }): Block[] {
  const { reverse: words } = wording.labels;
  const exported = `meshprobe export --peer ${shellWord(node)} --since ${reverse.since} --until ${reverse.until} -o reverse.tar.gz`;
  return [
    { kind: "command", caption: fill(words.there, { peer: reverse.peer }), command: exported },
    { kind: "command", caption: words.here, command: `meshprobe report ${shellWord(id)} --with reverse.tar.gz` },
  ];
}

/** Names come from a configuration and may hold anything. */
function shellWord(text: string): string {
  return /^[\w.:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function mergedBlocks(reverse: Reverse, wording: Wording): Block[] {
  const { labels } = wording;
  const { reverse: words } = labels;
  const items = reverse.incidents.flatMap((incident) => [
    fill(words.incident, {
      id: incident.id,
      started: utc(incident.started_at, wording),
      ended: incident.ended_at === null ? labels.summary.notYet : utc(incident.ended_at, wording),
      lost: count(incident.lost),
      sent: count(incident.sent),
      percent: incident.loss_pct === null ? share(incident.lost, incident.sent) : `${incident.loss_pct} %`,
    }),
    ...(incident.sentence === null ? [] : [incident.sentence]),
  ]);
  const host = reverse.node ?? reverse.peer;
  const asked = reverse.asked === null ? [] : [hopsBlock(reverse.asked, { host, wording })].map((block) => ({ ...block, title: words.asked }));
  const tables = [...reverse.tables.map((table) => hopsBlock(table, { host, wording })), ...asked];
  const empty = items.length === 0 && tables.length === 0;
  const nothing: Block[] = empty ? [{ kind: "text", text: fill(words.nothing, { since: reverse.since, until: reverse.until }) }] : [];
  return [...(items.length === 0 ? [] : [{ kind: "list", items } as const]), ...tables, ...nothing];
}

function hopsBlock(table: PhaseRows, { host, wording }: { readonly host: string; readonly wording: Wording }): HopsBlock {
  const { labels } = wording;
  const { tables: words } = labels;
  const title = labels.phase[table.phase];
  if (table.started_at === null || table.hops.length === 0) return { kind: "hops", title, caption: words.none, host, rows: [], notes: [] };
  const what = [
    ...(table.sweeps > 0 ? [counted(table.sweeps, words.sweeps)] : []),
    ...(table.mtr_runs > 0 ? [counted(table.mtr_runs, words.runs)] : []),
  ].join(words.and);
  const caption = fill(words.caption, { what, from: utc(table.started_at, wording), to: utc(table.ended_at ?? table.started_at, wording) });
  const notes = table.hops.flatMap(({ ttl, note }) => (note === null ? [] : [fill(words.hopNote, { ttl, note: labels.said(note) })]));
  return { kind: "hops", title, caption, host, rows: table.hops, notes };
}

export function pathsSection({ paths }: TicketIncident, { labels }: Wording): Section {
  const { paths: words } = labels;
  const verdict = paths.changed === null ? words.notComparable : paths.changed ? words.changed : words.same;
  const cell = (address: string | null): string => (address === null ? words.none : address === "silent" ? words.silent : address);
  const rows = paths.lines.map((line: PathLine) => [
    String(line.ttl),
    cell(line.before),
    cell(line.during),
    cell(line.after),
    line.differs ? words.differs : "",
  ]);
  const titles = [words.hop, labels.phase.before, labels.phase.during, labels.phase.after, ""];
  const columns = titles.map((title, index) => ({ title, align: index === 0 ? ("right" as const) : ("left" as const) }));
  return {
    title: labels.section.paths,
    blocks: [{ kind: "text", text: verdict }, ...(rows.length === 0 ? [] : [{ kind: "table", columns, rows } as const])],
  };
}
