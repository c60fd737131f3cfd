/** Hosts that are no peers and are swept because somebody asked: the same sweep and the same budget, and nothing else. */
import assert from "node:assert/strict";
import test from "node:test";
import { echoReply, type Request } from "../../contract/fake-icmp-socket.ts";
import { FLOWS } from "../../../src/wire/peer.ts";
import { Guests } from "../../../src/wire/guests.ts";
import { createIdTable } from "../../../src/wire/peer.ts";
import type { SweepReport } from "../../../src/wire/messages.ts";
import { PEER, VirtualWire } from "./virtual-wire.ts";

const GUEST = "192.0.2.7";
const ROUTERS = ["10.9.0.1", "10.9.0.2"];

function wireWithGuest(): VirtualWire {
  const wire = new VirtualWire();
  wire.network.path(PEER, [...ROUTERS, "10.9.0.3"]);
  wire.network.path(GUEST, [...ROUTERS, "10.9.0.4"]);
  wire.run(20_000);
  wire.prober.command({ kind: "guests", addresses: [GUEST] });
  return wire;
}

function sweep(wire: VirtualWire, peer: string): SweepReport {
  const before = wire.finishedSweeps.length;
  wire.prober.command({ kind: "sweep", peer, trigger: "request" });
  wire.run(1_500);
  const made = wire.finishedSweeps.slice(before).filter((one) => one.trigger === "request");
  return made[0] ?? assert.fail("no sweep");
}

function sentTo(wire: VirtualWire, target: string): Request[] {
  return wire.network.sent.filter((request) => request.target === target);
}

test("a guest is swept by its address, and gets not one packet besides", () => {
  const wire = wireWithGuest();
  wire.run(5_000);
  assert.equal(sentTo(wire, GUEST).length, 0);
  const { target, hops } = sweep(wire, GUEST);
  assert.equal(target, GUEST);
  assert.deepEqual(
    hops.slice(0, 4).map(({ answer }) => answer?.address),
    [...ROUTERS, "10.9.0.4", GUEST],
  );
  wire.run(60_000);
  assert.equal(sentTo(wire, GUEST).length, hops.length);
  assert.ok(sentTo(wire, GUEST).every(({ ttl }) => ttl !== null));
  assert.deepEqual(
    wire.of("rollups").flatMap(({ rows }) => rows.filter((row) => row.peer === GUEST)),
    [],
  );
});

test("who is no guest any more is not swept, and its ids are free again", () => {
  const wire = wireWithGuest();
  sweep(wire, GUEST);
  wire.prober.command({ kind: "guests", addresses: [] });
  const before = sentTo(wire, GUEST).length;
  wire.prober.command({ kind: "sweep", peer: GUEST, trigger: "request" });
  wire.run(2_000);
  assert.equal(sentTo(wire, GUEST).length, before);
  const ids = createIdTable();
  const forgotten: string[] = [];
  let next = 0;
  const guests = new Guests({ ids, random32: () => next++, forget: ({ name }) => forgotten.push(name) });
  const taken = (): number => ids.filter((owner) => owner !== -1).length;
  guests.change([GUEST, "2001:db8::1", "no address"]);
  assert.equal(taken(), 2 * FLOWS);
  guests.change(["2001:db8::1"]);
  assert.deepEqual([taken(), forgotten, guests.get(GUEST)], [FLOWS, [GUEST], null]);
});

test("without free ids nobody is a guest", () => {
  const ids = createIdTable().fill(0);
  ids.fill(-1, 0, FLOWS - 1);
  const guests = new Guests({ ids, random32: () => 1, forget: () => {} });
  guests.change([GUEST]);
  assert.equal(guests.get(GUEST), null);
});

test("sweeps of a guest take from the budget of the routers that it shares with a peer", () => {
  const wire = wireWithGuest();
  for (let n = 0; n < 3; n++) sweep(wire, GUEST);
  for (let n = 0; n < 4; n++) wire.prober.command({ kind: "sweep", peer: GUEST, trigger: "request" });
  wire.prober.command({ kind: "sweep", peer: "p1", trigger: "request" });
  wire.run(1_500);
  const { hops } = wire.finishedSweeps.findLast(({ peer }) => peer === "p1") ?? assert.fail();
  assert.deepEqual(
    hops.slice(0, 4).map(({ sent }) => sent),
    [false, false, true, true],
  );
});

test("while an mtr asks the hops towards a guest no baseline of a peer does", () => {
  const asked = (command: boolean): number => {
    const wire = wireWithGuest();
    sweep(wire, GUEST);
    if (command) wire.prober.command({ kind: "mtr", pid: 7, peer: GUEST, firstTtl: 1 });
    const before = wire.network.sent.length;
    wire.run(700_000);
    return wire.network.sent.slice(before).filter(({ target, ttl }) => target === PEER && ttl === 1).length;
  };
  assert.deepEqual([asked(false) > 0, asked(true)], [true, 0]);
});

test("a reply that is forged, or to a probe that was never sent, counts as foreign and harms nothing", () => {
  const wire = wireWithGuest();
  wire.network.host(GUEST, (request) => {
    const packet = Buffer.from(request.packet);
    packet[6] = 0;
    return [echoReply({ ...request, packet }), echoReply(request, { source: "192.0.2.8" })];
  });
  const { hops } = sweep(wire, GUEST);
  assert.equal(hops[3]?.answer, null);
  assert.ok((wire.of("alive").at(-1)?.foreign ?? 0) >= 2);
});
