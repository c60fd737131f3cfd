import assert from "node:assert/strict";
import test from "node:test";
import type { WirePeer } from "../../../src/wire/messages.ts";
import { VirtualClock } from "../../contract/virtual-clock.ts";
import { buildParts } from "../../../src/wire/parts.ts";
import { VirtualWire } from "./virtual-wire.ts";
import { wirePeer, wirePeers, wireSettings } from "./wire-settings.ts";

function change(wire: VirtualWire, peers: readonly WirePeer[]): void {
  wire.prober.command({ kind: "peers", peers });
}

/** Bytes of an echo request: identifier, and the probe number behind the header of 8 and 12 of the payload. */
const ID = 4;
const NUMBER = 8 + 12;

function probesTo(wire: VirtualWire, target: string): Buffer[] {
  return wire.network.sent.filter((request) => request.ttl === null && request.target === target).map(({ packet }) => packet);
}

function silence(wire: VirtualWire, target: string): void {
  wire.network.host(target, () => []);
}

test("peers that stay lose no probe and skip no slot while others come, go and change", () => {
  const wire = new VirtualWire({ peers: wirePeers(20) });
  wire.run(5_000);
  for (let round = 0; round < 20; round++) {
    const others = [
      wirePeer(100 + round),
      wirePeer(200, { intervalMs: round % 2 === 0 ? 50 : 1_000 }),
      wirePeer(201, { address: `10.9.0.${round + 1}` }),
    ];
    change(wire, [...wirePeers(10), ...others]);
    wire.run(1_000 + round * 7);
  }
  wire.run(12_000);
  wire.prober.stop();
  const seconds = wire.nowMs / 1000;
  for (let number = 1; number <= 10; number++) {
    const { sent, received, lost, skipped, blind } = wire.totals(`p${number}`);
    assert.ok(Math.abs(sent - seconds * 10) < 25, `${sent} in ${seconds} s`);
    assert.deepEqual({ lost, skipped, blind, unanswered: sent - received }, { lost: 0, skipped: 0, blind: 0, unanswered: 0 }, `p${number}`);
  }
  assert.deepEqual(wire.blinds, []);
  assert.deepEqual(wire.bursts, []);
});

test("one that goes is no longer sent to, what was under way is judged, and it has no losses", () => {
  const wire = new VirtualWire({ peers: wirePeers(2) });
  wire.run(3_000);
  change(wire, [wirePeer(1)]);
  const sent = (): number => probesTo(wire, "10.0.0.3").length;
  const before = sent();
  wire.run(30_000);
  assert.equal(sent(), before);
  const gone = wire.totals("p2");
  assert.equal(gone.sent, before);
  assert.equal(gone.received, before);
});

test("one that comes is probed at once, and its burst is told", () => {
  const wire = new VirtualWire();
  wire.run(3_000);
  change(wire, [wirePeer(1), wirePeer(2, { intervalMs: 50 })]);
  wire.run(3_000);
  silence(wire, "10.0.0.3");
  wire.run(3_000);
  assert.deepEqual(
    wire.bursts.map(({ peer }) => peer),
    ["p2"],
  );
  wire.run(20_000);
  assert.ok(wire.totals("p2").lost > 50);
});

test("one that comes back goes on with its numbers, also with another interval", () => {
  const wire = new VirtualWire();
  const numbers = (): number[] => probesTo(wire, "10.0.0.2").map((packet) => packet.readUInt32BE(NUMBER));
  wire.run(2_000);
  change(wire, []);
  wire.run(2_000);
  change(wire, [wirePeer(1)]);
  wire.run(2_000);
  change(wire, [wirePeer(1, { intervalMs: 200 })]);
  wire.run(2_000);
  assert.deepEqual(
    numbers(),
    Array.from({ length: numbers().length }, (_, index) => index),
  );
  assert.ok(numbers().length > 45);
});

test("one that goes in a burst says nothing more of it; one that never answered is not asked for again", () => {
  const wire = new VirtualWire({ peers: [...wirePeers(1), wirePeer(2, { everReplied: false })] });
  for (const target of ["10.0.0.2", "10.0.0.3"]) silence(wire, target);
  wire.run(3_000);
  change(wire, []);
  const told = wire.of("burst").length;
  assert.ok(told > 0);
  wire.run(60_000);
  assert.equal(wire.of("burst").length, told);
  assert.equal(wire.of("never-answered").length, 0);
});

test("the place of one that is long gone is given to another: a thousand changes do not make the wire grow", () => {
  const wire = new VirtualWire({ peers: wirePeers(4) });
  const ids = new Set<number>();
  for (let round = 0; round < 60; round++) {
    change(wire, [...wirePeers(3), wirePeer(300 + round)]);
    wire.run(60_000);
    const sent = wire.network.sent.splice(0);
    if (round > 50) for (const { packet, target } of sent) if (target === "10.0.0.2") ids.add(packet.readUInt16BE(ID));
  }
  wire.run(15_000);
  const last = wire.totals("p359");
  assert.equal(last.lost, 0);
  assert.ok(last.received > 500);
  assert.equal(wire.totals("p1").lost + wire.totals("p1").skipped, 0);
  assert.equal(ids.size, 4);
});

test("no number of changes makes it grow, and none takes the ids of another", () => {
  const clock = new VirtualClock();
  let word = 1;
  const random = (bytes: Uint8Array): void => bytes.forEach((_, at) => (bytes[at] = word = (word * 48_271) % 0x7fff_ffff));
  const settings = wireSettings({ peers: wirePeers(10) });
  const { roster } = buildParts(settings, { sockets: { 4: null, 6: null }, clock, random, post: () => {}, runDelayUs: () => 0 });
  for (let round = 0; round < 200; round++) {
    clock.set(clock.nowUs() + 60_000_000);
    roster.change([...wirePeers(9), wirePeer(300 + round)]);
  }
  assert.ok(roster.all.length < 20, `${roster.all.length} places for 10 peers`);
  assert.equal(roster.mesh.length, 10);
  const ids = roster.all.flatMap((peer) => peer.flows.map(({ id }) => id));
  assert.equal(new Set(ids).size, ids.length);
  // As many as there are ids for, all of them replaced at once.
  const many = (first: number): WirePeer[] =>
    Array.from({ length: 16_384 }, (_, index) => wirePeer(first + index, { address: "10.0.0.2", agentId: index }));
  roster.change(many(10_000));
  roster.change(many(40_000));
  assert.equal(roster.mesh.length, 16_384);
  const live = roster.mesh.flatMap((peer) => peer.flows.map(({ id }) => id));
  assert.equal(new Set(live).size, 65_536);
});

test("the same list changes nothing", () => {
  const wire = new VirtualWire({ peers: wirePeers(3) });
  wire.run(2_000);
  change(wire, wirePeers(3));
  change(
    wire,
    wirePeers(3).map((peer) => ({ ...peer, address: null })),
  );
  wire.run(15_000);
  assert.equal(new Set(wire.network.sent.filter(({ ttl }) => ttl === null).map(({ packet }) => packet.readUInt16BE(ID))).size, 12);
  assert.equal(wire.totals("p1").lost, 0);
});
