/** Is it me? What the wire says while a burst is open. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GATEWAY, LOOPBACK } from "../../../src/capture/canaries.ts";
import type { CanaryStanding } from "../../../src/wire/messages.ts";
import { echoReply, ipv4Packet, type Answer, type Request } from "../../contract/fake-icmp-socket.ts";
import { PEER, VirtualWire, type VirtualWireOptions } from "./virtual-wire.ts";

const ROUTER = "10.0.0.254";
const SECOND_ROUTER = "10.0.0.253";
const SELF = "10.0.0.1";
const NOWHERE = "10.0.0.9";

const CANARIES: VirtualWireOptions["peers"] = [
  { name: LOOPBACK, canary: true, agentId: 0, address: "127.0.0.1", everReplied: false },
  { name: GATEWAY, canary: true, agentId: 0, address: ROUTER, everReplied: false },
];

function wireWith(peers: VirtualWireOptions["peers"] = [{ address: PEER }]): VirtualWire {
  return new VirtualWire({ peers: [...(peers ?? []), ...(CANARIES ?? [])] });
}

/** Nobody at this address answers from then on. */
function silence(wire: VirtualWire, address: string): void {
  wire.network.host(address, () => []);
}

function canary(wire: VirtualWire, name: string): CanaryStanding[] {
  return wire.of("standing").flatMap(({ canaries }) => canaries.filter((one) => one.name === name));
}

/** ICMP host unreachable, as our own kernel says it of a neighbour that does not answer. */
function hostUnreachable(request: Request, source: string): Answer {
  const quoted = ipv4Packet(request.packet.subarray(0, 8), { source: SELF, destination: request.target });
  const body = Buffer.concat([Buffer.from([3, 1, 0, 0, 0, 0, 0, 0]), quoted]);
  return { afterUs: 1_000, source, bytes: ipv4Packet(body, { source, destination: SELF }) };
}

describe("when it is told", () => {
  test("not while all is well; at once when a burst opens, once a second while it lasts, and once more after", () => {
    const wire = wireWith();
    let dead = false;
    wire.network.host(PEER, (request) => (dead ? [] : [echoReply(request)]));
    wire.run(20_000);
    assert.deepEqual(wire.of("standing"), []);
    dead = true;
    wire.run(5_000);
    const openedMs = wire.bursts[0]?.detectedMs ?? 0;
    assert.deepEqual(
      wire.of("standing").map(({ atMs, bad, peers }) => [Math.round((atMs - openedMs) / 100) / 10, bad, peers]),
      [0, 1, 2, 3, 4].map((second) => [second, ["p1"], ["p1"]]),
    );
    dead = false;
    wire.run(20_000);
    const last = wire.of("standing").at(-1);
    assert.deepEqual(last?.bad, []);
    assert.ok((last?.atMs ?? 0) - (wire.bursts[0]?.endedMs ?? 0) < 3_100);
  });

  test("a second burst does not double the rate, and who is bad is named", () => {
    const wire = wireWith([{ address: PEER }, { address: "10.0.0.3" }, { address: "10.0.0.4" }]);
    wire.run(10_000);
    silence(wire, PEER);
    wire.run(2_500);
    silence(wire, "10.0.0.3");
    wire.run(5_000);
    const standings = wire.of("standing");
    assert.ok(standings.length >= 7 && standings.length <= 8, `${standings.length}`);
    assert.deepEqual(
      [standings.at(-1)?.bad, standings.at(-1)?.peers],
      [
        ["p1", "p2"],
        ["p1", "p2", "p3"],
      ],
    );
  });
});

