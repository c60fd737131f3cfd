/** What was expected of an observer × what its report says. Addresses become names of machines here, so that one table can be read. */
import type { Report, ReportVerdict } from "../../../src/report/report.ts";
import type { Lab } from "../lab.ts";
import type { Expected, Place } from "./fault.ts";

/** A verdict in names. */
export interface Got {
  readonly scope: string;
  readonly direction: string;
  readonly hop: Place | null;
  /** Between the two. */
  readonly links: number;
  readonly certainty: string;
  readonly rule: string;
  readonly sentence: string;
  readonly findings: readonly string[];
}

export interface Seen {
  /** One for each event that began with the fault or later, in order. */
  readonly events: readonly (Got | null)[];
  /** Causes of blind intervals since. */
  readonly blind: readonly string[];
  /** Peers whose agent is said to have stopped. */
  readonly silent: readonly string[];
}

/** Machines by every address they have. */
export function namesOf(lab: Lab): ReadonlyMap<string, string> {
  const { topology } = lab;
  return new Map(
    topology.machines.flatMap((machine) =>
      [lab.address(machine), ...topology.ends(machine).map((end) => end.address)].map((address): [string, string] => [address, machine]),
    ),
  );
}

export function seenIn(report: Report, sinceMs: number, names: ReadonlyMap<string, string>): Seen {
  const events = report.events
    .filter((event) => Date.parse(event.started_at) >= sinceMs)
    .toSorted((a, b) => a.started_at.localeCompare(b.started_at));
  return {
    events: events.map(({ verdict }) => (verdict === null ? null : inNames(verdict, names))),
    blind: report.blind.filter(({ ended_at }) => Date.parse(ended_at) >= sinceMs).map(({ cause }) => cause),
    silent: report.peers.filter(({ agent_silent_since }) => agent_silent_since !== null).map(({ peer }) => peer),
  };
}

function inNames(verdict: ReportVerdict, names: ReadonlyMap<string, string>): Got {
  const { scope, direction, hop, counts, certainty, rule, sentence, findings } = verdict;
  const name = (address: string | null): string | null => (address === null ? null : (names.get(address) ?? address));
  const place = hop === null ? null : { after: name(hop.after), before: name(hop.before) };
  return { scope, direction, hop: place, links: counts["links"] ?? 1, certainty, rule, sentence, findings };
}

/** Why it is wrong, in words; null when it is right. Each event must be: one outage with two verdicts is wrong if one of them is. */
export function whyWrong(expected: Expected, seen: Seen): string | null {
  if (expected.kind === "quiet") {
    if (seen.events.length > 0) return `${seen.events.length} events where there should be none`;
    if (expected.blind !== undefined && !seen.blind.includes(expected.blind)) return `no blind interval (${expected.blind})`;
    return expected.silent === undefined || seen.silent.includes(expected.silent) ? null : `no word of the stopped agent of ${expected.silent}`;
  }
  if (seen.events.length === 0) return "no event";
  if (seen.events.length > 1) return `${seen.events.length} events instead of one`;
  const [got] = seen.events;
  if (got === null || got === undefined) return "no verdict";
  if (expected.scope !== got.scope) return `scope ${got.scope}`;
  if (expected.direction !== got.direction) return `direction ${got.direction}`;
  const missing = expected.findings?.find((pattern) => !got.findings.some((finding) => pattern.test(finding)));
  return missing === undefined ? wrongHop(expected.hop, got) : `no finding ${missing}`;
}

function wrongHop(hop: Place | undefined, got: Got): string | null {
  if (hop === undefined) return got.hop === null ? null : `hop ${place(got.hop)}, though nothing tells it`;
  if (got.hop === null) return "no hop";
  if (got.hop.after === hop.after && got.hop.before === hop.before) return null;
  return got.links > 1 && (got.hop.after === hop.after || got.hop.before === hop.before) ? "two links instead of one" : `hop ${place(got.hop)}`;
}

export function expectedInWords(expected: Expected): string {
  if (expected.kind === "quiet")
    return quietInWords(expected.blind === undefined ? [] : [expected.blind], expected.silent === undefined ? [] : [expected.silent]);
  const { scope, direction, hop, unknowable, findings = [] } = expected;
  const where = hop === undefined ? "" : ` ${place(hop)}`;
  const beside = findings.length === 0 ? "" : `; finding ${findings.map((pattern) => pattern.source).join(", ")}`;
  return `${scope}, ${direction}${where}${unknowable === undefined ? "" : ` (${unknowable})`}${beside}`;
}

function quietInWords(blind: readonly string[], silent: readonly string[]): string {
  return [
    "no incident",
    ...(blind.length === 0 ? [] : [`blind (${[...new Set(blind)].join(", ")})`]),
    ...silent.map((peer) => `agent of ${peer} stopped`),
  ].join(", ");
}

export function gotInWords(seen: Seen): string {
  if (seen.events.length === 0) return quietInWords(seen.blind, seen.silent);
  return seen.events
    .map((got) => (got === null ? "no verdict" : `${got.scope}, ${got.direction}${got.hop === null ? "" : ` ${place(got.hop)}`}`))
    .join(" + ");
}

function place({ after, before }: Place): string {
  return `${after ?? "?"}→${before ?? "?"}`;
}
