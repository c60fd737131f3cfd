/** What counts as a reply, and what a reply changes. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { echoReply, type Answer, type Request } from "../../contract/fake-icmp-socket.ts";
import { PEER, VirtualWire } from "./virtual-wire.ts";

const STRANGER = "10.0.0.66";

/** Runs 10 s with one peer that answers like this, and lets everything settle. */
function tenSeconds(respond: (request: Request) => readonly Answer[]): VirtualWire {
  const wire = new VirtualWire();
  wire.network.host(PEER, (request) => (request.ttl === null ? respond(request) : []));
  wire.run(10_000);
  wire.network.host(PEER, (request) => [echoReply(request)]);
  wire.run(30_000);
  return wire;
}

function changed(answer: Answer, change: (bytes: Buffer) => void): Answer {
  const bytes = Buffer.from(answer.bytes);
  change(bytes);
  return { ...answer, bytes };
}

test("healthy: every probe of ten seconds is one reply, and nothing else is said", () => {
  const wire = tenSeconds((request) => [echoReply(request)]);
  const { sent, received, ...rest } = wire.totals();
  assert.ok(sent >= 299 && sent <= 301, `${sent}`);
  assert.equal(received, sent);
  assert.deepEqual(new Set(Object.values(rest)), new Set([0]));
  assert.deepEqual([wire.bursts, wire.blinds], [[], []]);
});

describe("a reply that is not one counts for nothing but `foreign`, so the probe is lost", () => {
  const forgeries: Readonly<Record<string, (request: Request) => Answer>> = {
    "a wrong tag": (request) => changed(echoReply(request), (bytes) => bytes.writeUInt32BE((bytes.readUInt32BE(28 + 54) ^ 1) >>> 0, 28 + 54)),
    "a wrong second half of the tag": (request) => changed(echoReply(request), (bytes) => bytes.writeUInt8(bytes.readUInt8(28 + 61) ^ 0x80, 28 + 61)),
    "another source": (request) => echoReply(request, { source: STRANGER }),
    "the tag of another probe": (request) => changed(echoReply(request), (bytes) => bytes.writeUInt16BE((bytes.readUInt16BE(26) + 1) & 0x7fff, 26)),
    "a payload cut off within the tag": (request) => {
      const whole = echoReply(request);
      return { ...whole, bytes: whole.bytes.subarray(0, 28 + 61) };
    },
    "no payload at all": (request) => {
      const whole = echoReply(request);
      return { ...whole, bytes: whole.bytes.subarray(0, 28) };
    },
  };
  for (const [what, forge] of Object.entries(forgeries)) {
    test(what, () => {
      const wire = tenSeconds((request) => [forge(request)]);
      const { lost, foreign, received, sent, duplicate, late } = wire.totals();
      assert.ok(lost >= 98 && lost <= 101, `${lost} lost`);
      // The one whose sequence was moved on meets a probe that is not sent yet.
      assert.ok(foreign >= 98 && foreign <= 101, `${foreign} foreign`);
      assert.deepEqual([received, duplicate, late], [sent - lost, 0, 0]);
      assert.equal(wire.bursts.length, 1);
    });
  }

  test("an id that is nobody's is told once a second, of no peer", () => {
    const wire = new VirtualWire();
    const ours = new Set<number>();
    wire.network.host(PEER, (request) => {
      ours.add(request.packet.readUInt16BE(4));
      return [echoReply(request)];
    });
    wire.run(1_000);
    assert.equal(ours.size, 4);
    const id = [1, 2, 3, 4, 5].find((candidate) => !ours.has(candidate)) as number;
    const request = wire.network.sent[0] as Request;
    for (let n = 0; n < 7; n++) wire.sockets[4].inject(changed(echoReply(request), (bytes) => bytes.writeUInt16BE(id, 24)));
    wire.run(29_000);
    assert.equal(wire.of("alive").at(-1)?.foreign, 7);
    assert.deepEqual([wire.totals().foreign, wire.totals().duplicate, wire.totals().lost], [0, 0, 0]);
  });

  test("a forged reply beside the real one changes nothing about it", () => {
    const wire = tenSeconds((request) => [echoReply(request, { source: STRANGER, afterUs: 1_000 }), echoReply(request)]);
    const { lost, received, sent, foreign } = wire.totals();
    assert.deepEqual([lost, received], [0, sent]);
    assert.ok(foreign >= 98 && foreign <= 101, `${foreign} foreign`);
    assert.deepEqual(wire.bursts, []);
  });
});

test("a reply that comes twice or thrice is one reply and its duplicates", () => {
  const wire = tenSeconds((request) => [1, 2, 3].map((n) => echoReply(request, { afterUs: n * 4_000 })));
  const { sent, received, duplicate, lost } = wire.totals();
  assert.deepEqual([received, lost], [sent, 0]);
  assert.ok(duplicate >= 198 && duplicate <= 202, `${duplicate}`);
  assert.deepEqual(wire.bursts, []);
});

