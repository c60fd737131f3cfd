import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readProbe, ICMP_HEADER_BYTES } from "../../../src/packet/probe.ts";
import { echoReply, type Request } from "../../contract/fake-icmp-socket.ts";
import { TalkingPeer } from "./talking-peer.ts";
import { PEER, VirtualWire } from "./virtual-wire.ts";

const PEER_ID = 0xb0b00001;
const KEY = "a mesh key of thirty-two characters";
const HEX = Buffer.from(KEY).toString("hex");

interface Path {
  /** Our request gets there. */
  out: (request: Request) => boolean;
  /** The answer gets back. */
  back: (request: Request) => boolean;
}

/** A wire and the agent at the other end of its only path. */
function talk(options: { readonly key?: string } = {}): { readonly wire: VirtualWire; readonly peer: TalkingPeer; readonly path: Path } {
  const settings = options.key === undefined ? {} : { meshKeys: [HEX] };
  const wire = new VirtualWire({ settings });
  const peer = new TalkingPeer(wire, { address: PEER, agentId: PEER_ID, ...(options.key === undefined ? {} : { key: options.key }) });
  const path: Path = { out: () => true, back: () => true };
  wire.network.host(PEER, (request) => {
    if (!path.out(request)) return [];
    peer.hear(request);
    return path.back(request) ? [echoReply(request)] : [];
  });
  return { wire, peer, path };
}

function last(wire: VirtualWire): VirtualWire["bursts"][number] {
  const burst = wire.bursts.at(-1);
  assert.ok(burst !== undefined, "there was a burst");
  return burst;
}

describe("loss by direction", () => {
  test("lost on the way out: the peer did not hear what we sent, and all of its own requests arrive", () => {
    const { wire, peer, path } = talk();
    peer.run(10_000);
    path.out = (request) => request.nth % 2 === 0;
    peer.run(3_000);
    path.out = () => true;
    peer.run(20_000);
    const { count, hearing } = last(wire);
    assert.ok(count.lost >= 14 && count.lost <= 16, `${count.lost} lost`);
    assert.deepEqual([count.lostUnheard, count.lostHeard], [count.lost, 0]);
    assert.deepEqual([hearing.state, hearing.expected - hearing.received], ["calibrated", 0]);
    assert.ok(hearing.expected >= 25, `${hearing.expected} requests`);
  });

  test("lost on the way in: the peer heard all of ours, and a part of its own is missing", () => {
    const { wire, peer, path } = talk();
    peer.run(10_000);
    path.back = (request) => request.nth % 2 === 0;
    peer.run(3_000, { arrives: (number) => number % 2 === 0 });
    path.back = () => true;
    peer.run(20_000);
    const { count, hearing } = last(wire);
    assert.deepEqual([count.lostUnheard, count.lostHeard], [0, count.lost]);
    const missing = hearing.expected - hearing.received;
    assert.ok(missing >= 13 && missing <= 16, `${missing} missing of ${hearing.expected}`);
  });

  test("nothing gets through either way for two seconds: told once the peer is heard again", () => {
    const { wire, peer, path } = talk();
    peer.run(10_000);
    path.out = () => false;
    peer.run(2_000, { arrives: () => false });
    path.out = () => true;
    peer.run(20_000);
    const { count, hearing } = last(wire);
    assert.ok(count.lost >= 19 && count.lost <= 21);
    assert.deepEqual([count.lostUnheard, count.lostHeard], [count.lost, 0]);
    const missing = hearing.expected - hearing.received;
    assert.ok(missing >= 18 && missing <= 21, `${missing} missing of ${hearing.expected}`);
  });

  test("answers that are suppressed: the peer hears us and we hear it", () => {
    const { wire, peer, path } = talk();
    peer.run(10_000);
    path.back = () => false;
    peer.run(5_000);
    path.back = () => true;
    peer.run(20_000);
    const { count, hearing } = last(wire);
    assert.deepEqual([count.lostUnheard, count.lostHeard], [0, count.lost]);
    assert.equal(hearing.received, hearing.expected);
  });

  test("a peer without an agent loses nothing but this", () => {
    const wire = new VirtualWire();
    wire.network.host(PEER, (request) => (wire.nowMs > 5_000 && wire.nowMs < 7_000 ? [] : [echoReply(request)]));
    wire.run(30_000);
    const { count, hearing } = last(wire);
    assert.deepEqual(hearing, { state: "none", authentic: false, expected: 0, received: 0, due: 0, saysBad: null });
    assert.deepEqual([count.lostHeard, count.lostUnheard], [0, 0]);
    assert.ok(count.lost >= 19);
  });

  test("an agent that stops while its host is fine makes no burst; it is said once, and once more when it is heard again", () => {
    const { wire, peer } = talk();
    peer.run(10_000);
    const stoppedMs = wire.clock.wallMs(wire.clock.nowUs());
    wire.run(20_000);
    peer.run(3_000);
    assert.deepEqual(wire.bursts, []);
    const said = wire.of("agent-silent").map(({ sinceMs }) => sinceMs);
    assert.deepEqual([said.length, said[1]], [2, null]);
    assert.ok(Math.abs((said[0] ?? 0) - stoppedMs) <= 100, `${said[0]} instead of ${stoppedMs}`);
    const { heardExpected, heardReceived } = wire.totals();
    assert.equal(heardExpected, heardReceived);
  });

  test("while its answers are missing too, nothing is said of its agent", () => {
    const { wire, peer, path } = talk();
    peer.run(10_000);
    path.out = () => false;
    wire.run(20_000);
    path.out = () => true;
    peer.run(5_000);
    assert.deepEqual(wire.of("agent-silent"), []);
  });

  test("requests by their numbers are in the rollups, expected and received", () => {
    const { wire, peer } = talk();
    peer.run(40_000, { arrives: (number) => number % 10 !== 3 });
    wire.prober.stop();
    const { heardExpected, heardReceived } = wire.totals();
    assert.ok(heardExpected >= 398 && heardExpected <= 400, `${heardExpected} expected`);
    assert.equal(heardExpected - heardReceived, 40);
  });
});

