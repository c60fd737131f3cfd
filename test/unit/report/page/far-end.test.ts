import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFarEnd } from "../../../../src/report/page/far-end.ts";
import { buildTicket } from "../../../../src/report/page/build-ticket.ts";
import { ENGLISH } from "../../../../src/report/page/labels.ts";
import { pageOf } from "../../../../src/report/page/page.ts";
import { renderPageHtml } from "../../../../src/report/page/render-html.ts";
import { randomFor, type Random } from "../../../property/random.ts";
import { hop, sampleReport } from "../sample-report.ts";
import { readHtml } from "./read-html.ts";
import { ticketIncident, ticketSource } from "./sample-ticket.ts";

test("a report of our own comes through with what the page shows of it", () => {
  const report = sampleReport({ incidents: [ticketIncident("sh-a1", { address: "10.20.1.2" })] });
  const end = parseFarEnd(JSON.parse(JSON.stringify(report)));
  assert.deepEqual(end?.node, { name: "sh-a1", address: "10.20.1.2", version: "0.1.0" });
  const [incident] = end?.incidents ?? [];
  assert.deepEqual([incident?.peer, incident?.lost, incident?.verdict?.sentence], ["sh-a1", 45, "37 % of packets to sh-a1 were lost"]);
  assert.deepEqual(incident?.captures[1]?.hops[0]?.rtts_us, [300, 400, 600]);
  assert.equal(incident?.captures[1]?.hops[0]?.note, null, "notes are worked out here");
  const summed = { ...report.incidents[0]?.captures[0], hops: [hop(1, "a", { rtt_ms: { best: 1, avg: 2, worst: 3, last: 3, stdev: 1 } })] };
  const again = parseFarEnd({ ...report, incidents: [], remote_captures: [summed] });
  assert.deepEqual(again?.remote_captures[0]?.hops[0]?.rtt_ms, { best: 1, avg: 2, worst: 3, last: 3, stdev: 1 });
  // What a person traced there has nothing to do with our incident.
  const curious = parseFarEnd({ ...report, incidents: [], requested_captures: [summed] });
  assert.deepEqual([Object.keys(curious ?? {}).sort(), curious?.remote_captures], [["incidents", "node", "remote_captures"], []]);
});

test("wrong kinds are left out, texts are cut, lists are bounded; what is no report is none", () => {
  const good = sampleReport({ incidents: [ticketIncident("sh-a1")] });
  const [incident] = good.incidents;
  const many = { ...good, incidents: Array.from({ length: 5_000 }, (_, index) => ({ ...incident, id: `i${index}` })) };
  assert.equal(parseFarEnd(many)?.incidents.length, 200);
  const odd = {
    ...good,
    node: { name: "x".repeat(1_000_000) },
    incidents: [{ ...incident, id: 7 }, null, 3, { ...incident, started_at: "yesterday" }],
  };
  assert.equal(parseFarEnd(odd)?.node.name?.length, 301);
  assert.deepEqual(parseFarEnd(odd)?.incidents, []);
  const figures = {
    ...good,
    incidents: [{ ...incident, lost: "45", sent: -3, loss_pct: Number.POSITIVE_INFINITY, captures: [{ id: "c", target: "t", kind: "virus" }] }],
  };
  const read = parseFarEnd(JSON.parse(JSON.stringify(figures)))?.incidents[0];
  assert.deepEqual([read?.lost, read?.sent, read?.loss_pct, read?.captures], [0, 0, null, []]);
  for (const nothing of [null, [], "report", 3, {}, { schema: "other/1" }]) assert.equal(parseFarEnd(nothing), null);
});

const WORDS: readonly unknown[] = [null, true, -1, 1e300, 0.5, "", "<x>", "2026-11-19T20:12:03.120Z", [], {}, [[[]]], "__proto__", { toString: 1 }];

/** A good value with some of its leaves replaced. */
function spoiled(value: unknown, random: Random): unknown {
  if (random.chance(0.02)) return WORDS[random.below(WORDS.length)];
  if (Array.isArray(value)) return value.map((one) => spoiled(one, random));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, spoiled(one, random)]));
}

test("spoiled reports never throw, and the page made with them stays well-formed", (t) => {
  const random = randomFor(t);
  const source = ticketSource("bj-b1");
  const good = sampleReport({ incidents: [ticketIncident("sh-a1"), ticketIncident("bj-b1")] });
  let merged = 0;
  for (let round = 0; round < 300; round++) {
    const end = parseFarEnd({ ...(spoiled({ ...good, node: undefined }, random) as object), schema: good.schema, node: { name: "bj-b1" } });
    assert.ok(end !== null);
    const html = renderPageHtml(pageOf(buildTicket(source, [end]), source.report, { labels: ENGLISH, zone: () => 0 }));
    readHtml(html);
    if (end.incidents.length > 0) merged++;
  }
  assert.ok(merged > 100, `${merged} of 300 still held something`);
});
