import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventFacts } from "../../../src/verdict/facts.ts";
import { judge } from "../../../src/verdict/judge.ts";
import { sentence } from "../../../src/verdict/sentence.ts";
import { english, type Words } from "../../../src/verdict/words.ts";
import { access, behind, calmHost, canary, count, event, everybody, heard, incident, R2 } from "./facts-builder.ts";

function say(facts: EventFacts, words?: Words): string {
  return sentence(facts, judge(facts), words);
}

const oneWay = incident(1, {
  peer: "bj-b1",
  lost: 28,
  segment: behind(2, 1, { far: count(4, 12) }),
  hearing: heard({ in: count(0, 88), out: count(27, 88) }),
});

test("a one-way loss: when, how much, which way, behind which hop, why, who was clean, what real traffic did", () => {
  assert.equal(
    say(event([oneWay], { host: { ...calmHost, tcpRetransmits: 14 } })),
    "from 04:12:03.2 to 04:12:12.1 UTC, 31 % of packets from sh-a1 to bj-b1 were lost, outbound only, behind 10.20.12.2; " +
      "probably the path to bj-b1, which did not hear 27 of 88 probes while 88 of 88 of its own arrived here; 10.20.12.2 answered 12 of 12 trace packets, 10.20.23.2 8 of 12; " +
      "eleven other peers were clean; our own uplink, gateway and NIC were clean; real TCP retransmitted at the same moment",
  );
});

test("clean is said only of what was observed to be clean", () => {
  const facts = event([oneWay], { peers: 1, host: null, gateway: canary(89, 89, { answers: false }) });
  assert.doesNotMatch(say(facts), /clean/);
  const unknownCounters = event([oneWay], { peers: 1, host: { ...calmHost, nicErrors: null } });
  assert.match(say(unknownCounters), /; our own gateway was clean$/);
});

test("peers without a path beyond the gateway do not acquit the uplink", () => {
  const facts = event([oneWay], { host: null, gateway: null });
  const members = facts.mesh.members.map((member) => ({ ...member, path: null }));
  assert.match(say({ ...facts, mesh: { ...facts.mesh, members } }), /eleven other peers were clean$/);
});

test("an uplink is not called clean where it is accused", () => {
  const facts = event(everybody(12, (number) => ({ segment: number <= 3 ? behind(1, number) : null })));
  assert.equal(
    say(facts),
    "from 04:12:03.2 to 04:12:12.1 UTC, 100 % of packets from sh-a1 to 12 of 12 peers were lost, behind 10.20.1.1; probably our uplink; " +
      "the traces to 3 of 3 peers traced ended there; our own gateway and NIC were clean",
  );
});

test("a fault of our own has its error code and accuses nobody else", () => {
  const facts = event(
    everybody(12, () => ({ sent: 5, lost: 5, sendFailed: 84 })),
    { host: { ...calmHost, sendErrors: { EPERM: 1008 } } },
  );
  assert.equal(
    say(facts),
    "from 04:12:03.2 to 04:12:12.1 UTC, sh-a1 could not send 1008 of 1068 packets to 12 of 12 peers; " +
      "certainly our own firewall: the kernel refused the sends (EPERM)",
  );
});

test("a common cause has its name", () => {
  const facts = event(
    [21, 22, 23].map((number) => incident(number, { path: null })),
    { peers: 23, host: null, gateway: null },
  );
  assert.match(
    say(facts),
    /to 3 of 23 peers were lost; probably a cause in common at site=s3, as 3 of 3 peers there were bad; 20 other peers were clean/,
  );
});

test("a stretch of two links has two ends, and a fault before the first hop has one witness", () => {
  const stretch = behind(2, 1, { links: 2, before: access(1), far: count(4, 12) });
  assert.match(say(event([incident(1, { ...oneWay, segment: stretch })])), /, outbound only, between 10\.20\.12\.2 and 10\.20\.30\.1; /);
  const first = behind(0, 1, { far: count(12, 12) });
  assert.match(say(event([incident(1, { segment: first })])), /, before 10\.20\.1\.1; .*; 10\.20\.1\.1 answered 0 of 12 trace packets; /);
});

