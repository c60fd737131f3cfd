import assert from "node:assert/strict";
import { test } from "node:test";
import { buildTicket } from "../../../../src/report/page/build-ticket.ts";
import type { Page } from "../../../../src/report/page/document.ts";
import { ENGLISH } from "../../../../src/report/page/labels.ts";
import { renderTicketJson } from "../../../../src/report/page/page-json.ts";
import { pageOf } from "../../../../src/report/page/page.ts";
import { renderPageHtml } from "../../../../src/report/page/render-html.ts";
import { renderPageMarkdown } from "../../../../src/report/page/render-markdown.ts";
import { renderPageText } from "../../../../src/report/page/render-text.ts";
import { HOSTILE_NAMES } from "../../../fixtures/hostile-names.ts";
import { decode, readHtml } from "./read-html.ts";
import { farEnd, ticketSource } from "./sample-ticket.ts";

/** Everything that is not printed as itself: controls but the newline, what reorders or hides, halves of characters. */
const UNSAFE = /[\p{Cc}\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}/u;
const ELEMENTS = new Set(
  "html head meta title style body main h1 h2 h3 small div section p ul li dl dt dd span code pre br b i svg path table thead tbody tr th td".split(
    " ",
  ),
);
const ATTRIBUTES = new Set("lang charset http-equiv content name class viewBox role aria-label aria-hidden d".split(" "));

function pageFor(name: string): Page {
  const source = ticketSource(name);
  return pageOf(buildTicket(source, [farEnd(name)]), source.report, { labels: ENGLISH, zone: () => 480 });
}

function withoutFences(markdown: string): string[] {
  let fence: string | null = null;
  return markdown.split("\n").filter((line) => {
    const mark = /^`{3,}/.exec(line)?.[0];
    if (fence === null && mark !== undefined) {
      fence = mark;
      return false;
    }
    if (fence === null) return true;
    if (line === fence) fence = null;
    return false;
  });
}

test("hostile names: text holds no character that a terminal acts on, and no line that the name made", () => {
  const lines = renderPageText(pageFor("plain"), { columns: 100 }).split("\n").length;
  for (const name of HOSTILE_NAMES) {
    const text = renderPageText(pageFor(name), { columns: 100 });
    for (const line of text.split("\n")) assert.doesNotMatch(line, UNSAFE, JSON.stringify(name));
    assert.doesNotMatch(text, /^\s*INJECTED/m);
    assert.ok(text.includes("HOST: "), JSON.stringify(name));
  }
  assert.ok(lines > 80, "the page was whole");
});

test("hostile names: html is well-formed, of known elements and attributes, and refers to nothing", () => {
  for (const name of HOSTILE_NAMES) {
    const html = renderPageHtml(pageFor(name));
    for (const line of html.split("\n")) assert.doesNotMatch(line, UNSAFE, JSON.stringify(name));
    const { elements, text } = readHtml(html);
    for (const element of elements) {
      assert.ok(ELEMENTS.has(element.name), `<${element.name}> from ${JSON.stringify(name)}`);
      for (const key of element.attributes.keys()) assert.ok(ATTRIBUTES.has(key), `${key}= from ${JSON.stringify(name)}`);
    }
    assert.equal(elements.filter((element) => element.name === "h1").length, 1);
    if (/^[\x20-\x5b\x5d-\x7e]{1,40}$/.test(name)) assert.ok(decode(text).includes(name), `${name} can be read`);
  }
});

test("the html asks nobody for anything: no address in an attribute, none in the style, and a policy against the rest", () => {
  const { elements } = readHtml(renderPageHtml(pageFor("bj-b1")));
  const values = elements.flatMap((element) => [...element.attributes].filter(([key]) => key !== "d" && key !== "viewBox").map(([, value]) => value));
  for (const value of values) assert.doesNotMatch(value, /\/\/|url|:\/|\.(png|js|css|woff)/i);
  const style = /<style>([^]*)<\/style>/.exec(renderPageHtml(pageFor("bj-b1")))?.[1] ?? "";
  assert.ok(style.length > 500);
  assert.doesNotMatch(style, /@import|url\(|\/\//);
  assert.ok(elements.some((element) => element.attributes.get("content")?.startsWith("default-src 'none'")));
});

test("hostile names: markdown opens nothing outside its fences, and every row has the cells of its table", () => {
  const special = /(?<!\\)(?:\\\\)*[`[\]<>|~&$@_*{}#!]/;
  for (const name of HOSTILE_NAMES) {
    const markdown = renderPageMarkdown(pageFor(name));
    for (const line of markdown.split("\n")) assert.doesNotMatch(line, UNSAFE, JSON.stringify(name));
    let cells = 0;
    for (const line of withoutFences(markdown)) {
      // What the renderer itself writes.
      const own = line.replace(/^#{1,2} /, "").replaceAll("<br>", "");
      if (own.startsWith("|")) {
        const count = own.split(/(?<!\\)(?:\\\\)*\|/).length;
        if (cells === 0) cells = count;
        assert.equal(count, cells, `${JSON.stringify(name)}: ${line}`);
      } else {
        cells = 0;
      }
      const texts = own.startsWith("|") ? own.split(/ \| |^\| | \|$/) : [own.replace(/^(- )?\*\*(.*?)(?<!\\)\*\*/, "$2")];
      for (const text of texts) if (!/^-+:?$/.test(text)) assert.doesNotMatch(text, special, `${JSON.stringify(name)}: ${line}`);
      assert.doesNotMatch(line, /^(?:- )?(?:\d+[.)](?:\s|$)|\+\s|=|- -)/, `${JSON.stringify(name)}: ${line}`);
      assert.doesNotMatch(line, /(?<!\\):\/\/|www\.(?!\\)/i);
    }
  }
});

test("hostile names: json is one document that gives the names back, and no raw character that a terminal acts on", () => {
  for (const name of HOSTILE_NAMES) {
    const source = ticketSource(name);
    const text = renderTicketJson(source.report, buildTicket(source, [farEnd(name)]));
    const read = JSON.parse(text) as { node: { name: string }; ticket: { ends: { name: string }[] } };
    assert.equal(read.node.name, name);
    assert.equal(read.ticket.ends[1]?.name, name);
    for (const line of text.split("\n")) assert.doesNotMatch(line, UNSAFE);
  }
});

test("hostile names: the page of an event has them in the titles of its sections too", () => {
  for (const name of HOSTILE_NAMES) {
    const source = ticketSource(name);
    const incidents = [...source.report.incidents, ...source.report.incidents.map((incident) => ({ ...incident, id: "i2" }))];
    const both = { ...source, kind: "event" as const, report: { ...source.report, incidents } };
    const page = pageOf(buildTicket(both), both.report, { labels: ENGLISH, zone: () => 0 });
    assert.equal(page.sections.filter(({ peer }) => peer === name).length, 10);
    readHtml(renderPageHtml(page));
    for (const line of renderPageText(page, { columns: 100 }).split("\n")) assert.doesNotMatch(line, UNSAFE, JSON.stringify(name));
  }
});
