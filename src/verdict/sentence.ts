/**
 * The sentence of a ticket: when, what, in which direction, behind which hop; why we think so; who was clean; what real traffic did. Clean is said only of what
 * was observed to be clean: peers by their probes, the uplink by a peer beyond it, the gateway by its canary, the NIC by its counters.
 */
import { viewOf, type EventView } from "./event-view.ts";
import type { EventFacts } from "./facts.ts";
import { bestGroup } from "./groups.ts";
import { mainErrno } from "./own-faults.ts";
import type { Verdict } from "./verdict.ts";
import { english, fill, type Words } from "./words.ts";

/** Answers a canary must have given before it is called clean. */
const MIN_CLEAN_PROBES = 5;
/** Length of "2026-11-20T", and of "04:12:03.2". */
const DATE_CHARS = 11;
const CLOCK_CHARS = 10;

export function sentence(facts: EventFacts, verdict: Verdict, words: Words = english): string {
  const view = viewOf(facts);
  const values = valuesOf(view, { verdict, words });
  const clauses = [
    [span(facts, words), fill(headOf(view, { verdict, words }), values), ...where(verdict, words)].join(words.joints.part),
    fill(words.cause[verdict.rule] ?? words.scope[verdict.scope], values),
    ...traces(verdict, words),
    ...cleanPeers(view, words),
    ...cleanOwn(view, { verdict, words }),
    ...((facts.host?.tcpRetransmits ?? 0) > 0 ? [words.tcp] : []),
  ];
  return clauses.join(words.joints.clause);
}

function valuesOf(view: EventView, { verdict, words }: { readonly verdict: Verdict; readonly words: Words }): Record<string, string | number> {
  const { facts, incidents } = view;
  const names = incidents.map(({ peer }) => peer);
  return {
    ...Object.fromEntries(Object.entries(verdict.counts).map(([name, value]) => [name, Math.round(value)])),
    node: facts.node,
    peer: names.length === 1 ? (names[0] ?? "") : list(names.slice(0, words.numbers.length), words),
    bad: view.bad,
    peers: view.peers,
    loss: lossText(view),
    failed: view.sendFailed,
    attempted: view.sent + view.sendFailed,
    sure: words.certainty[verdict.certainty],
    errno: mainErrno(facts.host?.sendErrors) ?? words.silentHop,
    interface: facts.host?.interface ?? words.silentHop,
    gateway: facts.gateway?.address ?? facts.host?.gateway ?? "",
    group: bestGroup(view)?.name ?? "",
  };
}

/** Whole percent; never "100 %" or "0 %" of what is not all or nothing. */
function lossText({ lost, judged, loss }: EventView): string {
  const share = loss * 100;
  const tenths = Math.round(share * 10) / 10;
  if (lost > 0 && tenths === 0) return "<0.1 %";
  const shown = share >= 99 && lost < judged ? Math.min(99.9, tenths) : share >= 10 ? Math.round(share) : tenths;
  return `${shown} %`;
}

function span({ startedMs, endedMs }: EventFacts, words: Words): string {
  const from = new Date(startedMs).toISOString();
  if (endedMs === null) return fill(words.span.open, { from: clock(from) });
  const to = new Date(endedMs).toISOString();
  const days = from.slice(0, DATE_CHARS) === to.slice(0, DATE_CHARS) ? 0 : 1;
  return fill(words.span.closed, days === 0 ? { from: clock(from), to: clock(to) } : { from: dated(from), to: dated(to) });
}

function clock(iso: string): string {
  return iso.slice(DATE_CHARS, DATE_CHARS + CLOCK_CHARS);
}

function dated(iso: string): string {
  return iso.slice(0, DATE_CHARS + CLOCK_CHARS).replace("T", " ");
}

function headOf(view: EventView, { verdict, words }: { readonly verdict: Verdict; readonly words: Words }): string {
  return words.head[headKind(view, verdict)][view.bad === 1 && view.incidents.length === 1 ? "one" : "many"];
}

function headKind(view: EventView, { rule, scope }: Verdict): keyof Words["head"] {
  if (rule.startsWith("send-") && view.sendFailed > 0) return "refused";
  if (view.brownout) return "slow";
  if (view.lost > 0) return view.overdue > 0 ? "unanswered" : "loss";
  return scope === "agent" ? "blind" : "silent";
}

function where({ direction, hop }: Verdict, words: Words): string[] {
  return [...(direction === "unknown" ? [] : [words.direction[direction]]), ...place(hop, words)];
}

function place(hop: Verdict["hop"], words: Words): string[] {
  if (hop === null) return [];
  if (hop.after !== null) return [fill(words.hop.behind, { after: hop.after })];
  return hop.before === null ? [] : [fill(words.hop.upTo, { before: hop.before })];
}

/** How many traces say so, by votes of one peer's or by peers that agree. */
function traces({ hop, counts }: Verdict, words: Words): string[] {
  const [agree, traced] = [counts["agreeing"] ?? counts["votes"] ?? 0, counts["traced"] ?? counts["of"] ?? 0];
  return hop === null || agree === 0 ? [] : [fill(words.traces, { agree, traced })];
}

function cleanPeers({ peers, bad }: EventView, words: Words): string[] {
  const clean = peers - bad;
  if (clean <= 0) return [];
  return [fill(clean === 1 ? words.cleanPeers.one : words.cleanPeers.many, { count: words.numbers[clean] ?? clean })];
}

function cleanOwn(view: EventView, { verdict, words }: { readonly verdict: Verdict; readonly words: Words }): string[] {
  if (verdict.scope === "agent" || verdict.scope === "local") return [];
  const { facts } = view;
  const { gateway, host } = facts;
  const bad = new Set(view.incidents.map(({ peer }) => peer));
  const beyond = facts.mesh.members.some(({ peer, path }) => !bad.has(peer) && path !== null && path.length >= 2);
  const clean = [
    ...(beyond && verdict.scope !== "uplink" && verdict.scope !== "gateway" ? [words.clean.uplink] : []),
    ...(gateway !== null && gateway.answers && gateway.sent >= MIN_CLEAN_PROBES && gateway.lost === 0 && verdict.scope !== "gateway"
      ? [words.clean.gateway]
      : []),
    ...(host !== null && host.carrierLost === false && [host.carrierChanges, host.nicErrors, host.nicDrops].every((count) => count === 0)
      ? [words.clean.nic]
      : []),
  ];
  if (clean.length === 0) return [];
  return [fill(clean.length === 1 ? words.clean.one : words.clean.many, { list: list(clean, words) })];
}

/** "uplink, gateway and NIC". */
function list(items: readonly string[], { joints }: Words): string {
  const [last, ...front] = items.toReversed();
  if (last === undefined) return "";
  return front.length === 0 ? last : front.toReversed().join(joints.list) + joints.last + last;
}
