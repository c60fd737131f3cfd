/** What the wire says of a network that is slow, lossy, refused or was never there. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { incidentKind, PeerIncidents, type Incident } from "../../../src/detect/incident.ts";
import { echoReply } from "../../contract/fake-icmp-socket.ts";
import { PEER, VirtualWire } from "./virtual-wire.ts";

/** The kind of the incident that the last words on all bursts of one peer make. */
function kindOf(wire: VirtualWire): ReturnType<typeof incidentKind> {
  const incidents = new PeerIncidents({ mergeMs: 60_000, lengthMs: 1_800_000 });
  for (const burst of wire.bursts) {
    incidents.burst({ ...burst, key: String(burst.number) }, { nowMs: 0, ageMs: 0, peer: "p1", address: PEER, newId: "i" });
  }
  return incidentKind(incidents.current as Incident);
}

describe("a peer that never answered", () => {
  test("opens no burst, is said to be silent after 10 s and then once an hour, with one sweep each time", () => {
    const wire = new VirtualWire({ peers: [{ address: PEER, everReplied: false, intervalMs: 1_000 }] });
    wire.network.host(PEER, () => []);
    wire.run(3_700_000);
    assert.deepEqual(wire.bursts, []);
    assert.equal(wire.of("never-answered").length, 2);
    assert.deepEqual(
      wire.finishedSweeps.map((sweep) => sweep.trigger),
      ["baseline", "baseline"],
    );
    const { sent, lost, received } = wire.totals();
    assert.ok(sent > 3_600 && lost === sent && received === 0);
  });

  test("has an incident as any other from its first answer on", () => {
    const wire = new VirtualWire({ peers: [{ address: PEER, everReplied: false }] });
    wire.network.host(PEER, (request) => (request.nth >= 80 && request.nth < 180 ? [echoReply(request)] : []));
    wire.run(7_900);
    assert.equal(wire.of("first-reply").length, 0);
    wire.run(30_000);
    assert.equal(wire.of("first-reply").length, 1);
    assert.equal(wire.bursts.length, 1);
    assert.equal(wire.of("never-answered").length, 0);
  });

  test("a peer that answered in an earlier life is missed from the first probe on", () => {
    const wire = new VirtualWire();
    wire.network.host(PEER, () => []);
    wire.run(5_000);
    assert.equal(wire.bursts.length, 1);
    assert.ok((wire.bursts[0]?.detectedMs ?? 0) - wire.clock.wallMs(wire.startUs) < 1_700);
  });
});

describe("slow is not lost", () => {
  function slowFrom(wire: VirtualWire, nth: number, slowUs: number): void {
    wire.network.host(PEER, (request) => [echoReply(request, { afterUs: request.ttl === null && request.nth >= nth ? slowUs : 5_000 })]);
  }

  test("replies that take 300 ms instead of 5 open a burst in which nothing is lost: a brownout", () => {
    const wire = new VirtualWire();
    wire.network.host(PEER, (request) => [echoReply(request, { afterUs: request.nth >= 50 && request.nth < 150 ? 300_000 : 5_000 })]);
    wire.run(40_000);
    assert.equal(wire.bursts.length, 1);
    const [burst] = wire.bursts;
    assert.deepEqual([burst?.count.lost, burst?.count.sent, burst?.final], [0, 100, true]);
    assert.equal(kindOf(wire), "brownout");
    assert.equal(wire.totals().lost, 0);
  });

  test("one probe of them lost for good makes it loss", () => {
    const wire = new VirtualWire();
    wire.network.host(PEER, (request) =>
      request.nth === 77 ? [] : [echoReply(request, { afterUs: request.nth >= 50 && request.nth < 150 ? 300_000 : 5_000 })],
    );
    wire.run(40_000);
    assert.equal(kindOf(wire), "loss");
  });

  test("while it is open and nothing is final, the kind is not known", () => {
    const wire = new VirtualWire();
    slowFrom(wire, 50, 300_000);
    wire.run(8_000);
    assert.equal(kindOf(wire), null);
  });

  test("after a minute of slow replies without loss they are the new normal and the burst ends", () => {
    const wire = new VirtualWire();
    slowFrom(wire, 50, 80_000);
    wire.run(60_000);
    assert.equal(wire.bursts[0]?.endedMs, null);
    wire.run(25_000);
    const [burst, ...more] = wire.bursts;
    assert.deepEqual(more, []);
    const lengthMs = (burst?.endedMs ?? 0) - (burst?.startedMs ?? 0);
    assert.ok(lengthMs > 60_000 && lengthMs < 62_000, `${lengthMs} ms`);
    wire.run(60_000);
    assert.equal(wire.bursts.length, 1, "the new normal opens no further burst");
  });

  test("with a probe lost every half minute slow replies are never the new normal", () => {
    const wire = new VirtualWire();
    wire.network.host(PEER, (request) => (request.nth % 300 === 299 ? [] : [echoReply(request, { afterUs: request.nth >= 50 ? 80_000 : 5_000 })]));
    wire.run(200_000);
    assert.equal(wire.bursts.length, 1);
    assert.equal(wire.bursts[0]?.endedMs, null);
  });
});

