/**
 * Everything that a verdict says, in one table a language: whole clauses with {places} for names and figures. A rule is known here by its name and nowhere else
 * knows a word; a language that is added is a table of this shape (`words-zh.ts`). Order, separators and plurals are the table's, and so is the interpunction.
 */
import type { Certainty, Direction, Scope } from "./verdict.ts";

/** When, what, in which direction, behind which hop. */
export type Part = "span" | "head" | "direction" | "hop";

export interface Words {
  /** Zero to twelve as words; figures beyond. */
  readonly numbers: readonly string[];
  /** Of the first clause, whose parts differ most between languages in where they stand. */
  readonly order: readonly Part[];
  /** Between clauses, between parts of the first one, and in lists. */
  readonly joints: { readonly clause: string; readonly part: string; readonly list: string; readonly last: string };
  /** `bursts`: several of them, with good times in between. */
  readonly span: Readonly<Record<"closed" | "open" | "bursts" | "openBursts", string>>;
  /** A share of several peers, and what the best and the worst of them lost. */
  readonly uneven: string;
  /** What happened, to one peer or to many. */
  readonly head: Readonly<Record<"loss" | "unanswered" | "slow" | "refused" | "silent" | "blind", { readonly one: string; readonly many: string }>>;
  readonly direction: Readonly<Record<Exclude<Direction, "unknown">, string>>;
  readonly hop: { readonly behind: string; readonly between: string; readonly upTo: string };
  readonly certainty: Readonly<Record<Certainty, string>>;
  /** By rule; {sure} is the certainty. */
  readonly cause: Readonly<Record<string, string>>;
  /** For a rule without words of its own. */
  readonly scope: Readonly<Record<Scope, string>>;
  /** One peer's by packets, those of several by the hop they agree on. */
  readonly traces: Readonly<Record<"packets" | "noneNear" | "noneFar" | "ended" | "endedOne", string>>;
  /** Who answered trace packets behind the fault, where it has no address. */
  readonly beyond: string;
  readonly cleanPeers: { readonly one: string; readonly many: string };
  readonly clean: { readonly one: string; readonly many: string; readonly uplink: string; readonly gateway: string; readonly nic: string };
  readonly tcp: string;
  readonly finding: Readonly<
    Record<
      | "pathChanged"
      | "replyTtl"
      | "flow"
      | "flows"
      | "tcp"
      | "link"
      | "pressure"
      | "steal"
      | "blind"
      | "carrier"
      | "queue"
      | "nic"
      | "conntrack"
      | "late"
      | "deaf"
      | "unauthenticated"
      | "otherEnd",
      string
    >
  >;
  readonly silentHop: string;
  /** One whose name is not known. */
  readonly someInterface: string;
}

