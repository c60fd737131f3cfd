/** A second opinion on total loss: probes with ids that nobody on the way knows. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createIcmpPacket, readIcmp4 } from "../../../src/packet/icmp.ts";
import type { Flow } from "../../../src/packet/probe.ts";
import { FreshIds } from "../../../src/wire/probing/fresh-ids.ts";
import { buildLanes } from "../../../src/wire/probing/lanes.ts";
import type { Peer } from "../../../src/wire/peer.ts";
import { echoReply, type Answer, type Request } from "../../contract/fake-icmp-socket.ts";
import { wirePeer, wireSettings } from "./wire-settings.ts";
import { PEER, VirtualWire } from "./virtual-wire.ts";

const SECOND_US = 1_000_000;
/** Of a fresh probe each second, those that may still be answered. */
const WAITING = 2;

/** A box on the way that drops what it knows: the ids of our flows are stuck from 5 s on, until `freeMs`. */
function stuckWire(options: { readonly freshAnswer: (request: Request) => readonly Answer[]; readonly freeMs?: number }): {
  readonly wire: VirtualWire;
  readonly fresh: Request[];
} {
  const wire = new VirtualWire();
  const known = new Set<number>();
  const fresh: Request[] = [];
  wire.network.host(PEER, (request) => {
    if (request.ttl !== null) return [];
    const id = request.packet.readUInt16BE(4);
    if (wire.nowMs < 5_000) known.add(id);
    if (!known.has(id)) {
      fresh.push(request);
      return options.freshAnswer(request);
    }
    const stuck = wire.nowMs >= 5_000 && wire.nowMs < (options.freeMs ?? Infinity);
    return stuck ? [] : [echoReply(request)];
  });
  return { wire, fresh };
}

describe("after ten seconds without an answer", () => {
  test("one probe a second goes out, each with an id of its own, as a trace packet that nobody counts as heard", () => {
    const { wire, fresh } = stuckWire({ freshAnswer: () => [] });
    wire.run(14_900);
    assert.equal(fresh.length, 0);
    wire.run(10_200);
    assert.ok(fresh.length >= 10 && fresh.length <= 11, `${fresh.length}`);
    assert.equal(new Set(fresh.map(({ packet }) => packet.readUInt16BE(4))).size, fresh.length);
    assert.ok(fresh.every(({ packet }) => packet.readUInt8(11) === 1));
    assert.deepEqual(wire.bursts.at(-1)?.freshId, { sent: fresh.length - WAITING, lost: fresh.length - WAITING });
  });

  test("a stuck id shows: the fresh ones are answered, the burst says so, and none of that is a reply of the peer", () => {
    const { wire, fresh } = stuckWire({ freshAnswer: (request) => [echoReply(request)], freeMs: 30_000 });
    wire.run(29_000);
    assert.equal(wire.bursts.length, 1, "fresh answers do not end the burst");
    assert.equal(wire.bursts[0]?.endedMs, null);
    wire.run(30_000);
    const [burst] = wire.bursts;
    assert.equal(burst?.final, true);
    assert.deepEqual(burst.freshId, { sent: fresh.length, lost: 0 }, "kept when it is over");
    assert.ok(burst.count.lost >= 249 && burst.count.lost <= 251, `${burst.count.lost}`);
    const { received, lost, sent, duplicate, foreign } = wire.totals();
    assert.deepEqual([received + lost, duplicate, foreign], [sent, 0, 0]);
    assert.equal(wire.of("alive").at(-1)?.foreign, 0);
  });

  test("with an answer now and then nobody asks", () => {
    const wire = new VirtualWire();
    const ids = new Set<number>();
    wire.network.host(PEER, (request) => {
      ids.add(request.packet.readUInt16BE(4));
      return wire.nowMs < 5_000 || request.nth % 90 === 0 ? [echoReply(request)] : [];
    });
    wire.run(60_000);
    assert.equal(ids.size, 4);
    assert.equal(wire.bursts.at(-1)?.freshId, null);
  });

  test("a forged answer (wrong tag, other source, twice) is none", () => {
    const forged = (request: Request): Answer[] => {
      const wrong = echoReply(request);
      const bytes = Buffer.from(wrong.bytes);
      bytes.writeUInt8(bytes.readUInt8(28 + 54) ^ 1, 28 + 54);
      return [{ ...wrong, bytes }, echoReply(request, { source: "10.0.0.66" })];
    };
    const { wire, fresh } = stuckWire({ freshAnswer: forged });
    wire.run(20_000);
    assert.ok(fresh.length > 3);
    assert.deepEqual(wire.bursts.at(-1)?.freshId, { sent: fresh.length - WAITING, lost: fresh.length - WAITING });
    const twice = stuckWire({ freshAnswer: (request) => [echoReply(request), echoReply(request)] });
    twice.wire.run(20_000);
    // The last one has just left.
    assert.deepEqual(twice.wire.bursts.at(-1)?.freshId, { sent: twice.fresh.length - 1, lost: 0 });
  });

  test("what the kernel refused was not asked", () => {
    const { wire } = stuckWire({ freshAnswer: () => [] });
    wire.run(12_000);
    wire.network.refusals.set(PEER, "ENETUNREACH");
    wire.run(10_000);
    assert.equal(wire.bursts.at(-1)?.freshId, null);
  });

  test("the next part of a burst that was cut counts its own", () => {
    const { wire, fresh } = stuckWire({ freshAnswer: (request) => [echoReply(request)] });
    wire.run(25_500);
    const before = fresh.length;
    wire.prober.command({ kind: "cut", peer: "p1" });
    wire.run(5_000);
    assert.ok(before >= 10 && fresh.length > before);
    assert.deepEqual(
      wire.bursts.map(({ freshId }) => freshId),
      [
        { sent: before, lost: 0 },
        // The last one has just left.
        { sent: fresh.length - before - 1, lost: 0 },
      ],
    );
  });
});

