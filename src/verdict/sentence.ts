/**
 * The sentence of a ticket: when, what, in which direction, behind which hop; why we think so; who was clean; what real traffic did. Clean is said only of what
 * was observed to be clean: peers by their probes, the uplink by a peer beyond it, the gateway by its canary, the NIC by its counters.
 */
import { viewOf, type EventView } from "./event-view.ts";
import type { EventFacts } from "./facts.ts";
import { bestGroup } from "./groups.ts";
import { mainErrno } from "./own-faults.ts";
import type { Verdict } from "./verdict.ts";
import { english, fill, type Part, type Words } from "./words.ts";

/** Answers a canary must have given before it is called clean. */
const MIN_CLEAN_PROBES = 5;
/** Between the shares that the best and the worst of several peers lost: from here on one figure for all would mislead. */
const UNEVEN = 0.25;
/** Of an event of many peers, named in one sentence. */
const MAX_NAMES = 13;
/** Length of "2026-11-20T", and of "04:12:03.2". */
const DATE_CHARS = 11;
const CLOCK_CHARS = 10;

export function sentence(facts: EventFacts, verdict: Verdict, words: Words = english): string {
  const view = viewOf(facts);
  const values = valuesOf(view, { verdict, words });
  const clauses = [
    lead(view, { verdict, words, values }),
    fill(words.cause[verdict.rule] ?? words.scope[verdict.scope], values),
    ...traces(verdict, words),
    ...cleanPeers(view, words),
    ...cleanOwn(view, { verdict, words }),
    ...((facts.host?.tcpRetransmits ?? 0) > 0 ? [words.tcp] : []),
  ];
  return clauses.join(words.joints.clause);
}

interface Said {
  readonly verdict: Verdict;
  readonly words: Words;
}

/** What was never sent has no direction. */
function lead(view: EventView, { verdict, words, values }: Said & { readonly values: Readonly<Record<string, string | number>> }): string {
  const { direction, hop, counts } = verdict;
  const isRefused = headKind(view, verdict) === "refused";
  const parts: Readonly<Record<Part, string | null>> = {
    span: span(view, words),
    head: fill(headOf(view, { verdict, words }), values),
    direction: isRefused || direction === "unknown" ? null : words.direction[direction],
    hop: isRefused ? null : place(hop, { links: counts["links"] ?? 1, words }),
  };
  return words.order.flatMap((part) => parts[part] ?? []).join(words.joints.part);
}

function valuesOf(view: EventView, { verdict, words }: Said): Record<string, string | number> {
  const { facts, incidents } = view;
  const names = incidents.map(({ peer }) => peer);
  return {
    ...Object.fromEntries(Object.entries(verdict.counts).map(([name, value]) => [name, Math.round(value)])),
    node: facts.node,
    peer: names.length === 1 ? (names[0] ?? "") : list(names.slice(0, MAX_NAMES), words),
    bad: view.bad,
    peers: view.peers,
    loss: lossText(view, words),
    failed: view.sendFailed,
    attempted: view.sent + view.sendFailed,
    sure: words.certainty[verdict.certainty],
    errno: mainErrno(facts.host?.sendErrors) ?? words.silentHop,
    interface: facts.host?.interface ?? words.silentHop,
    gateway: facts.gateway?.address ?? facts.host?.gateway ?? "",
    group: bestGroup(view)?.name ?? "",
  };
}

function lossText(view: EventView, words: Words): string {
  const shares = view.incidents.map(({ sent, lost, pending, blind }) => ({ lost: lost + pending, judged: Math.max(0, sent - blind) }));
  const judged = shares.filter((share) => share.judged > 0).toSorted((a, b) => a.lost / a.judged - b.lost / b.judged);
  const [least, most] = [judged.at(0), judged.at(-1)];
  const loss = percent(view);
  if (least === undefined || most === undefined || most.lost / most.judged - least.lost / least.judged < UNEVEN) return loss;
  return fill(words.uneven, { loss, least: percent(least), most: percent(most) });
}

/** Whole percent; never "100 %" or "0 %" of what is not all or nothing. */
function percent({ lost, judged }: Pick<EventView, "lost" | "judged">): string {
  const share = judged === 0 ? 0 : Math.min(1, lost / judged) * 100;
  const tenths = Math.round(share * 10) / 10;
  if (lost > 0 && tenths === 0) return "<0.1 %";
  const shown = share >= 99 && lost < judged ? Math.min(99.9, tenths) : share >= 10 ? Math.round(share) : tenths;
  return `${shown} %`;
}

/** The share that was lost is of the bursts alone. */
function span({ facts, incidents }: EventView, words: Words): string {
  const { startedMs, endedMs } = facts;
  const inBursts = incidents.some(({ bursts }) => bursts > 1);
  const from = new Date(startedMs).toISOString();
  if (endedMs === null) return fill(inBursts ? words.span.openBursts : words.span.open, { from: clock(from) });
  const to = new Date(endedMs).toISOString();
  const isOneDay = from.slice(0, DATE_CHARS) === to.slice(0, DATE_CHARS);
  const times = isOneDay ? { from: clock(from), to: clock(to) } : { from: dated(from), to: dated(to) };
  return fill(inBursts ? words.span.bursts : words.span.closed, times);
}

function clock(iso: string): string {
  return iso.slice(DATE_CHARS, DATE_CHARS + CLOCK_CHARS);
}

function dated(iso: string): string {
  return iso.slice(0, DATE_CHARS + CLOCK_CHARS).replace("T", " ");
}

function headOf(view: EventView, { verdict, words }: Said): string {
  return words.head[headKind(view, verdict)][view.bad === 1 && view.incidents.length === 1 ? "one" : "many"];
}

function headKind(view: EventView, { rule, scope }: Verdict): keyof Words["head"] {
  if (rule.startsWith("send-") && view.sendFailed > 0) return "refused";
  if (view.brownout) return "slow";
  if (view.lost > 0) return view.overdue > 0 ? "unanswered" : "loss";
  return scope === "agent" ? "blind" : "silent";
}

/** A stretch of more than one link has two ends. */
function place(hop: Verdict["hop"], { links, words }: { readonly links: number; readonly words: Words }): string | null {
  if (hop === null) return null;
  if (links > 1 && hop.after !== null && hop.before !== null) return fill(words.hop.between, { after: hop.after, before: hop.before });
  if (hop.after !== null) return fill(words.hop.behind, { after: hop.after });
  return hop.before === null ? null : fill(words.hop.upTo, { before: hop.before });
}

/** What the traces say: of one peer the packets on either side of the fault, of several how many agree. */
function traces({ hop, counts }: Verdict, words: Words): string[] {
  if (hop === null) return [];
  const { agreeing = 0, traced = 0, farSent = 0, farAnswered = 0 } = counts;
  if (agreeing > 0) return [fill(traced === 1 ? words.traces.endedOne : words.traces.ended, { agree: agreeing, traced })];
  if (farSent === 0) return [];
  const phrase = counts["nearSent"] === undefined ? words.traces.noneNear : farAnswered === 0 ? words.traces.noneFar : words.traces.packets;
  return [fill(phrase, { ...counts, after: hop.after ?? words.silentHop, before: hop.before ?? words.beyond })];
}

function cleanPeers({ peers, bad }: EventView, words: Words): string[] {
  const clean = peers - bad;
  if (clean <= 0) return [];
  return [fill(clean === 1 ? words.cleanPeers.one : words.cleanPeers.many, { count: words.numbers[clean] ?? clean })];
}

function cleanOwn(view: EventView, { verdict, words }: Said): string[] {
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
