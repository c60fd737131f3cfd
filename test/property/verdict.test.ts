import assert from "node:assert/strict";
import { test } from "node:test";
import type { CanaryFacts, Count, EventFacts, HearingFacts, HostFacts, IncidentFacts, MeshMember, SegmentFacts } from "../../src/verdict/facts.ts";
import { judge } from "../../src/verdict/judge.ts";
import { sentence } from "../../src/verdict/sentence.ts";
import { randomFor, type Random } from "./random.ts";

const ROUNDS = 1_500;
const ERRORS = ["ENETUNREACH", "EPERM", "ENOBUFS", "EINVAL"];

function one<T>(random: Random, options: readonly [T, ...T[]]): T {
  return options[random.below(options.length)] as T;
}

function maybe<T>(random: Random, make: () => T): T | null {
  return random.chance(0.5) ? make() : null;
}

function randomCount(random: Random): Count {
  const sent = one(random, [0, 1, 5, 20, 89, 3_000]);
  return { sent, lost: one(random, [0, random.below(sent + 1), sent]) };
}

function randomPath(random: Random): (string | null)[] | null {
  return maybe(random, () => Array.from({ length: random.below(6) }, (_, index) => maybe(random, () => `10.0.${index}.${random.below(2)}`)));
}

function randomMember(random: Random, number: number): MeshMember {
  const address = one(random, [`10.${random.below(3)}.0.${number}`, `fd00:${random.below(3)}::${number}`, "peer.example"]);
  return { peer: `p${number}`, address, labels: random.chance(0.5) ? { site: `s${random.below(3)}` } : {}, path: randomPath(random) };
}

function randomSegment(random: Random): SegmentFacts {
  const afterTtl = random.below(5);
  const of = 1 + random.below(20);
  const after = afterTtl === 0 ? null : `10.0.${afterTtl}.${random.below(2)}`;
  const before = maybe(random, () => "10.0.9.9");
  return {
    after,
    afterTtl,
    before,
    beforeSilent: before === null,
    isLast: random.chance(0.3),
    links: one(random, [1, 2]),
    near: maybe(random, () => randomCount(random)),
    far: randomCount(random),
    votes: random.below(of + 1),
    of,
    refusals: random.below(2),
  };
}

function randomHearing(random: Random): HearingFacts {
  return {
    state: one(random, ["calibrated", "off", "none"]),
    authentic: random.chance(0.5),
    in: maybe(random, () => randomCount(random)),
    out: maybe(random, () => randomCount(random)),
    saysBad: maybe(random, () => random.chance(0.5)),
  };
}

function randomIncident(random: Random, { number, proof }: { readonly number: number; readonly proof: boolean }): IncidentFacts {
  return {
    ...randomMember(random, number),
    ...randomCount(random),
    id: `i${number}`,
    startedMs: 0,
    endedMs: maybe(random, () => 9_000),
    bursts: 1 + random.below(3),
    brownout: random.chance(0.2),
    late: random.below(5),
    slow: random.below(5),
    pending: random.below(5),
    sendFailed: proof ? random.below(100) : 0,
    blind: proof ? random.below(100) : 0,
    flows: Array.from({ length: random.below(5) }, () => randomCount(random)),
    hearing: randomHearing(random),
    segment: maybe(random, () => randomSegment(random)),
    pathChanged: maybe(random, () => ({ before: randomPath(random) ?? [], now: randomPath(random) ?? [] })),
    replyTtlChanged: maybe(random, () => ({ before: 60, now: 59 })),
    freshId: maybe(random, () => randomCount(random)),
  };
}