export const english: Words = {
  numbers: ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"],
  order: ["span", "head", "direction", "hop"],
  joints: { clause: "; ", part: ", ", list: ", ", last: " and " },
  span: {
    closed: "from {from} to {to} UTC",
    open: "since {from} UTC",
    bursts: "in bursts from {from} to {to} UTC",
    openBursts: "in bursts since {from} UTC",
  },
  uneven: "{loss} ({least} to {most} by peer)",
  head: {
    loss: { one: "{loss} of packets from {node} to {peer} were lost", many: "{loss} of packets from {node} to {bad} of {peers} peers were lost" },
    unanswered: {
      one: "{loss} of packets from {node} to {peer} were lost or are overdue",
      many: "{loss} of packets from {node} to {bad} of {peers} peers were lost or are overdue",
    },
    slow: {
      one: "replies from {peer} to {node} were slow, none was lost",
      many: "replies from {bad} of {peers} peers to {node} were slow, none was lost",
    },
    refused: {
      one: "{node} could not send {failed} of {attempted} packets to {peer}",
      many: "{node} could not send {failed} of {attempted} packets to {bad} of {peers} peers",
    },
    silent: { one: "no probe from {node} to {peer} was lost", many: "no probe from {node} to {bad} of {peers} peers was lost" },
    blind: { one: "{node} could not judge its probes to {peer}", many: "{node} could not judge its probes to {bad} of {peers} peers" },
  },
  direction: { out: "outbound only", in: "inbound only", both: "in both directions" },
  hop: { behind: "behind {after}", between: "between {after} and {before}", upTo: "before {before}" },
  certainty: { certain: "certainly", likely: "probably", possible: "possibly" },
  cause: {
    "loopback-lost": "{sure} the agent's own host, as {loopbackLost} of {loopbackSent} probes to its own loopback were lost",
    "agent-blind": "{sure} the agent itself, which was blind for {blindMs} of {eventMs} ms",
    "send-interface-down": "{sure} our own interface, which was down: the kernel refused the sends ({errno})",
    "send-firewall": "{sure} our own firewall: the kernel refused the sends ({errno})",
    "send-queue-full": "{sure} our own send queue, which was full: the kernel refused the sends ({errno})",
    "send-refused": "{sure} our own host: the kernel refused the sends ({errno})",
    "carrier-lost": "{sure} our own link: {interface} lost its carrier",
    "queue-drops": "{sure} our own send queue, as {interface} counted {queueDrops} packets dropped from it",
    "interface-drops":
      "{sure} our own interface, as {interface} counted {nicDrops} errors and drops, and the receive queues {softnetDrops} drops, meanwhile",
    "conntrack-full": "{sure} our own connection tracking, whose table was full",
    "peer-neighbour-failed": "{sure} the peer, which is on our own link and did not answer address resolution",
    "gateway-neighbour-failed": "{sure} our gateway {gateway}, which did not answer address resolution",
    "gateway-unreachable": "{sure} our gateway {gateway}, as our own kernel reported {unreachable} times that it could not deliver to it",
    "gateway-lost": "{sure} our gateway {gateway} or the link to it, as {gatewayLost} of {gatewaySent} probes to it were lost too",
    "state-on-the-way":
      "{sure} state on the way (NAT or firewall) and not the path, as {freshAnswered} of {freshSent} probes with a fresh id were answered at the same time",
    "all-peers-near": "{sure} our uplink",
    "all-peers-far": "{sure} one fault that all of these peers are behind",
    "shared-link": "{sure} the link {group}, as {badMembers} of {members} peers across it were bad",
    "shared-hop": "{sure} the router {group}, as {badMembers} of {members} peers behind it were bad",
    "shared-label": "{sure} a cause in common at {group}, as {badMembers} of {members} peers there were bad",
    "shared-prefix": "{sure} a cause in common in {group}, as {badMembers} of {members} peers there were bad",
    "shared-end": "{sure} one fault that all of these peers are behind",
    "agent-stopped": "{sure} the agent on {peer}, which sends no probes any more while its host answers ours",
    "requests-filtered":
      "{sure} {peer} or its firewall, which drops our echo requests: {inArrived} of {inSent} of its own requests arrived here, and it told of no loss towards us",
    "answers-suppressed":
      "{sure} {peer} itself, whose answers are filtered or limited: it heard {outArrived} of {outSent} of our probes, and {inArrived} of {inSent} of its own arrived here",
    "peer-down": "{sure} {peer} itself or the last link to it",
    "hearing-out":
      "{sure} the path to {peer}, which did not hear {outLost} of {outSent} probes while {inArrived} of {inSent} of its own arrived here",
    "hearing-out-no-bitmap":
      "{sure} the path to {peer}, {inArrived} of {inSent} of whose own probes arrived here; whether it heard ours is not known",
    "hearing-in":
      "{sure} the path from {peer}, {inLost} of {inSent} of whose own probes did not arrive here while it heard {outArrived} of {outSent} of ours",
    "hearing-both": "{sure} the path, as {peer} did not hear {outLost} of {outSent} probes and {inLost} of {inSent} of its own did not arrive here",
    "hearing-no-bitmap": "{sure} the path, as {inLost} of {inSent} probes of {peer} did not arrive here; whether it heard ours is not known",
    "trace-ended": "{sure} the path, in which direction cannot be told from here",
    "no-common-cause": "the cause is uncertain: these peers have nothing in common that others have not",
    "not-located": "the cause is uncertain: the path or {peer} itself",
  },
  scope: {
    agent: "{sure} the agent itself",
    local: "{sure} our own host",
    gateway: "{sure} our gateway",
    uplink: "{sure} our uplink",
    shared: "{sure} a cause in common",
    path: "{sure} the path",
    peer: "{sure} {peer} itself",
    uncertain: "the cause is uncertain",
  },
  traces: {
    packets: "{after} answered {nearAnswered} of {nearSent} trace packets, {before} {farAnswered} of {farSent}",
    noneNear: "{before} answered {farAnswered} of {farSent} trace packets",
    noneFar: "{after} answered {nearAnswered} of {nearSent} trace packets, {before} none of {farSent}",
    ended: "the traces to {agree} of {traced} peers traced ended there",
    endedOne: "the trace to the one peer traced ended there",
  },
  beyond: "the next hop that answers otherwise",
  cleanPeers: { one: "{count} other peer was clean", many: "{count} other peers were clean" },
  clean: { one: "our own {list} was clean", many: "our own {list} were clean", uplink: "uplink", gateway: "gateway", nic: "NIC" },
  tcp: "real TCP retransmitted at the same moment",
  finding: {
    pathChanged: "The path to {peer} changed from {before} to {now}",
    replyTtl: "Replies of {peer} arrive with TTL {now} instead of {before}: the way back changed its length",
    flow: "Only flow {flow} of {flows} to {peer} lost packets ({lost} of {sent}): one member of a bundle or of several equal paths",
    flows: "Flows to {peer} lost very differently: {list}",
    tcp: "Real TCP connections of this host sent {count} segments again meanwhile",
    link: "This host used up to {share} % of the speed of its own link meanwhile",
    pressure: "Tasks of this host waited for a processor for {share} % of the time",
    steal: "The hypervisor took away {share} % of the processor time",
    blind: "The agent was blind for {blindMs} of {eventMs} ms; those probes count neither way",
    carrier: "The carrier of {interface} was lost or changed meanwhile",
    queue: "The send queue of {interface} dropped {count} packets meanwhile",
    nic: "{interface} counted {count} errors or drops meanwhile",
    conntrack: "The connection tracking table of this host was full",
    late: "{count} answers of {peer} came after the timeout",
    deaf: "Requests of {peer} never arrive here, also while healthy, so that the direction cannot be told",
    unauthenticated: "Requests of {peer} carry no valid tag of the mesh key, so that what they tell is possible at most",
    otherEnd: "{peer} has an incident with us too",
  },
  silentHop: "???",
  someInterface: "the interface",
};

/** Puts values in their places; a place without a value keeps its name, which no table of ours lets happen. */
export function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (place, name: string) => (Object.hasOwn(values, name) ? String(values[name]) : place));
}
