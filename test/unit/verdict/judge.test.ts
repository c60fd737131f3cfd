/** The catalogue of faults, as the facts that each leaves behind, and the verdict it must get. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventFacts } from "../../../src/verdict/facts.ts";
import { judge } from "../../../src/verdict/judge.ts";
import { sentence } from "../../../src/verdict/sentence.ts";
import type { Verdict } from "../../../src/verdict/verdict.ts";
import { access, behind, calmHost, canary, count, event, everybody, GATEWAY, heard, incident, member, R2, R3 } from "./facts-builder.ts";

type Expected = Pick<Verdict, "scope" | "certainty" | "rule"> & Partial<Pick<Verdict, "direction" | "hop">>;

function holds(title: string, facts: EventFacts, expected: Expected): void {
  test(title, () => {
    const { scope, direction, hop, certainty, rule } = judge(facts);
    assert.deepEqual({ scope, direction, hop, certainty, rule }, { direction: "unknown", hop: null, ...expected });
  });
}

const silentGateway = canary(89, 89, { answers: false });
const lostGateway = canary(89, 89);
const allLost = everybody(12, () => ({}));
const aThirdLost = everybody(12, () => ({ lost: 30 }));

// Verdicts that several faults get.

const midPath = { after: R2, before: R3 };
const ownFirewall: Expected = { scope: "local", direction: "out", certainty: "certain", rule: "send-firewall" };
const likelyTheQueue: Expected = { scope: "local", direction: "out", certainty: "likely", rule: "queue-drops" };
const sharedRouter: Expected = { scope: "shared", hop: { after: R3, before: access(21) }, certainty: "likely", rule: "shared-link" };
const noCommonCause: Expected = { scope: "uncertain", certainty: "possible", rule: "no-common-cause" };
const outMidPath: Expected = { scope: "path", direction: "out", hop: midPath, certainty: "likely", rule: "hearing-out" };
const endsMidPath: Expected = { scope: "path", hop: midPath, certainty: "likely", rule: "trace-ended" };
const beforeLastRouter: Expected = { scope: "path", hop: { after: R3, before: access(1) }, certainty: "likely", rule: "trace-ended" };
const notLocated: Expected = { scope: "uncertain", certainty: "possible", rule: "not-located" };

// Ourselves.

holds(
  "agent stalled: it was blind for most of the event",
  event(
    everybody(12, () => ({ lost: 4, blind: 80 })),
    { agent: { blindMs: 8_000, eventMs: 8_900, cpuPressure: 0, steal: 0 } },
  ),
  {
    scope: "agent",
    certainty: "certain",
    rule: "agent-blind",
  },
);
holds(
  "wire killed: the probes of most peers are blind",
  event([incident(1, { lost: 2, blind: 85 })], { agent: { blindMs: 2_000, eventMs: 8_900, cpuPressure: 0, steal: 0 } }),
  {
    scope: "agent",
    certainty: "likely",
    rule: "agent-blind",
  },
);
holds(
  "a busy host judged a third of the probes only: they were all lost, and everybody else answers",
  event([incident(1, { sent: 35, lost: 13, blind: 22, segment: behind(2, 1) })], {
    agent: { blindMs: 282, eventMs: 3_722, cpuPressure: 0.99, steal: 0 },
  }),
  endsMidPath,
);
holds(
  "blind for 40 % of it: no more than likely",
  event([incident(1)], { agent: { blindMs: 4_000, eventMs: 10_000, cpuPressure: null, steal: null } }),
  {
    scope: "agent",
    certainty: "likely",
    rule: "agent-blind",
  },
);
holds(
  "own firewall: it refuses the probes of loopback as well, which is no fault of the agent",
  event(
    everybody(12, () => ({ sent: 0, lost: 0, sendFailed: 89 })),
    {
      host: { ...calmHost, sendErrors: { EPERM: 1068 } },
      loopback: canary(60, 89, { address: "127.0.0.1" }),
      gateway: lostGateway,
    },
  ),
  ownFirewall,
);
holds("loopback lost too", event(allLost, { loopback: canary(40, 89, { address: "127.0.0.1" }) }), {
  scope: "agent",
  certainty: "certain",
  rule: "loopback-lost",
});
holds(
  "own interface down",
  event(
    everybody(12, () => ({ sent: 5, lost: 5, sendFailed: 84 })),
    { host: { ...calmHost, sendErrors: { ENETUNREACH: 1008 } }, gateway: lostGateway },
  ),
  {
    scope: "local",
    direction: "both",
    certainty: "certain",
    rule: "send-interface-down",
  },
);
holds(
  "local firewall dropping output",
  event([incident(1, { sent: 10, lost: 0, sendFailed: 79 })], { host: { ...calmHost, sendErrors: { EPERM: 79 } } }),
  ownFirewall,
);
holds(
  "a send queue that says so",
  event(
    everybody(3, () => ({ sent: 40, lost: 9, sendFailed: 49 })),
    { peers: 3, host: { ...calmHost, sendErrors: { ENOBUFS: 147, EPERM: 2 } } },
  ),
  {
    scope: "local",
    direction: "out",
    certainty: "certain",
    rule: "send-queue-full",
  },
);
holds(
  "a few refused sends are not the fault",
  event([incident(1, { sendFailed: 5, segment: behind(3, 1) })], { host: { ...calmHost, sendErrors: { EPERM: 5 } } }),
  beforeLastRouter,
);
holds(
  "cable pulled",
  event(allLost, { host: { ...calmHost, carrierLost: true, carrierChanges: 1, unreachableFromSelf: 40 }, gateway: lostGateway }),
  {
    scope: "local",
    direction: "both",
    certainty: "certain",
    rule: "carrier-lost",
  },
);
holds(
  "a carrier that flapped while the gateway answered all along is not the fault",
  event([incident(1, { segment: behind(3, 1) })], { host: { ...calmHost, carrierChanges: 2 } }),
  beforeLastRouter,
);
holds("local queue full", event(aThirdLost, { host: { ...calmHost, queueDrops: 400 }, gateway: canary(28, 89) }), {
  scope: "local",
  direction: "out",
  certainty: "certain",
  rule: "queue-drops",
});
holds("queue drops that explain a part", event(aThirdLost, { host: { ...calmHost, queueDrops: 60 }, gateway: null }), likelyTheQueue);
holds(
  "queue drops prove nothing while requests of the peers are lost too",
  event(
    everybody(12, () => ({ lost: 30, hearing: heard({ in: count(28, 89) }) })),
    { host: { ...calmHost, queueDrops: 400 }, gateway: null },
  ),
  likelyTheQueue,
);
holds(
  "a busy queue while one of twelve peers is lost is not the fault",
  event([incident(1, { segment: behind(3, 1) })], { host: { ...calmHost, queueDrops: 5000 } }),
  beforeLastRouter,
);
holds("drops of the interface", event(aThirdLost, { host: { ...calmHost, nicDrops: 300 }, gateway: canary(30, 89) }), {
  scope: "local",
  certainty: "likely",
  rule: "interface-drops",
});
holds("connection tracking full", event(aThirdLost, { host: { ...calmHost, conntrackFull: true } }), {
  scope: "local",
  certainty: "likely",
  rule: "conntrack-full",
});

// Near us.

const atGateway = { after: null, before: GATEWAY };
holds(
  "gateway dead, its address still resolves",
  event(
    everybody(12, (number) => ({ segment: behind(0, number) })),
    { gateway: lostGateway },
  ),
  {
    scope: "gateway",
    hop: atGateway,
    certainty: "likely",
    rule: "gateway-lost",
  },
);
holds("gateway's ARP gone", event(allLost, { host: { ...calmHost, gatewayNeighbour: "failed", unreachableFromSelf: 300 }, gateway: lostGateway }), {
  scope: "gateway",
  hop: atGateway,
  certainty: "certain",
  rule: "gateway-neighbour-failed",
});
holds(
  "unreachable from our own address while the carrier is fine",
  event(allLost, { host: { ...calmHost, gatewayNeighbour: null, unreachableFromSelf: 31 }, gateway: silentGateway }),
  {
    scope: "gateway",
    hop: atGateway,
    certainty: "certain",
    rule: "gateway-unreachable",
  },
);
holds(
  "unreachable from our own address, no canary, and the route has a gateway: that one",
  event(
    everybody(12, () => ({})),
    { host: { ...calmHost, gateway: "10.9.0.9", gatewayNeighbour: "failed", unreachableFromSelf: 31 }, gateway: null },
  ),
  {
    scope: "gateway",
    hop: { after: null, before: "10.9.0.9" },
    certainty: "certain",
    rule: "gateway-neighbour-failed",
  },
);
holds(
  "the same without a look at the carrier proves less",
  event(allLost, { host: { ...calmHost, gatewayNeighbour: null, carrierLost: null, unreachableFromSelf: 31 }, gateway: null }),
  {
    scope: "gateway",
    certainty: "likely",
    rule: "gateway-unreachable",
  },
);
holds(
  "a peer on our own link that does not answer ARP is not the gateway",
  event([incident(1, { path: [] })], { host: { ...calmHost, unreachableFromSelf: 31 } }),
  {
    scope: "peer",
    certainty: "likely",
    rule: "peer-neighbour-failed",
  },
);
test("where the way to the peers has no gateway, none is accused, also without baselines", () => {
  const incidents = everybody(3, () => ({ path: null }));
  const facts = event(incidents, { peers: 3, host: { ...calmHost, gateway: null, gatewayNeighbour: null, unreachableFromSelf: 31 }, gateway: null });
  const verdict = judge(facts);
  assert.notEqual(verdict.scope, "gateway");
  assert.doesNotMatch(sentence(facts, verdict), /gateway/);
});
const uplink = { after: GATEWAY, before: R2 };
const uplinkCut: Expected = { scope: "uplink", hop: uplink, certainty: "likely", rule: "all-peers-near" };
holds("uplink cut", event(everybody(12, (number) => ({ segment: number <= 3 ? behind(1, number) : null }))), uplinkCut);
holds(
  "uplink cut behind a gateway that answers traces only",
  event(
    everybody(12, (number) => ({ segment: behind(1, number) })),
    { gateway: silentGateway },
  ),
  uplinkCut,
);
holds(
  "all peers lost, nothing known of the gateway",
  event(
    everybody(12, () => ({ path: null })),
    { gateway: silentGateway },
  ),
  {
    scope: "uplink",
    certainty: "possible",
    rule: "all-peers-near",
  },
);
holds(
  "gateway that leaves our echo unanswered but forwards is not the fault",
  event(
    everybody(12, (number) => ({ segment: behind(2, number) })),
    { gateway: lostGateway },
  ),
  {
    scope: "uplink",
    hop: { after: R2, before: R3 },
    certainty: "likely",
    rule: "all-peers-near",
  },
);
holds(
  "uplink that lost half, one way",
  event(
    everybody(12, (number) => ({
      lost: 44,
      segment: number <= 3 ? behind(1, number) : null,
      hearing: heard({ in: count(0, 89), out: count(44, 89) }),
    })),
  ),
  {
    scope: "uplink",
    direction: "out",
    hop: uplink,
    certainty: "likely",
    rule: "all-peers-near",
  },
);
holds(
  "stock rate limits and forty peers behind one dead router: one trace speaks for all",
  event(
    everybody(40, (number) => ({ segment: number === 1 ? behind(1, number) : null })),
    { peers: 40 },
  ),
  uplinkCut,
);
holds(
  "all peers lost behind a hop far from us",
  event(everybody(12, (number) => ({ segment: number <= 3 ? behind(3, number, { before: null }) : null }))),
  {
    scope: "shared",
    hop: { after: R3, before: null },
    certainty: "likely",
    rule: "all-peers-far",
  },
);
for (const [title, third, before] of [
  ["the next hop is named by the peers that know it", null, "10.20.34.2"],
  ["and by nobody where they disagree", "10.20.35.2", null],
] as const) {
  holds(
    `all peers lost behind a hop far from us: ${title}`,
    event(everybody(12, (number) => ({ segment: number <= 3 ? behind(3, number, { before: number === 3 ? third : "10.20.34.2" }) : null }))),
    {
      scope: "shared",
      hop: { after: R3, before },
      certainty: "likely",
      rule: "all-peers-far",
    },
  );
}
holds(
  "two of two peers lost",
  event(
    everybody(2, () => ({})),
    { peers: 2 },
  ),
  { scope: "uplink", certainty: "possible", rule: "all-peers-near" },
);
holds(
  "all peers lost at several ends is not the uplink: whatever is before them forwards",
  event(everybody(12, (number) => ({ labels: {}, path: null, segment: { ...behind(4, number), after: `10.9.0.${number}` } }))),
  noCommonCause,
);

// In common.

holds(
  "three peers behind one router lost together",
  event(
    [21, 22, 23].map((number) => incident(number, { segment: behind(3, number) })),
    { peers: 23 },
  ),
  sharedRouter,
);
holds(
  "the same without traces: by the baseline",
  event(
    [21, 22, 23].map((number) => incident(number)),
    { peers: 23 },
  ),
  sharedRouter,
);
holds(
  "a label where no baseline is known",
  event(
    [21, 22, 23].map((number) => incident(number, { path: null })),
    { peers: 23 },
  ),
  {
    scope: "shared",
    certainty: "likely",
    rule: "shared-label",
  },
);
holds(
  "two of a label may be chance",
  event(
    [21, 22].map((number) => incident(number, { path: null })),
    { peers: 22 },
  ),
  {
    scope: "shared",
    certainty: "possible",
    rule: "shared-label",
  },
);
holds(
  "two peers that have in common what the clean ones have too",
  event(
    [1, 11].map((number) => incident(number)),
    { peers: 24 },
  ),
  noCommonCause,
);
holds(
  "a router that carries a clean peer too is not to be blamed",
  event(
    [1, 2].map((number) => incident(number, { labels: {} })),
    { peers: 3 },
  ),
  noCommonCause,
);

// One peer.

for (const [share, lost] of [
  [20, 18],
  [50, 45],
  [100, 89],
] as const) {
  holds(
    `mid-path, outbound, ${share} %`,
    event([incident(1, { lost, segment: behind(2, 1), hearing: heard({ in: count(0, 89), out: count(lost, 89) }) })]),
    outMidPath,
  );
}
holds("inbound only", event([incident(1, { segment: behind(2, 1), hearing: heard({ in: count(89, 89), out: count(0, 64), saysBad: true }) })]), {
  scope: "path",
  direction: "in",
  hop: midPath,
  certainty: "likely",
  rule: "hearing-in",
});
holds(
  "both ways, and the directions add up to the round trip",
  event([incident(1, { lost: 57, segment: behind(2, 1), hearing: heard({ in: count(35, 89), out: count(36, 89), saysBad: true }) })]),
  {
    scope: "path",
    direction: "both",
    hop: midPath,
    certainty: "likely",
    rule: "hearing-both",
  },
);
holds("both ways that do not add up", event([incident(1, { lost: 89, hearing: heard({ in: count(25, 89), out: count(25, 89) }) })]), {
  scope: "path",
  direction: "both",
  certainty: "possible",
  rule: "hearing-both",
});
holds("requests of an older agent without a bitmap", event([incident(1, { hearing: heard({ in: count(0, 89) }) })]), {
  scope: "path",
  direction: "out",
  certainty: "possible",
  rule: "hearing-out-no-bitmap",
});
holds("no bitmap, but the requests lost as much as the round trip", event([incident(1, { lost: 40, hearing: heard({ in: count(39, 89) }) })]), {
  scope: "path",
  direction: "in",
  certainty: "possible",
  rule: "hearing-no-bitmap",
});
holds(
  "mesh key wrong on one side: what hearing says is possible at most",
  event([incident(1, { segment: behind(2, 1), hearing: heard({ authentic: false, in: count(0, 89), out: count(89, 89) }) })]),
  {
    scope: "path",
    direction: "out",
    hop: midPath,
    certainty: "possible",
    rule: "hearing-out",
  },
);
holds(
  "hearing that is off while healthy says nothing of the direction",
  event([incident(1, { segment: behind(2, 1), hearing: heard({ state: "off", in: count(89, 89) }) })]),
  endsMidPath,
);
holds(
  "a middle router that is silent also while healthy",
  event([incident(1, { segment: behind(2, 1, { before: null, beforeSilent: true }), hearing: heard({ in: count(0, 89), out: count(89, 89) }) })]),
  {
    scope: "path",
    direction: "out",
    hop: { after: R2, before: null },
    certainty: "likely",
    rule: "hearing-out",
  },
);
holds(
  "nothing heard at all, trace ended in the middle",
  event([incident(1, { segment: behind(2, 1), hearing: heard({ in: count(89, 89) }) })]),
  endsMidPath,
);
const lastLink = { after: access(1), before: member(1).address };
const peerDown: Expected = { scope: "peer", hop: lastLink, certainty: "likely", rule: "peer-down" };
holds(
  "peer host down, others behind the same router clean",
  event([incident(1, { segment: behind(4, 1), hearing: heard({ in: count(89, 89) }) })]),
  peerDown,
);
holds(
  "peer host down, and back with the numbers it had: nobody missed the requests it did not send",
  event([incident(1, { segment: behind(4, 1), hearing: heard({ in: count(0, 2), out: count(86, 86) }) })]),
  peerDown,
);
holds(
  "peer's cable pulled: its router held some packets back while it asked for the address, and delivered them in time",
  event([incident(1, { lost: 66, slow: 20, segment: behind(4, 1), hearing: heard({ in: count(0, 0), out: count(66, 86) }) })]),
  peerDown,
);
holds(
  "a second after the burst was noticed nothing is lost yet: what is overdue counts",
  event([incident(1, { sent: 14, lost: 0, pending: 14, segment: behind(2, 1), hearing: heard({ in: count(13, 14) }) })]),
  endsMidPath,
);
holds("peer host down, alone behind its router", event([incident(1, { segment: behind(4, 1) })], { peers: 1 }), {
  scope: "peer",
  hop: lastLink,
  certainty: "possible",
  rule: "peer-down",
});
holds("peer host down, its router says so", event([incident(1, { segment: behind(4, 1, { refusals: 2 }) })], { peers: 1 }), peerDown);
holds("partial loss on the last link with nobody to hear", event([incident(1, { lost: 30, segment: behind(4, 1) })]), {
  ...notLocated,
  hop: { after: access(1), before: "10.101.0.2" },
});
holds("peer's agent stopped: no loss, no requests", event([incident(1, { lost: 0, hearing: heard({ in: count(89, 89) }) })]), {
  scope: "peer",
  certainty: "likely",
  rule: "agent-stopped",
});
holds(
  "peer's firewall dropping its answers: it heard ours",
  event([incident(1, { segment: behind(4, 1), hearing: heard({ in: count(0, 89), out: count(0, 89) }) })]),
  {
    scope: "peer",
    certainty: "likely",
    rule: "answers-suppressed",
  },
);
holds(
  "peer's firewall dropping our requests: its own are answered by us",
  event([incident(1, { segment: behind(4, 1), hearing: heard({ in: count(0, 89), out: count(89, 89), saysBad: false }) })]),
  {
    scope: "peer",
    certainty: "likely",
    rule: "requests-filtered",
  },
);
holds(
  "two agents in each other's incident at once: no filter",
  event([incident(1, { segment: behind(2, 1), hearing: heard({ in: count(0, 89), out: count(89, 89), saysBad: true }) })]),
  outMidPath,
);
holds("stateful firewall stuck on an id", event([incident(1, { sent: 300, lost: 300, segment: behind(2, 1), freshId: count(0, 20) })]), {
  scope: "path",
  hop: midPath,
  certainty: "likely",
  rule: "state-on-the-way",
});
holds(
  "a firewall stuck on our ids alone: the peer heard none of ours, and its own arrived",
  event([
    incident(1, {
      sent: 300,
      lost: 300,
      segment: behind(2, 1),
      freshId: count(0, 20),
      hearing: heard({ in: count(0, 300), out: count(300, 300) }),
    }),
  ]),
  {
    scope: "path",
    direction: "out",
    hop: midPath,
    certainty: "likely",
    rule: "state-on-the-way",
  },
);
holds(
  "one of two links behind the second router, the last one not among them",
  event([incident(1, { lost: 30, segment: behind(2, 1, { before: access(1), links: 2 }) })]),
  {
    scope: "path",
    hop: { after: R2, before: access(1) },
    certainty: "likely",
    rule: "trace-ended",
  },
);
holds(
  "one of two links, the last one among them: neither the path nor the peer is accused",
  event([incident(1, { segment: behind(3, 1, { before: "10.101.0.2", links: 2, isLast: true }) })]),
  {
    scope: "uncertain",
    hop: { after: R3, before: "10.101.0.2" },
    certainty: "possible",
    rule: "not-located",
  },
);
holds(
  "a peer that was not traced knows by its baseline what comes behind the hop that the traces agree on",
  event(everybody(12, (number) => ({ segment: number <= 3 ? behind(1, number, { before: null, beforeSilent: true }) : null }))),
  {
    scope: "uplink",
    hop: { after: GATEWAY, before: R2 },
    certainty: "likely",
    rule: "all-peers-near",
  },
);
holds(
  "one fresh answer may be the end of the fault",
  event([incident(1, { sent: 300, lost: 300, segment: behind(2, 1), freshId: count(19, 20) })]),
  endsMidPath,
);
holds("state that all peers' probes go through is shared", event(everybody(12, () => ({ freshId: count(0, 5) }))), {
  scope: "shared",
  certainty: "likely",
  rule: "state-on-the-way",
});
holds("nothing known but the loss", event([incident(1, { lost: 20 })]), { scope: "uncertain", certainty: "possible", rule: "not-located" });
holds("slow replies of one peer", event([incident(1, { lost: 0, late: 30, brownout: true })]), notLocated);
holds("slow replies of all peers: losing nothing, the gateway has no alibi", event(everybody(12, () => ({ lost: 0, late: 30, brownout: true }))), {
  scope: "uplink",
  certainty: "possible",
  rule: "all-peers-near",
});

test("route changed with loss: the path with its hop, and the change as a finding", () => {
  const pathChanged = { before: [GATEWAY, R2, R3], now: [GATEWAY, "10.20.99.2", null, R3] };
  const facts = event([
    incident(1, {
      lost: 45,
      segment: behind(1, 1),
      pathChanged,
      replyTtlChanged: { before: 60, now: 59 },
      hearing: heard({ in: count(0, 89), out: count(45, 89) }),
    }),
  ]);
  const verdict = judge(facts);
  assert.deepEqual([verdict.scope, verdict.direction, verdict.hop?.after], ["path", "out", GATEWAY]);
  assert.deepEqual(verdict.findings, [
    `The path to p1 changed from ${GATEWAY} ${R2} ${R3} to ${GATEWAY} 10.20.99.2 ??? ${R3}`,
    "Replies of p1 arrive with TTL 59 instead of 60: the way back changed its length",
  ]);
});

test("one flow of four is a finding", () => {
  const flows = [count(0, 22), count(22, 22), count(0, 22), count(0, 23)];
  assert.deepEqual(judge(event([incident(1, { lost: 22, flows })])).findings, [
    "Only flow 2 of 4 to p1 lost packets (22 of 22): one member of a bundle or of several equal paths",
  ]);
});

test("what our own host did meanwhile is a finding where it is not the verdict", () => {
  const host = { ...calmHost, tcpRetransmits: 14, linkUse: 0.97, queueDrops: 3 };
  const facts = event([incident(1)], { host, agent: { blindMs: 120.4, eventMs: 8_900, cpuPressure: 0.5, steal: 0.25 } });
  assert.deepEqual(judge(facts).findings, [
    "Real TCP connections of this host sent 14 segments again meanwhile",
    "This host used up to 97 % of the speed of its own link meanwhile",
    "The send queue of eth0 dropped 3 packets meanwhile",
    "The agent was blind for 120 of 8900 ms; those probes count neither way",
    "Tasks of this host waited for a processor for 50 % of the time",
    "The hypervisor took away 25 % of the processor time",
  ]);
});

test("a verdict shows the counts it rests on", () => {
  const facts = event([
    incident(1, { lost: 28, segment: behind(2, 1, { votes: 3, of: 4 }), hearing: heard({ in: count(0, 89), out: count(27, 88) }) }),
  ]);
  assert.deepEqual(judge(facts).counts, {
    inSent: 89,
    inLost: 0,
    inArrived: 89,
    outSent: 88,
    outLost: 27,
    outArrived: 61,
    expectedLossPct: 30.7,
    nearSent: 12,
    nearAnswered: 12,
    farSent: 12,
    farAnswered: 0,
    votes: 3,
    of: 4,
    links: 1,
  });
});