test("a late reply re-labels the loss, in the burst, in the recorder and in the rollup that was written long before", () => {
  const wire = new VirtualWire();
  wire.network.host(PEER, (request) => {
    if (request.ttl !== null) return [];
    return [echoReply(request, { afterUs: request.nth >= 20 && request.nth < 30 ? 9_000_000 : 5_000 })];
  });
  wire.run(6_000);
  assert.deepEqual(
    wire.bursts.map(({ count }) => [count.lost, count.lostForGood]),
    [[10, 0]],
  );
  wire.run(34_000);
  const burst = wire.bursts.at(-1);
  assert.deepEqual([burst?.count.lost, burst?.count.late, burst?.count.lostForGood, burst?.final], [0, 10, 0, true]);
  assert.deepEqual([wire.totals().lost, wire.totals().late], [0, 10]);
  assert.match(wire.strip(), /^20\. 10o \d+\.$/);
});

test("a late reply after its rollup was posted is a correction in the same period, so that the sum is exact", () => {
  const wire = new VirtualWire();
  // Lost in the rollup at about 12.05 s; answered at 14 s, within the 12 s in which a late reply is recognised.
  wire.network.host(PEER, (request) => (request.ttl === null ? [echoReply(request, { afterUs: request.nth === 70 ? 7_000_000 : 5_000 })] : []));
  wire.run(13_000);
  assert.deepEqual([wire.totals().lost, wire.totals().late], [1, 0]);
  wire.run(27_000);
  assert.deepEqual([wire.totals().lost, wire.totals().late], [0, 1]);
  const rows = wire.of("rollups").flatMap((message) => message.rows.filter((row) => row.late !== 0));
  assert.deepEqual(
    rows.map((row) => [row.lost, row.late, row.sent, (row.atMs - wire.clock.wallMs(wire.startUs)) / 1000]),
    [[-1, 1, 0, 0]],
  );
});

test("a reply later than the ring remembers is foreign, not late", () => {
  const wire = new VirtualWire();
  wire.network.host(PEER, (request) => (request.ttl === null ? [echoReply(request, { afterUs: request.nth === 5 ? 60_000_000 : 5_000 })] : []));
  wire.run(90_000);
  const { lost, late, foreign } = wire.totals();
  assert.deepEqual([lost, late, foreign], [1, 0, 1]);
});

describe("beyond the wrap of the sequence (32,768 probes)", () => {
  test("loss, replies, duplicates and late replies on both sides of it are matched to their own probes, and a replay of a round ago is foreign", () => {
    const wire = new VirtualWire({ peers: [{ address: PEER, intervalMs: 10 }] });
    const kept: Answer[] = [];
    wire.network.host(PEER, (request) => {
      if (request.ttl !== null) return [];
      const { nth } = request;
      if (nth < 4) kept.push(echoReply(request, { afterUs: 0 }));
      if (nth >= 32_760 && nth < 32_776) return [];
      if (nth >= 32_780 && nth < 32_784) return [echoReply(request, { afterUs: 2_500_000 })];
      if (nth === 32_779) return [echoReply(request), echoReply(request)];
      return [echoReply(request)];
    });
    wire.run(327_600);
    assert.equal(wire.network.sent.filter((request) => request.ttl === null).length, 32_760);
    assert.equal(wire.bursts.length, 0);
    wire.run(500);
    for (const answer of kept) wire.sockets[4].inject(answer);
    wire.run(60_000);
    const { lost, late, duplicate, foreign, sent, received } = wire.totals();
    assert.deepEqual({ lost, late, duplicate, foreign }, { lost: 16, late: 4, duplicate: 1, foreign: 4 });
    assert.equal(received, sent - 20);
    assert.deepEqual(
      wire.bursts.map((burst) => [burst.count.lost, burst.count.late, burst.count.longestRun, burst.final]),
      [[16, 4, 16, true]],
    );
  });
});

test("an IPv6 reply is matched on its source in whatever way the configuration spells it", () => {
  const wire = new VirtualWire({ peers: [{ address: "FD00:0:0::0002" }] });
  wire.network.host("FD00:0:0::0002", (request) => [
    echoReply(request, { source: "fd00::2" }),
    echoReply(request, { source: "fd00::3", afterUs: 6_000 }),
  ]);
  wire.run(30_000);
  const { sent, received, foreign, lost } = wire.totals();
  assert.deepEqual([lost, received], [0, sent]);
  assert.ok(foreign >= sent);
  assert.deepEqual(wire.bursts, []);
});

test("a peer whose name gets another address is probed there from the next slot on, and its old address is a stranger", () => {
  const wire = new VirtualWire();
  wire.run(5_000);
  wire.prober.command({ kind: "address", peer: "p1", address: "10.0.0.9" });
  wire.network.host("10.0.0.9", (request) => [echoReply(request, { source: PEER })]);
  wire.run(25_000);
  assert.equal(wire.network.sent.at(-1)?.target, "10.0.0.9");
  assert.ok(wire.totals().foreign > 50);
});

test("a peer whose name was never resolved is not probed, not lost, and starts when its address comes", () => {
  const wire = new VirtualWire({ peers: [{ address: null, everReplied: false }] });
  wire.run(20_000);
  assert.deepEqual([wire.network.sent.length, wire.totals().sent], [0, 0]);
  wire.prober.command({ kind: "address", peer: "p1", address: PEER });
  wire.run(30_000);
  assert.ok(wire.totals().received > 100);
  assert.deepEqual([wire.totals().lost, wire.totals().skipped, wire.bursts.length], [0, 0, 0]);
  assert.equal(wire.of("first-reply").length, 1);
});