describe("what our probes tell a peer", () => {
  test("which of its last 64 requests we heard, when the newest came, and of which boot", () => {
    const { wire, peer } = talk();
    peer.run(10_000, { arrives: (number) => number % 3 !== 0 });
    const packet = wire.network.sent.findLast((request) => request.ttl === null)?.packet as Buffer;
    const heard = readProbe(packet, ICMP_HEADER_BYTES, packet.length - ICMP_HEADER_BYTES)?.heard;
    assert.ok(heard !== null && heard !== undefined);
    assert.equal(heard.epoch, 1_763_600_000);
    for (let back = 0; back < 64; back++) {
      const bit: number = back < 32 ? (heard.bitmapLow >>> back) & 1 : (heard.bitmapHigh >>> (back - 32)) & 1;
      assert.equal(bit === 1, (heard.number - back) % 3 !== 0, `number ${heard.number - back}`);
    }
    const ageUs = wire.clock.nowUs() - heard.arrivedUs;
    assert.ok(ageUs > 0 && ageUs < 200_000, `${ageUs} µs ago`);
  });

  test("nothing while none was heard", () => {
    const { wire } = talk();
    wire.run(1_000);
    const packet = wire.network.sent.at(-1)?.packet as Buffer;
    assert.equal(readProbe(packet, ICMP_HEADER_BYTES, 64)?.heard, null);
  });
});

