import assert from "node:assert/strict";
import { test } from "node:test";
import { ENGLISH } from "../../../../src/report/page/labels.ts";
import { pageOf } from "../../../../src/report/page/page.ts";
import { renderPageText } from "../../../../src/report/page/render-text.ts";
import { buildTicket } from "../../../../src/report/page/build-ticket.ts";
import { hopRows, mtrLines } from "../../../../src/report/page/mtr-table.ts";
import { otherPeers } from "../../../../src/report/page/other-peers.ts";
import { ownChecks } from "../../../../src/report/page/own-checks.ts";
import { comparePaths } from "../../../../src/report/page/path-diff.ts";
import { foldStrip } from "../../../../src/report/page/strip-fold.ts";
import type { OtherPeers, PhaseRows, Receipt } from "../../../../src/report/page/ticket.ts";
import type { Hop } from "../../../../src/path/hop.ts";
import { calmHost } from "../../verdict/facts-builder.ts";
import { reportCapture, reportIncident, reportPeer, hop as reportHop } from "../sample-report.ts";
import { farEnd, ticketFacts, ticketIncident, ticketSource } from "./sample-ticket.ts";

const NOBODY: OtherPeers = { since: "2026-11-19T20:12:00.000Z", until: "2026-11-19T20:12:10.000Z", period_ms: 10_000, peers: [], more_good: 0 };

function states(...given: Parameters<typeof ownChecks>): Record<string, string> {
  return Object.fromEntries(ownChecks(...given).map(({ name, state }) => [name, state]));
}

test("our own side: measured and clean, measured and not, and what nobody measured are three things", () => {
  const calm = states(ticketFacts(), NOBODY);
  for (const name of ["loopback", "gateway", "gateway_neighbour", "carrier", "nic", "receive_queue", "send_queue", "send_errors", "conntrack"])
    assert.equal(calm[name], "clean", name);
  assert.deepEqual([calm["tcp_probe"], calm["cabling"], calm["other_peers"], calm["tcp"]], ["unmeasured", "unmeasured", "unmeasured", "info"]);
  const bad = states(
    ticketFacts({
      gateway: { address: "10.20.1.1", answers: true, sent: 92, lost: 1 },
      host: { ...calmHost, carrierLost: true, nicDrops: 3, sendErrors: { EPERM: 4 }, conntrackFull: true, linkUse: 0.97 },
      agent: { blindMs: 2_000, eventMs: 9_200, cpuPressure: 0.9, steal: 0.3 },
    }),
    NOBODY,
  );
  for (const name of ["gateway", "carrier", "nic", "send_errors", "conntrack", "link_use", "agent_blind", "cpu"])
    assert.equal(bad[name], "suspect", name);
});

test("our own side: nothing is clean that was not measured, and a gateway that never answers acquits nobody", () => {
  const none = states(null, NOBODY);
  assert.deepEqual(new Set(Object.values(none)), new Set(["unmeasured"]));
  const silent = ticketFacts({ gateway: { address: "10.20.1.1", answers: false, sent: 92, lost: 0 } });
  assert.equal(states(silent, NOBODY)["gateway"], "unmeasured");
  const half = ticketFacts({ host: { ...calmHost, nicErrors: 0, nicDrops: null } });
  assert.equal(states(half, NOBODY)["nic"], "unmeasured", "drops were not counted");
  assert.equal(states(ticketFacts({ host: { ...calmHost, nicErrors: 2, nicDrops: null } }), NOBODY)["nic"], "suspect");
});

test("other peers: the bad first, one that never answered is not known, and what was lost at another time of the same period does not count", () => {
  const source = ticketSource("bj-b1");
  const earlier = reportIncident({ id: "i9", peer: "p3", started_at: "2026-11-19T20:11:30.000Z", ended_at: "2026-11-19T20:11:40.000Z" });
  const during = reportIncident({ id: "i8", peer: "p4" });
  const later = reportIncident({
    id: "i7",
    peer: "p7",
    started_at: "2026-11-19T20:12:15.000Z",
    ended_at: "2026-11-19T20:12:18.000Z",
    sent: 30,
    lost: 30,
  });
  const { peers } = otherPeers({
    ...source,
    others: {
      ...source.others,
      peers: [
        reportPeer({ peer: "bj-b1" }),
        reportPeer({ peer: "p3", loss_pct: 0 }),
        reportPeer({ peer: "p4", loss_pct: 0.5 }),
        reportPeer({ peer: "p5", received: 0, first_reply_at: null, loss_pct: 100 }),
        reportPeer({ peer: "p6", sent: 200, lost: 60, loss_pct: 30 }),
        reportPeer({ peer: "p7", sent: 200, lost: 31, loss_pct: 15.5 }),
      ],
      incidents: [earlier, during, later],
    },
  });
  assert.deepEqual(
    peers.map(({ peer, state, incident, elsewhere }) => [peer, state, incident ?? elsewhere]),
    [
      ["p5", "unknown", null],
      ["p6", "bad", null],
      ["p4", "bad", "i8"],
      ["p3", "good", null],
      ["p7", "good", "i7"],
    ],
  );
});

