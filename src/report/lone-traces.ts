/**
 * What was traced here outside of any incident, because another node or a person asked: the sweep and the mtr of one request are one table, in every format. There
 * is no loss of our own to hold against it: a line is excused only by what the same trace got from behind it.
 */
import { annotateHops } from "../path/honest-loss.ts";
import { mergeHops } from "../path/hop-table.ts";
import type { Hop } from "../path/hop.ts";
import { fill } from "../verdict/words.ts";
import { localTime } from "./clock.ts";
import { escapeForTerminal } from "./escape.ts";
import { hopLines, hopNames, type HopLayout } from "./hop-lines.ts";
import { hopsOf, withLabel, withLabels } from "./phase-tables.ts";
import type { ReportCapture } from "./report.ts";

/** Above this many requests their tables are left out, unless `full`. */
const MAX_TABLES = 5;

interface Group {
  readonly captures: readonly ReportCapture[];
  readonly hops: readonly Hop[];
  readonly labels: ReadonlyMap<number, string>;
}

type LoneLayout = HopLayout & { readonly full: boolean };

/** For other nodes. */
export function remoteLines(captures: readonly ReportCapture[], layout: LoneLayout): string[] {
  return sectionLines(captures, layout.labels.section.remote, layout);
}

/** By `meshprobe trace`. */
export function requestedLines(captures: readonly ReportCapture[], layout: LoneLayout): string[] {
  return sectionLines(captures, layout.labels.section.requested, layout);
}

function sectionLines(captures: readonly ReportCapture[], title: string, layout: LoneLayout): string[] {
  if (captures.length === 0) return [];
  const groups = groupsOf(captures);
  const withTables = layout.full || groups.length <= MAX_TABLES;
  const lines = groups.flatMap((group) => [
    ...group.captures.map((capture) => `  ${about(capture, layout)}`),
    ...(withTables && group.hops.length > 0
      ? [...hopLines(group.hops, { ...layout, names: hopNames(group.captures) }).map((line) => `    ${line}`), ""]
      : []),
  ]);
  return [title, ...lines, ...(lines.at(-1) === "" ? [] : [""])];
}

/** The captures with the labels of their table, as the text shows them. */
export function withLoneNotes(captures: readonly ReportCapture[]): ReportCapture[] {
  const labels = new Map(groupsOf(captures).flatMap((group) => group.captures.map((capture) => [capture.id, group.labels] as const)));
  return captures.map((capture) => withLabels(capture, { labels: labels.get(capture.id) ?? new Map() }));
}

/** By request, oldest first. */
function groupsOf(captures: readonly ReportCapture[]): Group[] {
  const groups = new Map<string, ReportCapture[]>();
  for (const capture of captures) {
    const { asked_epoch: epoch, request } = capture.facts;
    // Without its facts, in a list that is too long for details, there is no table either.
    const key = JSON.stringify([capture.asked_by, capture.target, capture.trigger === "request" ? (request ?? capture.id) : (epoch ?? null)]);
    groups.set(key, [...(groups.get(key) ?? []), capture]);
  }
  return [...groups.values()].map((members) => {
    const merged = mergeHops(members.map(hopsOf));
    const judged = annotateHops(
      merged.map((hop) => ({ ...hop, note: null })),
      null,
    );
    const labels = new Map(judged.flatMap(({ ttl, note }) => (note === null ? [] : [[ttl, note] as const])));
    return { captures: members, hops: merged.map((hop) => withLabel(hop, labels)), labels };
  });
}

function about(capture: ReportCapture, { zone, labels: { captures: words, said } }: HopLayout): string {
  return fill(capture.trigger === "request" ? words.requested : words.remote, {
    at: localTime(Date.parse(capture.started_at), zone),
    kind: words.kind[capture.kind],
    target: escapeForTerminal(capture.target),
    who: escapeForTerminal(capture.asked_by ?? words.nobody),
    outcome: words.outcome[capture.status],
    reason: capture.reason === null ? "" : fill(words.reason, { reason: escapeForTerminal(said(capture.reason)) }),
  });
}
