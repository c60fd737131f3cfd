/** What a peer's word on our probes is worth after one of the two has started anew. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { OUTCOME, sampleOutcome, sampleRttUs } from "../../../src/detect/sample.ts";
import { InFlight } from "../../../src/wire/in-flight.ts";
import { Judge } from "../../../src/wire/judge.ts";
import { buildLanes } from "../../../src/wire/lanes.ts";
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
  const judge = new Judge({ peers, lanes, flight, hardUs: 2_000_000, overflowed: () => false, changed: () => {} });
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
