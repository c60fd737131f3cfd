/** The page in Chinese: every label, nothing of it in English, and the figures of the English page. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Hop } from "../../../../src/path/hop.ts";
import { annotateHops } from "../../../../src/path/honest-loss.ts";
import { buildTicket } from "../../../../src/report/page/build-ticket.ts";
import { CHINESE } from "../../../../src/report/page/labels-zh.ts";
import { ENGLISH, type Labels } from "../../../../src/report/page/labels.ts";
import { pageOf } from "../../../../src/report/page/page.ts";
import { renderPageHtml } from "../../../../src/report/page/render-html.ts";
import { renderPageMarkdown } from "../../../../src/report/page/render-markdown.ts";
import { renderPageText } from "../../../../src/report/page/render-text.ts";
import { sweepHops } from "../../../../src/path/sweep.ts";
import { textWidth } from "../../../../src/report/width.ts";
import { readHtml } from "./read-html.ts";
import { farEnd, ticketSource } from "./sample-ticket.ts";

/** Names of the sample are that; what Chinese desks write in Latin letters too. */
const NAME = "n7";
const LATIN =
  /\bn7\d?\b|\b(?:UTC|ICMP|TCP|UDP|TTL|ARP|MTU|MPLS|SHA-256|HOST|Snt|Last|Avg|Best|Wrst|StDev|mtr|tc|p50|meshprobe|Mbit|INCIDENT|evidence)\b|i1|e1|Loss%/g;
/** Commands, sums, sentences of the verdict (the verdict has tests of its own) and the strip. */
const FOREIGN =
  /(meshprobe (export|report|verify) .*|(ab){8,}|37 % of packets to n7 were lost|the path to n7 changed|[.xo!-]{20,}[^\n]*|\(.*空白.*\))/g;

function leaves(table: object, path = ""): [string, string][] {
  return Object.entries(table).flatMap(([key, value]: [string, unknown]) =>
    typeof value === "string"
      ? [[`${path}${key}`, value]]
      : typeof value === "object" && value !== null && !Array.isArray(value)
        ? leaves(value, `${path}${key}.`)
        : [],
  );
}

function text(labels: Labels): string {
  const source = ticketSource(NAME);
  const ticket = buildTicket(source, [farEnd(NAME)]);
  return renderPageText(pageOf(ticket, source.report, { labels, zone: () => 480 }), { columns: 100 });
}

function figures(page: string): string[] {
  return [...page.matchAll(/\d+(?:[.,:]\d+)*/g)].map(([figure]) => figure).sort();
}

test("both tables have the same labels with the same places", () => {
  const places = (labels: Labels): [string, string[]][] => leaves(labels).map(([key, label]) => [key, [...new Set(label.match(/\{\w+\}/g))].sort()]);
  assert.deepEqual(places(CHINESE), places(ENGLISH));
});

test("no label is left in English", () => {
  for (const [key, label] of leaves(CHINESE)) {
    if (key === "language") continue;
    assert.doesNotMatch(
      label
        .replace(/\{\w+\}/g, "")
        .replace(LATIN, "")
        .replace(/ o | x |\/s|report/g, ""),
      /[A-Za-z]/,
      key,
    );
  }
});

test("the page has the figures of the English one, and no English but names and terms", () => {
  const chinese = text(CHINESE);
  assert.deepEqual(figures(chinese), figures(text(ENGLISH)));
  assert.doesNotMatch(chinese.replace(FOREIGN, "").replace(LATIN, ""), /[A-Za-z]{2}/, chinese);
  assert.doesNotMatch(chinese, /[{}]|undefined/);
});

test("labels and tables of the text stay in their columns", () => {
  const lines = text(CHINESE).split("\n");
  const column = (line: string, part: string): number => textWidth(line.slice(0, line.indexOf(part)));
  const [loss, duration] = ["个探测包丢失", "9.2 秒"].map((part) => lines.find((line) => line.includes(part)) ?? "");
  assert.equal(column(loss ?? "", "123"), column(duration ?? "", "9.2"));
  for (const line of lines) assert.ok(textWidth(line) <= 100 || /meshprobe|\| |HOST|空白|p50|-{3}|[.xo]{9}/.test(line), line);
});

test("markdown and html say the same, and the html says in which language", () => {
  const source = ticketSource(NAME);
  const page = pageOf(buildTicket(source), source.report, { labels: CHINESE, zone: () => 480 });
  assert.match(renderPageMarkdown(page), /^# n7 到 n7 的丢包\n[^]*\n## 去程路径\n/);
  const html = renderPageHtml(page);
  assert.match(html, /<html lang="zh-CN">/);
  assert.ok(readHtml(html).elements.length > 100);
});

/** The note of a hop that told so. */
function unreachable(code: number, target: string): string {
  const answer = { address: target, kind: "unreachable", code, rttUs: 1 } as const;
  return sweepHops([{ ttl: 1, sent: true, answer, note: null }], target).hops[0]?.note ?? assert.fail();
}

test("what a loss at a hop means is said in Chinese", () => {
  const hop = (ttl: number, received: number): Hop => ({
    ttl,
    address: received === 0 ? null : `10.0.0.${ttl}`,
    addresses: received === 0 ? [] : [`10.0.0.${ttl}`],
    sent: 20,
    received,
    lossPct: ((20 - received) / 20) * 100,
    rttMs: null,
    mpls: [],
    note: null,
  });
  const healthy = [hop(1, 15), hop(2, 0), hop(3, 20), hop(4, 20)];
  const notes = [
    ...annotateHops([hop(1, 5), hop(2, 0), hop(3, 0), hop(4, 20)], healthy),
    ...annotateHops([hop(1, 5), hop(2, 0), hop(3, 19), hop(4, 18)], null),
    ...annotateHops([hop(1, 2), hop(2, 20), hop(3, 20), hop(4, 0)], null, 100),
  ].flatMap(({ note }) => note ?? []);
  const kept = [
    "answers limited by the router (by the verdict the fault lies behind it)",
    "left to the mtr that already runs through this hop",
    "the same router again: most likely it reports the destination unreachable",
    "not asked: hop budget",
    "seen for other peers, not asked for this one yet",
    "not sent: EPERM; not sent: ENOBUFS",
    ...[0, 1, 3, 4, 9, 10, 13, 99].map((code) => unreachable(code, "10.0.0.9")),
    ...[0, 1, 3, 4].map((code) => unreachable(code, "2001:db8::9")),
  ];
  assert.ok(notes.length >= 6, notes.join("\n"));
  for (const note of [...notes, ...kept]) {
    assert.doesNotMatch(CHINESE.said(note).replaceAll(/mtr|EPERM|ENOBUFS/g, ""), /[A-Za-z]/, note);
    assert.deepEqual(figures(CHINESE.said(note)), figures(note));
    assert.equal(ENGLISH.said(note), note);
  }
});