describe("canaries", () => {
  test("are probed like peers, and have no burst, sweep, rollup, first reply or slice of their own, however bad they are", () => {
    const wire = wireWith();
    wire.run(10_000);
    silence(wire, ROUTER);
    wire.run(20_000);
    const said = wire.messages.filter((message) => [GATEWAY, LOOPBACK].some((name) => JSON.stringify(message).includes(`"${name}"`)));
    assert.deepEqual([said, wire.bursts], [[], []]);
    assert.equal(wire.of("reply-ttl").length, 0);
    const probes = wire.network.sent.filter(({ target, ttl }) => target === ROUTER && ttl === null).length;
    assert.ok(probes >= 299 && probes <= 301, `${probes}`);
    assert.ok(wire.network.sent.every(({ target, ttl }) => ttl === null || target === PEER));
  });

  test("that answer stand well while a peer is dead, each second's probes counted once", () => {
    const wire = wireWith();
    wire.run(10_000);
    silence(wire, PEER);
    wire.run(10_300);
    for (const name of [LOOPBACK, GATEWAY]) {
      const told = canary(wire, name);
      assert.ok(told.length >= 10);
      assert.ok(
        told.every(({ answers, bad, sent }) => answers && bad === 0 && sent >= 10 && sent <= 11),
        JSON.stringify(told),
      );
    }
  });

  test("that lose with the peers show it within the first second after the burst, and all of it later", () => {
    const wire = wireWith();
    wire.run(10_000);
    silence(wire, PEER);
    silence(wire, ROUTER);
    wire.run(6_000);
    const told = canary(wire, GATEWAY);
    assert.ok((told[1]?.bad ?? 0) >= 9, JSON.stringify(told));
    assert.ok(
      told.slice(2).every(({ sent, bad, answers }) => answers && sent === bad && sent >= 9 && sent <= 11),
      JSON.stringify(told),
    );
  });

  test("that the kernel refuses are not bad: what was not sent was not lost, and the errors are told", () => {
    const wire = wireWith();
    wire.run(10_000);
    for (const address of [PEER, ROUTER]) wire.network.refusals.set(address, "ENETUNREACH");
    wire.run(3_000);
    const last = wire.of("standing").at(-1);
    assert.deepEqual([canary(wire, GATEWAY).at(-1)?.bad, canary(wire, GATEWAY).at(-1)?.sent], [0, 0]);
    assert.ok((last?.sendErrors["ENETUNREACH"] ?? 0) >= 50);
  });

  test("that never answered say so", () => {
    const wire = wireWith();
    silence(wire, ROUTER);
    wire.run(10_000);
    silence(wire, PEER);
    wire.run(5_000);
    assert.deepEqual(new Set(canary(wire, GATEWAY).map(({ answers }) => answers)), new Set([false]));
    assert.deepEqual(new Set(canary(wire, LOOPBACK).map(({ answers }) => answers)), new Set([true]));
  });

  test("without an address are not told of", () => {
    const wire = new VirtualWire({
      peers: [{ address: PEER }, { name: GATEWAY, canary: true, agentId: 0, address: null, everReplied: false }],
    });
    wire.run(10_000);
    silence(wire, PEER);
    wire.run(3_000);
    assert.deepEqual(canary(wire, GATEWAY), []);
    wire.prober.command({ kind: "address", peer: GATEWAY, address: ROUTER });
    wire.run(5_000);
    assert.deepEqual([canary(wire, GATEWAY).at(-1)?.answers, canary(wire, GATEWAY).at(-1)?.address], [true, ROUTER]);
  });

  test("with a new address have not answered yet: a second gateway that never does is not a dead one", () => {
    const wire = wireWith();
    silence(wire, SECOND_ROUTER);
    wire.run(10_000);
    wire.prober.command({ kind: "address", peer: GATEWAY, address: SECOND_ROUTER });
    wire.run(10_000);
    silence(wire, PEER);
    wire.run(5_000);
    assert.deepEqual(new Set(canary(wire, GATEWAY).map(({ answers, address }) => `${answers} ${address}`)), new Set([`false ${SECOND_ROUTER}`]));
  });
});

describe("unreachables", () => {
  test("are counted by who says so while the peer they are about is bad", () => {
    const wire = wireWith();
    wire.run(10_000);
    wire.network.host(PEER, (request) => (request.ttl === null ? [hostUnreachable(request, SELF)] : []));
    wire.run(5_300);
    const { unreachable } = wire.of("standing").at(-1) ?? assert.fail("nothing told");
    assert.deepEqual(Object.keys(unreachable), [SELF]);
    assert.ok((unreachable[SELF] ?? 0) >= 35, JSON.stringify(unreachable));
  });

  test("that quote what was never sent are forged, whoever they name", () => {
    const wire = wireWith();
    wire.run(10_000);
    const forge = (request: Request): Answer[] => {
      const packet = Buffer.from(request.packet);
      packet.writeUInt16BE(packet.readUInt16BE(2) ^ 1, 2);
      return [hostUnreachable({ ...request, packet }, SELF), hostUnreachable({ ...request, target: NOWHERE }, SELF)];
    };
    wire.network.host(PEER, (request) => (request.ttl === null ? forge(request) : []));
    wire.run(5_300);
    assert.deepEqual(wire.of("standing").at(-1)?.unreachable, {});
  });

  test("of a peer that has never answered are no part of another's burst", () => {
    const wire = wireWith([{ address: PEER }, { address: NOWHERE, everReplied: false }]);
    wire.network.host(NOWHERE, (request) => (request.ttl === null ? [hostUnreachable(request, SELF)] : []));
    wire.run(60_000);
    silence(wire, PEER);
    wire.run(5_000);
    assert.deepEqual(wire.of("standing").at(-1)?.unreachable, {});
  });
});

test("the address of a canary may be IPv6", () => {
  const wire = new VirtualWire({
    peers: [{ address: PEER }, { name: GATEWAY, canary: true, agentId: 0, address: "fd00::1", everReplied: false }],
  });
  wire.run(5_000);
  silence(wire, PEER);
  wire.run(3_000);
  assert.deepEqual([canary(wire, GATEWAY).at(-1)?.answers, canary(wire, GATEWAY).at(-1)?.bad], [true, 0]);
});