describe("the ids", () => {
  /** A peer that has been silent for long, and all ids but the first few taken. */
  function asked(free: number): { readonly freshIds: FreshIds; readonly peer: Peer; readonly flows: Flow[] } {
    let random = 7_000_000;
    const lanes = buildLanes(wireSettings(), { nowUs: 0, random32: () => ++random });
    const peer = lanes.peers[0] as Peer;
    const ids = new Int32Array(65_536).fill(0);
    ids.fill(-1, 0, free);
    const flows: Flow[] = [];
    const freshIds = new FreshIds({
      ids,
      random32: () => 40_000,
      send: (_, flow) => {
        flows.push(flow);
        return { tagHigh: flows.length, tagLow: 0 };
      },
    });
    freshIds.burstOpened(peer);
    return { freshIds, peer, flows };
  }

  function answer(flow: Flow, tagHigh: number): { readonly packet: Buffer; readonly source: string } {
    const bytes = Buffer.alloc(20 + 72);
    bytes[0] = 0x45;
    bytes[8] = 61;
    bytes[9] = 1;
    bytes.set([10, 0, 0, 2], 12);
    bytes.writeUInt16BE(flow.id, 24);
    bytes.writeUInt32BE(tagHigh, 28 + 54);
    return { packet: bytes, source: "10.0.0.2" };
  }

  test("an outage of days does not use them up: those that no answer can come to any more are free again", () => {
    const { freshIds, peer, flows } = asked(20);
    for (let second = 10; second < 300; second++) freshIds.ask(second * SECOND_US);
    assert.equal(flows.length, 290);
    assert.deepEqual(freshIds.count(peer), { sent: 290 - WAITING, lost: 290 - WAITING });
    assert.ok(flows.every(({ id, checksum }) => id < 20 && checksum > 0 && checksum < 0xffff));
    const last = flows.at(-1) as Flow;
    const { packet: bytes, source } = answer(last, 290);
    const packet = readIcmp4(bytes, bytes.length, createIcmpPacket());
    assert.ok(packet !== null && freshIds.take(packet, { bytes, source, family: 4, nowUs: 300 * SECOND_US }));
    assert.deepEqual(freshIds.count(peer), { sent: 291 - WAITING, lost: 290 - WAITING });
  });

  test("peers that still answer now and then take nobody's turn, however many have a burst", () => {
    let random = 7_000_000;
    const settings = wireSettings({ peers: Array.from({ length: 17 }, (_, index) => wirePeer(index + 1, { address: `10.0.0.${index + 2}` })) });
    const { peers } = buildLanes(settings, { nowUs: 0, random32: () => ++random });
    const sent: string[] = [];
    const freshIds = new FreshIds({
      ids: new Int32Array(65_536).fill(-1),
      random32: () => ++random,
      send: ({ name }) => {
        sent.push(name);
        return { tagHigh: 1, tagLow: 0 };
      },
    });
    for (const peer of peers) {
      freshIds.burstOpened(peer);
      if (peer.name !== "p17") peer.lastGoodUs = 19 * SECOND_US;
    }
    freshIds.ask(20 * SECOND_US);
    assert.deepEqual(sent, ["p17"]);
  });

  test("when all are taken nobody is asked", () => {
    const { freshIds, peer, flows } = asked(0);
    freshIds.ask(20 * SECOND_US);
    assert.deepEqual([flows, freshIds.count(peer)], [[], null]);
  });
});