function randomHost(random: Random, proof: boolean): HostFacts {
  const counter = (): number | null => maybe(random, () => random.below(2_000));
  return {
    interface: maybe(random, () => "eth0"),
    sendErrors: proof && random.chance(0.5) ? { [one(random, ["EPERM", ...ERRORS])]: random.below(100) } : {},
    unreachableFromSelf: proof ? random.below(4) : 0,
    carrierLost: maybe(random, () => proof && random.chance(0.3)),
    carrierChanges: maybe(random, () => (proof ? random.below(2) : 0)),
    nicErrors: counter(),
    nicDrops: counter(),
    softnetDrops: counter(),
    queueDrops: proof ? counter() : null,
    gatewayNeighbour: proof ? one(random, ["reachable", "failed", null]) : one(random, ["reachable", null]),
    conntrackFull: maybe(random, () => random.chance(0.3)),
    tcpRetransmits: counter(),
    linkUse: maybe(random, () => random.below(101) / 100),
  };
}

function randomCanary(random: Random): CanaryFacts {
  return { ...randomCount(random), address: "10.0.0.1", answers: random.chance(0.5) };
}

/** `proof` false: no error code, no counter of our own that could prove anything. */
function randomFacts(random: Random, proof: boolean): EventFacts {
  const bad = random.below(6);
  const good = random.below(6);
  return {
    node: "node",
    startedMs: 1_000,
    endedMs: maybe(random, () => 10_000),
    mesh: {
      peers: random.chance(0.9) ? bad + good : random.below(20),
      bad: random.chance(0.9) ? bad : random.below(20),
      members: Array.from({ length: good }, (_, index) => randomMember(random, 100 + index)),
    },
    loopback: proof ? maybe(random, () => randomCanary(random)) : maybe(random, () => ({ ...randomCanary(random), lost: 0 })),
    gateway: maybe(random, () => randomCanary(random)),
    host: maybe(random, () => randomHost(random, proof)),
    agent: {
      blindMs: proof ? random.below(9_000) : 0,
      eventMs: random.below(2) * 9_000,
      cpuPressure: maybe(random, () => random.below(101) / 100),
      steal: maybe(random, () => random.below(101) / 100),
    },
    incidents: Array.from({ length: bad }, (_, index) => randomIncident(random, { number: random.below(8) + index, proof })),
  };
}

test("every event has a verdict and a sentence without an empty place", (t) => {
  const random = randomFor(t);
  for (let round = 0; round < ROUNDS; round++) {
    const facts = randomFacts(random, true);
    const verdict = judge(facts);
    const text = sentence(facts, verdict);
    assert.doesNotMatch([text, ...verdict.findings].join(" "), /\{|\}|undefined|NaN|null|Infinity/, JSON.stringify(facts));
    for (const value of Object.values(verdict.counts)) assert.ok(Number.isFinite(value), JSON.stringify(facts));
    assert.deepEqual(judge(structuredClone(facts)), verdict);
  }
});

test("no verdict is certain without an error code or a counter of our own", (t) => {
  const random = randomFor(t);
  for (let round = 0; round < ROUNDS; round++) {
    const facts = randomFacts(random, false);
    assert.notEqual(judge(facts).certainty, "certain", JSON.stringify(facts));
  }
});

test("what is certain is ours", (t) => {
  const random = randomFor(t);
  const seen = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    const { certainty, scope } = judge(randomFacts(random, true));
    if (certainty === "certain") seen.add(scope);
  }
  for (const scope of seen) assert.ok(["agent", "gateway", "local"].includes(scope), `${scope} is not ours`);
  assert.ok(seen.size > 0, "nothing was certain");
});

test("hearing without a valid tag makes no direction more than possible", (t) => {
  const random = randomFor(t);
  for (let round = 0; round < ROUNDS; round++) {
    const facts = randomFacts(random, false);
    const incidents = facts.incidents.map((incident) => ({ ...incident, hearing: { ...incident.hearing, authentic: false } }));
    const { direction, certainty, scope } = judge({ ...facts, incidents });
    if (direction !== "unknown" && scope !== "local") assert.equal(certainty, "possible", JSON.stringify(facts));
  }
});
