/** What is worth saying beside the verdict, as whole sentences; what the verdict itself says is not said again. */
import { lossy, type EventView } from "./event-view.ts";
import type { Count, HostFacts, IncidentFacts } from "./facts.ts";
import type { Match } from "./rule.ts";
import { english, fill, type Words } from "./words.ts";

/** Lines about single peers; an event of forty has them in its incidents. */
const MAX_FINDINGS = 12;
/** Of the link's speed: from here on our own traffic is the innocent explanation. */
const BUSY_LINK = 0.9;
/** Share of the time that a node without a fault may well show. */
const STARVED = 0.2;
/** Probes a flow must have sent before it can be called clean or bad. */
const MIN_FLOW_SENT = 5;

type Phrases = Words["finding"];

export function findingsOf(view: EventView, match: Pick<Match, "rule" | "scope">, words: Words = english): string[] {
  const { facts, incidents } = view;
  const ofPeers = incidents.flatMap((incident) => [
    ...pathFindings(incident, words),
    ...flowFindings(incident, words),
    ...peerFindings(incident, match, words.finding),
  ]);
  return [...ofPeers, ...hostFindings(facts.host, match, words), ...agentFindings(view, match, words.finding)].slice(0, MAX_FINDINGS);
}

function pathFindings({ peer, pathChanged, replyTtlChanged }: IncidentFacts, words: Words): string[] {
  const route = (path: readonly (string | null)[]): string => path.map((hop) => hop ?? words.silentHop).join(" ");
  return [
    ...(pathChanged === null ? [] : [fill(words.finding.pathChanged, { peer, before: route(pathChanged.before), now: route(pathChanged.now) })]),
    ...(replyTtlChanged === null ? [] : [fill(words.finding.replyTtl, { peer, ...replyTtlChanged })]),
  ];
}

/** One flow of four that lost while the others did not is a member of a bundle; several that differ are worth their figures. */
function flowFindings({ peer, flows }: IncidentFacts, { finding: phrases, joints }: Words): string[] {
  if (flows.length < 2 || flows.some(({ sent }) => sent < MIN_FLOW_SENT)) return [];
  const bad = flows.filter(({ lost }) => lost > 0);
  const clean = flows.length - bad.length;
  const [only] = bad;
  if (clean === 0 || only === undefined || !lossy(only, 1)) return [];
  if (bad.length === 1) return [fill(phrases.flow, { peer, flow: flows.indexOf(only) + 1, flows: flows.length, ...only })];
  return bad.every((flow) => lossy(flow, 1)) ? [fill(phrases.flows, { peer, list: flows.map(figures).join(joints.list) })] : [];
}

function figures({ sent, lost }: Count): string {
  return `${lost}/${sent}`;
}

function peerFindings({ peer, hearing, late, brownout }: IncidentFacts, { scope }: Pick<Match, "scope">, phrases: Phrases): string[] {
  const direct = scope === "path" || scope === "peer" || scope === "uncertain";
  return [
    ...(late > 0 && !brownout ? [fill(phrases.late, { peer, count: late })] : []),
    ...(direct && hearing.state === "off" ? [fill(phrases.deaf, { peer })] : []),
    ...(direct && hearing.state === "calibrated" && !hearing.authentic ? [fill(phrases.unauthenticated, { peer })] : []),
    ...(direct && hearing.saysBad === true ? [fill(phrases.otherEnd, { peer })] : []),
  ];
}

function hostFindings(host: HostFacts | null, { rule }: Pick<Match, "rule">, { finding: phrases, someInterface }: Words): string[] {
  if (host === null) return [];
  const name = host.interface ?? someInterface;
  const drops = (host.nicDrops ?? 0) + (host.nicErrors ?? 0);
  return [
    ...((host.tcpRetransmits ?? 0) > 0 ? [fill(phrases.tcp, { count: host.tcpRetransmits ?? 0 })] : []),
    ...((host.linkUse ?? 0) >= BUSY_LINK ? [fill(phrases.link, { share: percent(host.linkUse ?? 0) })] : []),
    ...(rule !== "carrier-lost" && (host.carrierLost === true || (host.carrierChanges ?? 0) > 0) ? [fill(phrases.carrier, { interface: name })] : []),
    ...(rule !== "queue-drops" && (host.queueDrops ?? 0) > 0 ? [fill(phrases.queue, { interface: name, count: host.queueDrops ?? 0 })] : []),
    ...(rule !== "interface-drops" && drops > 0 ? [fill(phrases.nic, { interface: name, count: drops })] : []),
    ...(rule !== "conntrack-full" && host.conntrackFull === true ? [phrases.conntrack] : []),
  ];
}

function agentFindings({ facts: { agent } }: EventView, { rule }: Pick<Match, "rule">, phrases: Phrases): string[] {
  const { blindMs, eventMs, cpuPressure, steal } = agent;
  return [
    ...(rule !== "agent-blind" && blindMs > 0 ? [fill(phrases.blind, { blindMs: Math.round(blindMs), eventMs: Math.round(eventMs) })] : []),
    ...((cpuPressure ?? 0) >= STARVED ? [fill(phrases.pressure, { share: percent(cpuPressure ?? 0) })] : []),
    ...((steal ?? 0) >= STARVED ? [fill(phrases.steal, { share: percent(steal ?? 0) })] : []),
  ];
}

function percent(share: number): number {
  return Math.round(share * 100);
}
