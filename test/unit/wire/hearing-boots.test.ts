/** What a peer's word on our probes is worth after one of the two has started anew. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { OUTCOME, sampleOutcome, sampleRttUs } from "../../../src/detect/sample.ts";
import { InFlight } from "../../../src/wire/probing/in-flight.ts";
import { Judge } from "../../../src/wire/probing/judge.ts";
import { buildLanes } from "../../../src/wire/probing/lanes.ts";
import type { Peer } from "../../../src/wire/peer.ts";
import { echoReply } from "../../contract/fake-icmp-socket.ts";
import { TalkingPeer } from "./talking-peer.ts";
import { PEER, VirtualWire } from "./virtual-wire.ts";
import { wireSettings } from "./wire-settings.ts";

const PEER_ID = 0xb0b00001;

test("an agent that has just started has not heard what came before: that is no loss on the way out", () => {
  const wire = new VirtualWire();
  let peer = new TalkingPeer(wire, { address: PEER, agentId: PEER_ID });
  let answersArrive = true;
  wire.network.host(PEER, (request) => {
    peer.hear(request);
    return answersArrive ? [echoReply(request)] : [];
  });
  peer.run(10_000);
  answersArrive = false;
  // Our probes get there all the while; its agent is restarted in the middle of that.
  peer.run(3_000);
  peer = new TalkingPeer(wire, { address: PEER, agentId: PEER_ID, epoch: 1_763_600_500 });
  peer.run(3_000);
  answersArrive = true;
  peer.run(20_000);
  const [burst] = wire.bursts;
  assert.ok(burst !== undefined && burst.count.lost >= 58, `${burst?.count.lost} lost`);
  assert.equal(burst.count.lostUnheard, 0);
  assert.ok(burst.count.lostHeard >= burst.count.lost - 1, `${burst.count.lostHeard} of ${burst.count.lost} heard`);
});

test("a probe that was lost, of which the peer told, and that is answered after all, is late with its round-trip time and nothing else", () => {
  const wire = new VirtualWire();
  const peer = new TalkingPeer(wire, { address: PEER, agentId: PEER_ID });
  wire.network.host(PEER, (request) => {
    peer.hear(request);
    return [echoReply(request, { afterUs: request.nth >= 100 && request.nth < 120 ? 7_654_321 : 5_000 })];
  });
  peer.run(16_000);
  assert.deepEqual([wire.bursts.at(-1)?.count.lostHeard, wire.bursts.at(-1)?.count.late], [20, 0]);
  peer.run(30_000);
  const { count } = wire.bursts.at(-1) ?? assert.fail("no burst");
  assert.deepEqual([count.lost, count.lostHeard, count.lostUnheard, count.late], [0, 0, 0, 20]);
  const newest = new Map<number, number>();
  for (const { blocks } of wire.of("samples"))
    for (const block of blocks) new Uint32Array(block.samples.buffer).forEach((sample, index) => newest.set(block.startSlot + index, sample));
  const late = [...newest.values()].filter((sample) => sampleOutcome(sample) === OUTCOME.late);
  assert.deepEqual(
    late.map(sampleRttUs),
    Array.from({ length: 20 }, () => 7_654_321),
  );
});

test("the mark of a lost probe is never a round-trip time: not in rollups, and the outcome and flow beside it stay", () => {
  const wire = new VirtualWire();
  const peer = new TalkingPeer(wire, { address: PEER, agentId: PEER_ID });
  wire.network.host(PEER, (request) => {
    peer.hear(request);
    return request.nth >= 100 && request.nth < 130 ? [] : [echoReply(request)];
  });
  peer.run(40_000);
  wire.prober.stop();
  const rows = wire.of("rollups").flatMap((message) => message.rows);
  assert.equal(
    rows.reduce((sum, row) => sum + row.lost, 0),
    30,
  );
  assert.ok(rows.every((row) => row.rttMinUs >= 5_000 && row.rttMaxUs < 6_000));
  const { count } = wire.bursts.at(-1) ?? assert.fail("no burst");
  assert.deepEqual([count.lostHeard, count.flowLost.toSorted()], [30, [7, 7, 8, 8]]);
  assert.match(wire.strip(), /^\d+\. 30x \d+\.$/);
});

test("after sixteen million probes, too, a lost one waits for the peer's word on it and not on an older one", () => {
  const { lanes, peers } = buildLanes(wireSettings(), { nowUs: 0, random32: counter() });
  const peer = peers[0] as Peer;
  const flight = new InFlight(1, 256);
  const judge = new Judge({ peers, lanes, flight, hardUs: 2_000_000, overflowed: () => false, changed: () => {}, turnedOverdue: () => {} });
  const number = 0x1_00_0005;
  const sentUs = peer.group.atUs(0, 0);
  flight.next[0] = number + 1;
  peer.newestSlot = 0;
  judge.sent(peer, { number, slot: 0, sentUs });
  judge.settle(sentUs + 3_000_000, false);
  assert.equal(sampleOutcome(peer.recorder.get(0, 0)), OUTCOME.lost);
  assert.equal(peer.undirectedNumber, number);
});

function counter(): () => number {
  let value = 7_000_000;
  return () => ++value;
}

describe("without a mesh key", () => {
  const totals = (wire: VirtualWire): readonly [expected: number, received: number] => {
    wire.prober.stop();
    const { heardExpected, heardReceived } = wire.totals();
    return [heardExpected, heardReceived];
  };

  test("one request in a peer's name, of a number far ahead, of another boot or of another clock, changes nothing", () => {
    for (const forged of [
      { number: 4_000_000_000 },
      { number: 3, epoch: 1_763_600_500 },
      { number: 0, epoch: 5 },
      { number: 101, sentUs: 2 ** 47 },
    ]) {
      const wire = new VirtualWire();
      const peer = new TalkingPeer(wire, { address: PEER, agentId: PEER_ID });
      peer.run(10_000);
      new TalkingPeer(wire, { address: PEER, agentId: PEER_ID, ...forged }).send();
      peer.run(2_000);
      // Silent from here on: how many would have been due tells what its interval is thought to be.
      wire.run(10_000);
      wire.network.refusals.set(PEER, "ENETUNREACH");
      wire.run(3_000);
      assert.deepEqual(totals(wire), [120, 120], JSON.stringify(forged));
      const { due } = wire.bursts.at(-1)?.hearing ?? assert.fail("no burst");
      assert.ok(due >= 25 && due <= 35, `${due} due after ${JSON.stringify(forged)}`);
    }
  });

  test("an agent that starts anew is heard within a second, and it is said that it is no longer silent", () => {
    const wire = new VirtualWire();
    new TalkingPeer(wire, { address: PEER, agentId: PEER_ID }).run(10_000);
    wire.run(10_000);
    assert.equal(wire.of("agent-silent").length, 1);
    new TalkingPeer(wire, { address: PEER, agentId: PEER_ID, epoch: 1_763_600_500 }).run(5_000);
    assert.equal(wire.of("agent-silent").at(-1)?.sinceMs, null);
    const [expected, received] = totals(wire);
    assert.ok(expected === received && received >= 147 && received <= 150, `${received} of ${expected}`);
  });
});

test("an authentic agent that starts anew is heard at once, and it is said that it is no longer silent", () => {
  const key = "a mesh key of thirty-two characters";
  const wire = new VirtualWire({ settings: { meshKeys: [Buffer.from(key).toString("hex")] } });
  new TalkingPeer(wire, { address: PEER, agentId: PEER_ID, key }).run(10_000);
  wire.run(10_000);
  new TalkingPeer(wire, { address: PEER, agentId: PEER_ID, key, epoch: 1_763_600_500 }).run(5_000);
  wire.prober.stop();
  assert.deepEqual(
    wire.of("agent-silent").map(({ sinceMs }) => sinceMs === null),
    [false, true],
  );
  assert.equal(wire.totals().heardReceived, 150);
});
