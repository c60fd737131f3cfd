/** A changed way back shows in the TTL of replies. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { echoReply, type Answer, type Request } from "../../contract/fake-icmp-socket.ts";
import { PEER, VirtualWire } from "./virtual-wire.ts";

const SECOND = "10.0.0.3";

function withTtl(request: Request, ttl: number): Answer {
  const answer = echoReply(request);
  answer.bytes[8] = ttl;
  return answer;
}

/** What the wire says when replies arrive with these TTLs; null loses the probe. */
function told(wire: VirtualWire): (readonly number[])[] {
  return wire.of("reply-ttl").map(({ before, now }) => [before, now]);
}

function wireAnswering(ttlOf: (nth: number) => number | null): VirtualWire {
  const wire = new VirtualWire();
  wire.network.host(PEER, (request) => {
    const ttl = request.ttl === null ? ttlOf(request.nth) : 61;
    return ttl === null ? [] : [withTtl(request, ttl)];
  });
  return wire;
}

test("replies that all come with another TTL are told once, after eight of them, and once more when they change back", () => {
  const wire = wireAnswering((nth) => (nth >= 100 && nth < 200 ? 58 : 61));
  wire.run(10_650);
  assert.deepEqual(told(wire), []);
  wire.run(400);
  assert.deepEqual(told(wire), [[61, 58]]);
  wire.run(30_000);
  assert.deepEqual(told(wire), [
    [61, 58],
    [58, 61],
  ]);
});

test("a few with another TTL are no change, however often", () => {
  const wire = wireAnswering((nth) => (nth % 20 > 12 ? 58 : 61));
  wire.run(30_000);
  assert.deepEqual(told(wire), []);
});

test("flows whose ways differ in length are no change, nor is one of them that changes its way", () => {
  const wire = wireAnswering((nth) => (nth % 4 === 0 ? (nth > 150 ? 55 : 59) : 61));
  wire.run(40_000);
  assert.deepEqual(told(wire), []);
});

test("with one flow dead the others have not changed, though it had another TTL, nor when it is back", () => {
  const wire = wireAnswering((nth) => (nth % 4 === 0 ? (nth > 100 && nth < 300 ? null : 59) : 61));
  wire.run(60_000);
  assert.ok(wire.totals().lost >= 49);
  assert.deepEqual(told(wire), []);
});

test("with three of four flows dead the way of the fourth is not new either", () => {
  const wire = wireAnswering((nth) => (nth % 4 === 1 ? 59 : nth > 100 && nth < 300 ? null : 61));
  wire.run(60_000);
  assert.deepEqual(told(wire), []);
});

test("a change while a burst lasts is told", () => {
  const wire = wireAnswering((nth) => (nth < 100 ? 61 : nth < 130 ? null : 60));
  wire.run(30_000);
  assert.deepEqual(told(wire), [[61, 60]]);
});

test("another address is another machine, not another way back", () => {
  const wire = wireAnswering(() => 61);
  wire.network.host(SECOND, (request) => (request.ttl === null ? [withTtl(request, 120)] : []));
  wire.run(10_000);
  wire.prober.command({ kind: "address", peer: "p1", address: SECOND });
  wire.run(10_000);
  assert.deepEqual(told(wire), []);
});

test("IPv6 replies tell no TTL", () => {
  const wire = new VirtualWire({ peers: [{ address: "fd00::2" }] });
  wire.run(10_000);
  assert.deepEqual(told(wire), []);
});
