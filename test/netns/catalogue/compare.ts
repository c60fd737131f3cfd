/** What was expected of an observer × what its report says. Addresses become names of machines here, so that one table can be read. */
import type { Report, ReportVerdict } from "../../../src/report/report.ts";
import type { Lab } from "../lab.ts";
import type { Expected, Place } from "./fault.ts";

/** A verdict in names. */
export interface Got {
  readonly scope: string;
  readonly direction: string;
  readonly hop: Place | null;
  readonly certainty: string;
  readonly rule: string;
  readonly sentence: string;
}

export interface Seen {
  /** One for each event that began with the fault or later, in order. */
  readonly events: readonly (Got | null)[];
  /** Causes of blind intervals since. */
  readonly blind: readonly string[];
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
  };
}

function inNames({ scope, direction, hop, certainty, rule, sentence }: ReportVerdict, names: ReadonlyMap<string, string>): Got {
  const name = (address: string | null): string | null => (address === null ? null : (names.get(address) ?? address));
  return { scope, direction, hop: hop === null ? null : { after: name(hop.after), before: name(hop.before) }, certainty, rule, sentence };
}

/** Why it is wrong, in words; null when it is right. Each event must be: one outage with two verdicts is wrong if one of them is. */
export function whyWrong(expected: Expected, seen: Seen): string | null {
  if (expected.kind === "quiet") {
    if (seen.events.length > 0) return `${seen.events.length} events where there should be none`;
    return expected.blind === undefined || seen.blind.includes(expected.blind) ? null : `no blind interval (${expected.blind})`;
  }
  if (seen.events.length === 0) return "no event";
  if (seen.events.length > 1) return `${seen.events.length} events instead of one`;
  const [got] = seen.events;
  if (got === null || got === undefined) return "no verdict";
  if (!expected.scope.some((scope) => scope === got.scope)) return `scope ${got.scope}`;
  if (expected.direction !== undefined && !expected.direction.some((direction) => direction === got.direction)) return `direction ${got.direction}`;
  if (expected.hop === undefined) return null;
  if (got.hop === null) return expected.located === true ? "no hop" : null;
  const right = got.hop.after === expected.hop.after && (got.hop.before === null || got.hop.before === expected.hop.before);
  return right ? null : `hop ${place(got.hop)}`;
}

export function expectedInWords(expected: Expected): string {
  if (expected.kind === "quiet") return expected.blind === undefined ? "no incident" : `no incident, blind (${expected.blind})`;
  const { scope, direction, hop, located } = expected;
  const where = hop === undefined ? "" : ` ${place(hop)}${located === true ? "" : " or no hop"}`;
  return `${scope.join(" or ")}${direction === undefined ? "" : `, ${direction.join(" or ")}`}${where}`;
}

export function gotInWords(seen: Seen): string {
  if (seen.events.length === 0) return seen.blind.length === 0 ? "no incident" : `no incident, blind (${[...new Set(seen.blind)].join(", ")})`;
  return seen.events
    .map((got) => (got === null ? "no verdict" : `${got.scope}, ${got.direction}${got.hop === null ? "" : ` ${place(got.hop)}`}`))
    .join(" + ");
}

function place({ after, before }: Place): string {
  return `${after ?? "?"}→${before ?? "?"}`;
}