test("paths compared: another router differs, silence does not, and without a trace since nothing is claimed", () => {
  const table = (phase: PhaseRows["phase"], addresses: readonly (string | null)[]): PhaseRows => ({
    phase,
    sweeps: 1,
    mtr_runs: 0,
    started_at: "2026-11-19T20:12:03.000Z",
    ended_at: "2026-11-19T20:12:04.000Z",
    hops: hopRows(
      addresses.map((address, index) => ({
        ttl: index + 1,
        address,
        addresses: [],
        sent: 1,
        received: 0,
        lossPct: 0,
        rttMs: null,
        mpls: [],
        note: null,
      })),
    ),
  });
  const moved = comparePaths([table("before", ["a", "b", "z"]), table("during", ["a", null]), table("after", ["a", "c", "z"])]);
  assert.equal(moved.changed, true);
  assert.deepEqual(moved.lines[1], { ttl: 2, before: "b", during: "silent", after: "c", differs: true });
  assert.deepEqual(moved.lines[2], { ttl: 3, before: "z", during: null, after: "z", differs: false });
  assert.equal(comparePaths([table("before", ["a", "b"]), table("during", ["a", null]), table("after", [])]).changed, false);
  assert.equal(comparePaths([table("before", ["2001:db8::1"]), table("during", ["2001:db8:0:0::1"]), table("after", [])]).changed, false);
  assert.equal(comparePaths([table("before", []), table("during", ["a"]), table("after", ["a"])]).changed, null);
});

test("the strip: two lines of good weather fold, one does not, and every other probe stays", () => {
  const strip = `${".".repeat(200)}x${".".repeat(99)}${".".repeat(100)}x`;
  const lines = foldStrip(strip, { at: String, quiet: (probes) => `${probes} good` });
  assert.deepEqual(
    lines.map((line) => (line.kind === "quiet" ? `${line.at} ${line.text}` : `${line.at} ${line.marks.length}`)),
    ["0 200 good", "200 100", "300 100", "400 1"],
  );
});

test("the way back: held where the peer was asked, nobody's without an agent, merged from an export of the same time", () => {
  const hearing = { state: "calibrated", authentic: true, in: null, out: null, saysBad: null } as const;
  const withHearing = (more: object): ReturnType<typeof ticketFacts> => {
    const facts = ticketFacts();
    return { ...facts, incidents: [{ id: "i1", hearing: { ...hearing, ...more } }] as unknown as typeof facts.incidents };
  };
  const state = (facts: ReturnType<typeof ticketFacts> | null): string | undefined =>
    buildTicket(ticketSource("bj-b1", { facts })).incidents[0]?.reverse.state;
  assert.deepEqual(
    [state(withHearing({})), state(withHearing({ authentic: false })), state(withHearing({ state: "none" })), state(null)],
    ["held", "unasked", "none", "unasked"],
  );
  const source = ticketSource("bj-b1");
  const mine = { ...source, report: { ...source.report, node: { ...source.report.node, name: "sh-a1", address: "10.20.1.2" } } };
  const theirs = ticketIncident("sh-a1", { id: "there", address: "10.20.1.2" });
  const old = { ...theirs, id: "old", started_at: "2026-11-18T20:12:03.120Z", ended_at: "2026-11-18T20:12:04.120Z" };
  const asked = reportCapture({ id: "r1", target: "10.20.1.2", asked_by: "sh-a1 incident 3", hops: [reportHop(1, "10.20.3.1")] });
  const strange = reportCapture({ id: "r2", target: "10.99.9.9", asked_by: "gz-c1 incident 1", hops: [reportHop(1, "10.20.3.1")] });
  const end = farEnd("bj-b1", { incidents: [theirs, old], remote_captures: [asked, strange] });
  const reverse = buildTicket(mine, [end]).incidents[0]?.reverse;
  assert.deepEqual([reverse?.state, reverse?.node, reverse?.incidents.map(({ id }) => id)], ["merged", "bj-b1", ["there"]]);
  assert.deepEqual([reverse?.asked?.sweeps, reverse?.asked?.hops.map(({ address }) => address)], [1, ["10.20.3.1"]]);
  assert.equal(buildTicket(mine, [end]).ends[1]?.interface, "sh-a1", "its interface is known from there");
});

test("hops that another mtr was left to have no line, as with mtr -f", () => {
  const hop = (ttl: number, sent: number): Hop => ({
    ttl,
    address: null,
    addresses: [],
    sent,
    received: 0,
    lossPct: null,
    rttMs: null,
    mpls: [],
    note: null,
  });
  const lines = mtrLines(hopRows([hop(1, 0), hop(2, 3)]), "sh-a1");
  assert.deepEqual(lines, ["HOST: sh-a1 Loss%   Snt   Last   Avg  Best  Wrst StDev", "  2.|-- ???   100.0     3    0.0   0.0   0.0   0.0   0.0"]);
});

