/** The Chinese sentence: every rule at every certainty, nothing left unsaid, nothing left in English, and not another figure. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventFacts } from "../../../src/verdict/facts.ts";
import { viewOf } from "../../../src/verdict/event-view.ts";
import { findingsOf } from "../../../src/verdict/findings.ts";
import { judge } from "../../../src/verdict/judge.ts";
import { sentence } from "../../../src/verdict/sentence.ts";
import type { Certainty, Scope, Verdict } from "../../../src/verdict/verdict.ts";
import { chinese } from "../../../src/verdict/words-zh.ts";
import { english, type Words } from "../../../src/verdict/words.ts";
import { behind, calmHost, canary, count, event, everybody, heard, incident } from "./facts-builder.ts";

const CERTAINTIES: Readonly<Record<Certainty, string>> = { certain: "确定", likely: "很可能", possible: "可能" };
/** Names of the small world, error codes, and what Chinese desks write in Latin letters too. */
const LATIN = /\b(?:UTC|ICMP|TCP|NAT|TTL|eth0|EPERM|site=s\d+|sh-a1|bj-b1|p\d+)\b/g;

/** Every count that any rule has, so that every rule can be said. */
const COUNTS: Verdict["counts"] = Object.fromEntries(
  [...JSON.stringify(english).matchAll(/\{(\w+)\}/g)].map(([, name], index) => [name ?? "", 100 + index]),
);

const oneWay = incident(1, {
  peer: "bj-b1",
  lost: 28,
  segment: behind(2, 1, { far: count(4, 12) }),
  hearing: heard({ in: count(0, 88), out: count(27, 88) }),
});
const group = event(
  [21, 22, 23].map((number) => incident(number)),
  { peers: 23, host: { ...calmHost, sendErrors: { EPERM: 9 }, tcpRetransmits: 3 } },
);

function leaves(table: object, path = ""): [string, string][] {
  return Object.entries(table).flatMap(([key, value]: [string, unknown]) =>
    typeof value === "string" ? [[`${path}${key}`, value]] : typeof value === "object" && value !== null ? leaves(value, `${path}${key}.`) : [],
  );
}

function places(text: string): string[] {
  return [...new Set(text.match(/\{\w+\}/g))].sort();
}

/** Of a sentence in either language; a few peers are counted in English words. */
function figures(text: string): string[] {
  const spelt = (word: string): string => String(english.numbers.indexOf(word));
  return [...text.replace(/\b(?:two|three|eleven|eight|nine|ten|twelve)\b/g, spelt).matchAll(/\d+(?:[.:]\d+)*/g)].map(([figure]) => figure).sort();
}

function said(facts: EventFacts, verdict: Verdict, words: Words): string {
  return [sentence(facts, verdict, words), ...findingsOf(viewOf(facts), verdict, words)].join("\n");
}

function assertChinese(facts: EventFacts, verdict: Verdict): void {
  const text = said(facts, verdict, chinese);
  assert.doesNotMatch(text, /[{}]|undefined|NaN|null/, text);
  assert.doesNotMatch(text.replace(LATIN, ""), /[A-Za-z]/, text);
  assert.doesNotMatch(text, /[,;:] |[，；：、。] | [，；：、。）]|[\u4e00-\u9fff] [\u4e00-\u9fff]|  /, text);
  assert.deepEqual(figures(text), figures(said(facts, verdict, english)), text);
}

test("both tables have the same texts with the same places", () => {
  const texts = (words: Words): [string, string[]][] =>
    leaves(words).flatMap(([key, text]): [string, string[]][] => (/^(?:numbers|order)\./.test(key) ? [] : [[key, places(text)]]));
  assert.deepEqual(texts(chinese), texts(english));
  assert.deepEqual([...chinese.order].sort(), [...english.order].sort());
});