describe("what the kernel refuses to send", () => {
  test("is counted by errno, is no loss, opens a burst and makes it local", () => {
    const wire = new VirtualWire();
    wire.run(5_000);
    wire.network.refusals.set(PEER, "ENETUNREACH");
    wire.run(3_000);
    wire.network.refusals.clear();
    wire.run(40_000);
    const { lost, sendFailed, sent, received } = wire.totals();
    assert.deepEqual([lost, received], [0, sent]);
    assert.ok(sendFailed >= 29 && sendFailed <= 31, `${sendFailed}`);
    assert.equal(wire.of("alive").at(-1)?.sendErrors["ENETUNREACH"], sendFailed);
    assert.equal(wire.bursts.length, 1);
    assert.deepEqual([wire.bursts[0]?.count.lost, wire.bursts[0]?.count.sent, wire.bursts[0]?.count.sendFailed], [0, 0, sendFailed]);
    assert.equal(kindOf(wire), "local");
    assert.match(wire.strip(), /^\d+\. (29|30|31)! \d+\.$/);
  });

  test("a peer of a family that this host does not have is refused too, and never an incident", () => {
    const wire = new VirtualWire({ peers: [{ address: "fd00::2", everReplied: false }] });
    wire.network.refusals.set("fd00::2", "EAFNOSUPPORT");
    wire.run(30_000);
    assert.deepEqual([wire.bursts, wire.totals().lost], [[], 0]);
    assert.ok(wire.totals().sendFailed > 100);
  });
});

describe("sums", () => {
  test("of all rollups equal what was sent and answered, whatever happened on the way", () => {
    const wire = new VirtualWire({ peers: [{ address: PEER, intervalMs: 50 }] });
    wire.network.host(PEER, (request) => {
      const roll = (request.nth * 2_654_435_761) % 100;
      if (request.ttl !== null || roll < 20) return [];
      if (roll < 30) return [echoReply(request, { afterUs: 3_000_000 + roll * 200_000 })];
      if (roll < 35) return [echoReply(request), echoReply(request)];
      return [echoReply(request, { afterUs: roll * 1_000 })];
    });
    wire.run(60_000);
    wire.stall(1_500);
    wire.run(60_000);
    wire.network.host(PEER, (request) => [echoReply(request)]);
    wire.run(60_000);
    wire.prober.stop();
    const { sent, received, lost, late, blind, skipped } = wire.totals();
    assert.equal(sent, received + lost + late + blind);
    const really = wire.network.sent.filter((request) => request.ttl === null).length;
    // The last ones are on their way when the wire stops.
    assert.ok(really - sent >= 0 && really - sent <= 45, `${really} sent, ${sent} told`);
    assert.ok(lost > 300 && late > 150 && skipped >= 29, `${lost} lost, ${late} late, ${skipped} skipped`);
    const labels = wire.of("rollups").flatMap((message) => message.rows.map((row) => row.atMs % 10_000));
    assert.deepEqual(new Set(labels), new Set([0]));
  });
});

describe("the flight recorder", () => {
  test("is written out from 60 s before a burst to 60 s after it, and ends with its last word", () => {
    const wire = new VirtualWire();
    wire.network.host(PEER, (request) => (request.nth >= 1_000 && request.nth < 1_030 ? [] : [echoReply(request)]));
    wire.run(300_000);
    assert.match(wire.strip(), /^(599|600|601)\. 30x (599|600|601)\.$/);
    const messages = wire.of("samples");
    assert.deepEqual(messages.map((message) => message.last).indexOf(true), messages.length - 1);
    const first = messages[0]?.blocks[0];
    assert.ok(Math.abs((first?.startedMs ?? 0) - (wire.clock.wallMs(wire.startUs) + 40_000)) < 200);
  });

  test("two bursts close in time are one stretch", () => {
    const wire = new VirtualWire();
    wire.network.host(PEER, (request) =>
      (request.nth >= 1_000 && request.nth < 1_030) || (request.nth >= 1_300 && request.nth < 1_310) ? [] : [echoReply(request)],
    );
    wire.run(300_000);
    assert.match(wire.strip(), /^(599|600|601)\. 30x 270\. 10x (599|600|601)\.$/);
  });

  test("holds the last five minutes of a burst that lasts longer, each probe told once it is judged", () => {
    const wire = new VirtualWire({ peers: [{ address: PEER, intervalMs: 1_000 }] });
    wire.network.host(PEER, (request) => (wire.nowMs >= 100_000 && wire.nowMs < 800_000 ? [] : [echoReply(request)]));
    wire.run(1_000_000);
    assert.match(wire.strip(), /^(59|60|61)\. 700x (59|60|61)\.$/);
  });
});