test("the quality of the clock is that of a host snapshot of the incident; without one nothing is claimed", () => {
  const clock = (facts: Readonly<Record<string, unknown>>): ReturnType<typeof buildTicket>["clock"] => {
    const snapshot = reportCapture({ id: "s1", kind: "snapshot", facts, hops: [] });
    const source = ticketSource("bj-b1");
    return buildTicket({ ...source, report: { ...source.report, incidents: [ticketIncident("bj-b1", { captures: [snapshot] })] } }).clock;
  };
  assert.deepEqual(clock({ clock: { source: "chrony", offset_ms: -0.2, max_error_ms: 7.7 } }), {
    source: "chrony",
    offset_ms: -0.2,
    max_error_ms: 7.7,
  });
  for (const facts of [{}, { clock: null }, { clock: { source: 3 } }])
    assert.deepEqual(clock(facts), { source: null, offset_ms: null, max_error_ms: null });
});

test("no page has a {place} left in it, whatever is known and whatever is not", () => {
  const bare = ticketSource("bj-b1", {
    facts: null,
    others: { since: "2026-11-19T20:12:00.000Z", until: "2026-11-19T20:12:20.000Z", period_ms: 10_000, peers: [], incidents: [] },
  });
  const nothing = { ended_at: null, strip: null, verdict: null, captures: [], out: { sent: null, lost: null }, in: { sent: null, lost: null } };
  const open = { ...bare, report: { ...bare.report, incidents: [ticketIncident("bj-b1", nothing)] } };
  const suspect = ticketSource("bj-b1", {
    facts: ticketFacts({
      host: { ...calmHost, gatewayNeighbour: "failed", conntrackFull: true, carrierLost: true },
      incidents: [{ id: "i1", hearing: { state: "none", authentic: false, in: null, out: null, saysBad: null } }] as never,
    }),
  });
  const event = ticketSource("bj-b1", { kind: "event" });
  const many = Array.from({ length: 9 }, (_, index) => ticketIncident(`p${index}`, { id: `i${index}`, late: 3, continues: "i0" }));
  const sources = [ticketSource("bj-b1"), bare, open, suspect, { ...event, report: { ...event.report, incidents: many } }];
  const texts = sources.flatMap((source) =>
    [[], [farEnd("bj-b1")], [farEnd("bj-b1", { incidents: [], remote_captures: [] })]].map((ends) =>
      renderPageText(pageOf(buildTicket(source, ends), source.report, { labels: ENGLISH, zone: () => 0 }), { columns: 100 }),
    ),
  );
  for (const text of texts) assert.doesNotMatch(text, /\{\w+\}|undefined|NaN|\[object/);
  const [, , , , , , , , , , , , whole = ""] = texts;
  assert.match(whole, /EVERY PROBE AROUND THE BURST: p5/);
  assert.doesNotMatch(whole, /EVERY PROBE AROUND THE BURST: p6/);
  assert.match(whole, /Details of 3 more are on their own pages/);
  assert.match(texts[9] ?? "", /NOT CLEAN +Gateway answers ARP +does not answer\n[^]*NOT CLEAN +Connection tracking table +full\n/);
});

test("samples that are not there yet are told from samples that nobody stored", () => {
  const text = (status: "open" | "cooling" | "closed"): string => {
    const bare = ticketSource("bj-b1");
    const source = { ...bare, report: { ...bare.report, incidents: [ticketIncident("bj-b1", { id: "i0", status, strip: null })] } };
    return renderPageText(pageOf(buildTicket(source), source.report, { labels: ENGLISH, zone: () => 0 }), { columns: 100 });
  };
  for (const status of ["open", "cooling"] as const) assert.match(text(status), /EVERY PROBE[^\n]*\n  No samples are here yet: /);
  assert.match(text("closed"), /EVERY PROBE[^\n]*\n  No samples are stored\./);
});

test("a sum that will be another one is said to be so", () => {
  const receipt: Receipt = {
    node: "sh-a1",
    incident: "i0",
    state: "unsealed",
    rows: 0,
    missing: 0,
    sha256: null,
    received_at: null,
    clock: null,
    changed: null,
  };
  const text = (isFinal: boolean, receipts: readonly Receipt[] = []): string => {
    const source = ticketSource("bj-b1", { isFinal, receipts });
    return renderPageText(pageOf(buildTicket(source), source.report, { labels: ENGLISH, zone: () => 0 }), { columns: 100 });
  };
  assert.match(text(false), /Not final +samples and traces are still added/);
  assert.doesNotMatch(text(true), /Not final/);
  assert.match(text(false, [receipt]), /Not final/);
  assert.doesNotMatch(text(false, [{ ...receipt, state: "complete", sha256: "ab".repeat(32) }]), /Not final/);
});