for (const rule of [...Object.keys(english.cause), "from-the-future"])
  for (const [certainty, sure] of Object.entries(CERTAINTIES) as [Certainty, string][])
    test(`${rule}, ${certainty}: a Chinese sentence with the figures of the English one`, () => {
      for (const facts of rule.startsWith("shared-") ? [group] : [event([oneWay]), group]) {
        for (const hop of [
          null,
          { after: "10.20.12.2", before: null },
          { after: null, before: "10.20.1.1" },
          { after: "10.20.12.2", before: "10.20.23.2" },
        ]) {
          const verdict: Verdict = { scope: "path", direction: "both", hop, certainty, rule, counts: { ...COUNTS, agreeing: 0 }, findings: [] };
          assertChinese(facts, verdict);
          if (english.cause[rule]?.includes("{sure}") !== false) assert.match(sentence(facts, verdict, chinese), new RegExp(`；${sure}是`));
        }
      }
    });

test("a rule unknown here is said by its scope", () => {
  for (const scope of Object.keys(english.scope) as Scope[])
    assertChinese(event([oneWay]), { scope, direction: "in", hop: null, certainty: "possible", rule: "?", counts: {}, findings: [] });
});

test("every way of losing, with all that can be found beside it", () => {
  const busy = {
    ...calmHost,
    sendErrors: { EPERM: 1068 },
    carrierChanges: 1,
    nicDrops: 3,
    queueDrops: 2,
    conntrackFull: true,
    tcpRetransmits: 14,
    linkUse: 0.95,
  };
  const agent = { blindMs: 800, eventMs: 8_900, cpuPressure: 0.4, steal: 0.3 };
  const told = incident(1, {
    ...oneWay,
    late: 5,
    flows: [count(9, 20), count(0, 20), count(0, 20), count(0, 20)],
    pathChanged: { before: ["10.20.1.1", null], now: ["10.20.1.1", "10.20.9.9"] },
    replyTtlChanged: { before: 60, now: 59 },
    hearing: heard({ in: count(0, 88), authentic: false, saysBad: true }),
  });
  const others = [
    event([told], { host: { ...busy, interface: null }, agent }),
    event([incident(1, { flows: [count(9, 20), count(19, 20), count(0, 20)], hearing: heard({ state: "off" }) })]),
    event([{ ...oneWay, bursts: 2 }], { endedMs: null }),
    event([incident(1, { lost: 0, late: 30, brownout: true }), incident(2, { lost: 0, late: 30, brownout: true })]),
    event([incident(1, { sent: 14, lost: 0, pending: 14, endedMs: null })], { endedMs: null, peers: 3 }),
    event([incident(1, { lost: 89 }), incident(2, { lost: 18 })]),
    event([incident(1, { lost: 40, segment: behind(2, 1, { before: null, beforeSilent: true, far: count(5, 12) }) })]),
    event([incident(1, { lost: 0 })]),
    event([incident(1, { lost: 0, blind: 89 })], { agent: { ...agent, blindMs: 8_000 } }),
    event(
      everybody(12, () => ({ sent: 5, lost: 5, sendFailed: 84 })),
      { host: busy },
    ),
    event(everybody(12, (number) => ({ segment: number <= 3 ? behind(1, number) : null }))),
    event(
      everybody(12, (number) => ({ segment: behind(0, number) })),
      { gateway: canary(89, 89) },
    ),
  ];
  for (const facts of others) assertChinese(facts, judge(facts));
});

test("a one-way loss as a desk reads it", () => {
  const facts = event([oneWay], { host: { ...calmHost, tcpRetransmits: 14 } });
  assert.equal(
    sentence(facts, judge(facts), chinese),
    "04:12:03.2 至 04:12:12.1（UTC），sh-a1 到 bj-b1 的丢包率为 31 %，仅去程方向（出向），故障点在 10.20.12.2 之后；" +
      "很可能是到 bj-b1 的路径：本机的 88 个探测包有 27 个对端未收到，而对端自己的 88 个探测包有 88 个到达本机；" +
      "10.20.12.2：12 个追踪包应答 12 个，10.20.23.2：12 个应答 8 个；" +
      "其余 11 个对端均正常；本端上联链路、网关和网卡均正常；同一时刻真实的 TCP 流量也有重传",
  );
});

test("a table decides where the parts of the first clause stand", () => {
  const words: Words = { ...chinese, order: ["hop", "head", "span", "direction"] };
  const facts = event([oneWay]);
  assert.match(
    sentence(facts, judge(facts), words),
    /^故障点在 10\.20\.12\.2 之后，sh-a1 到 bj-b1 的丢包率为 31 %，04:12:03\.2 至 .*（UTC），仅去程/,
  );
});