test("where nothing came from behind the hop, none is said; a next hop without a name is not given one", () => {
  assert.match(say(event([incident(1, { segment: behind(2, 1) })])), /; 10\.20\.12\.2 answered 12 of 12 trace packets, 10\.20\.23\.2 none of 12; /);
  const nameless = behind(2, 1, { before: null, beforeSilent: true, far: count(5, 12) });
  assert.match(say(event([incident(1, { lost: 40, segment: nameless })])), /trace packets, the next hop that answers otherwise 7 of 12; /);
});

test("bursts with good times between them are told as such: the share is theirs alone", () => {
  assert.match(say(event([{ ...oneWay, bursts: 2 }])), /^in bursts from 04:12:03\.2 to 04:12:12\.1 UTC, 31 % of packets/);
});

test("peers that lost very differently have their range told", () => {
  const facts = event([incident(1, { lost: 89 }), incident(2, { lost: 18 })]);
  assert.match(say(facts), /UTC, 60 % \(20 % to 100 % by peer\) of packets from sh-a1 to 2 of 12 peers were lost/);
});

test("an event that lasts has no end, and one over midnight has its dates", () => {
  assert.match(say(event([oneWay], { endedMs: null })), /^since 04:12:03\.2 UTC, /);
  const [startedMs, endedMs] = [Date.parse("2026-11-20T23:59:58.100Z"), Date.parse("2026-11-21T00:00:03.299Z")];
  assert.match(say(event([oneWay], { startedMs, endedMs })), /^from 2026-11-20 23:59:58\.1 to 2026-11-21 00:00:03\.2 UTC, /);
});

test("nearly all is never all, nearly nothing never nothing", () => {
  const share = (lost: number, sent: number): string | undefined => /UTC, (.*?) of packets/.exec(say(event([incident(1, { sent, lost })])))?.[1];
  assert.deepEqual(
    [share(89, 89), share(9_999, 10_000), share(1, 10_000), share(5, 89), share(31, 100)],
    ["100 %", "99.9 %", "<0.1 %", "5.6 %", "31 %"],
  );
});

test("what is overdue is not called lost yet", () => {
  assert.match(
    say(event([incident(1, { sent: 14, lost: 0, pending: 14, endedMs: null })], { endedMs: null })),
    /100 % of packets from sh-a1 to p1 were lost or are overdue/,
  );
});

test("slow replies are not called lost", () => {
  assert.match(
    say(event([incident(1, { lost: 0, late: 30, brownout: true })])),
    /UTC, replies from p1 to sh-a1 were slow, none was lost; the cause is uncertain/,
  );
});

test("a stored verdict of a rule unknown here is said by its scope", () => {
  const facts = event([oneWay]);
  assert.match(sentence(facts, { ...judge(facts), rule: "from-the-future" }), /; probably the path; /);
});

test("another language is another table", () => {
  const words: Words = {
    ...english,
    cleanPeers: { one: "其他 {count} 个节点正常", many: "其他 {count} 个节点正常" },
    numbers: [],
    joints: { clause: "；", part: "，", list: "、", last: "和" },
  };
  assert.match(say(event([oneWay]), words), /；其他 11 个节点正常；our own uplink、gateway和NIC were clean$/);
});

test("the hop before is named where not even the first answered", () => {
  const facts = event(
    everybody(12, (number) => ({ segment: behind(0, number) })),
    { gateway: canary(89, 89) },
  );
  assert.match(
    say(facts),
    /were lost, before 10\.20\.1\.1; probably our gateway 10\.20\.1\.1 or the link to it, as 89 of 89 probes to it were lost too/,
  );
  assert.doesNotMatch(say(facts), new RegExp(R2));
});