describe("with a mesh key", () => {
  test("requests with its tag are heard as authentic, and belong to the agent id wherever they come from", () => {
    const { wire, peer, path } = talk({ key: KEY });
    peer.run(10_000);
    path.out = () => false;
    peer.run(2_000);
    path.out = () => true;
    peer.run(20_000);
    assert.deepEqual([last(wire).hearing.state, last(wire).hearing.authentic], ["calibrated", true]);
    assert.equal(last(wire).count.lostUnheard, last(wire).count.lost);
    const moved = new TalkingPeer(wire, { address: "192.0.2.9", agentId: PEER_ID, epoch: 1_763_700_100, key: KEY });
    moved.run(1_000);
    assert.deepEqual(
      wire.of("peer-epoch").map(({ epoch }) => epoch),
      [1_763_600_000, 1_763_700_100],
    );
  });

  test("a wrong key, a changed packet and a replay count for nothing", () => {
    const { wire, peer } = talk({ key: KEY });
    peer.run(5_000);
    const wrong = new TalkingPeer(wire, { address: PEER, agentId: PEER_ID, key: "another key of thirty-two characters" });
    wrong.run(2_000);
    const packet = peer.send();
    wire.run(100);
    for (let copy = 0; copy < 5; copy++) wire.sockets[4].inject({ afterUs: 1_000, bytes: packet, source: PEER });
    peer.send({ tampered: true });
    wire.run(100);
    peer.run(20_000);
    wire.prober.stop();
    const { heardExpected, heardReceived } = wire.totals();
    // The changed one too: nobody with the key made it.
    assert.deepEqual(wire.of("alive").at(-1)?.refused, { wrongTag: { count: 21, peer: "p1" }, oldBoot: { count: 0, peer: null } });
    // It was lost, as far as we know.
    assert.equal(heardExpected - heardReceived, 1);
    assert.equal(heardReceived, 50 + 1 + 200);
  });

  test("what a stranger sends is not counted as refused; a peer without our key is, wherever it sends from", () => {
    const { wire } = talk({ key: KEY });
    new TalkingPeer(wire, { address: "192.0.2.9", agentId: 0xc0c00001 }).run(1_000);
    wire.run(1_100);
    assert.equal(wire.of("alive").at(-1)?.refused.wrongTag.count, 0);
    new TalkingPeer(wire, { address: "192.0.2.9", agentId: PEER_ID }).run(1_000);
    wire.run(1_100);
    assert.deepEqual(wire.of("alive").at(-1)?.refused.wrongTag, { count: 10, peer: "p1" });
    new TalkingPeer(wire, { address: PEER, agentId: 0xc0c00001 }).run(1_000);
    wire.run(1_100);
    assert.deepEqual(wire.of("alive").at(-1)?.refused.wrongTag, { count: 20, peer: "p1" });
  });

  test("a boot older than the newest one seen is a replay", () => {
    const { wire, peer } = talk({ key: KEY });
    peer.run(1_000);
    const before = new TalkingPeer(wire, { address: PEER, agentId: PEER_ID, epoch: 1_763_500_000, key: KEY });
    before.incident = 7;
    before.run(1_000);
    wire.run(1_100);
    assert.deepEqual(wire.of("alive").at(-1)?.refused.oldBoot, { count: 10, peer: "p1" });
    assert.deepEqual(wire.of("asked"), []);
    assert.deepEqual(
      wire.of("peer-epoch").map(({ epoch }) => epoch),
      [1_763_600_000],
    );
  });

  test("a peer with an incident asks once for each of them", () => {
    const { wire, peer } = talk({ key: KEY });
    peer.run(1_000);
    for (const incident of [3, 0, 4]) {
      peer.incident = incident;
      peer.run(1_000);
    }
    assert.deepEqual(
      wire.of("asked").map(({ peer: name, incident }) => [name, incident]),
      [
        ["p1", 3],
        ["p1", 4],
      ],
    );
  });
});

test("an incident that lasts is told again every five seconds while its flag arrives: what was refused may be granted by then", () => {
  const { wire, peer } = talk({ key: KEY });
  peer.incident = 3;
  peer.run(12_000);
  assert.equal(wire.of("asked").length, 3);
  peer.run(6_000, { arrives: () => false });
  peer.incident = 0;
  peer.run(6_000);
  assert.equal(wire.of("asked").length, 3);
});

/** Requests are read once a tick, and their waiting is a part of the round trip. */
const HALF_A_TICK_US = 10_000;

describe("the clock of a peer", () => {
  test("the sample with the smallest round trip counts, once a minute, and is right within half of it", () => {
    // In virtual time the true offset is zero: the peer stamps with our clock.
    const { wire, peer } = talk({ key: KEY });
    peer.run(130_000);
    const told = wire.of("peer-clocks");
    assert.equal(told.length, 2);
    assert.equal(told[0]?.zeroMs, wire.clock.wallMs(0));
    for (const { clocks } of told) {
      const [clock] = clocks;
      assert.ok(clock !== undefined && clocks.length === 1);
      assert.deepEqual([clock.peer, clock.epoch], ["p1", 1_763_600_000]);
      assert.ok(clock.errorUs > 0 && clock.errorUs <= 2_000 + HALF_A_TICK_US, `± ${clock.errorUs} µs`);
      assert.ok(Math.abs(clock.offsetUs) <= clock.errorUs, `${clock.offsetUs} µs ± ${clock.errorUs}`);
    }
  });

  test("one that is ahead is ahead by that, and nothing is told of a peer that tells nothing", () => {
    const { wire, peer } = talk({ key: KEY });
    peer.aheadUs = 123_456_789;
    peer.run(61_000);
    const [clock] = wire.of("peer-clocks")[0]?.clocks ?? [];
    assert.ok(clock !== undefined && Math.abs(clock.offsetUs - 123_456_789) <= clock.errorUs, JSON.stringify(clock));
    wire.run(120_000);
    assert.ok(wire.of("peer-clocks").length <= 2);
  });
});

test("without a mesh key nobody can make us trace", () => {
  const { wire, peer } = talk();
  peer.run(1_000);
  peer.incident = 3;
  peer.run(1_000);
  assert.deepEqual(wire.of("asked"), []);
});
