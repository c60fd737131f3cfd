/** Baselines of many peers: what is asked once for all, what each peer asks, and that no path is told that is not there. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { echoReply, timeExceeded } from "../../contract/fake-icmp-socket.ts";
import type { SweepReport } from "../../../src/wire/messages.ts";
import { VirtualWire } from "./virtual-wire.ts";

const MINUTE_MS = 60_000;
const CORE = ["10.9.0.1", "10.9.0.2"];

function addressOf(index: number): string {
  return `10.0.${index >> 7}.${(index & 127) + 2}`;
}

function accessOf(index: number): string {
  return `10.8.${index >> 7}.${(index & 127) + 2}`;
}

/** Peers behind two routers that all share and one of their own. */
class Star {
  readonly wire: VirtualWire;
  readonly truth = new Map<string, readonly string[]>();

  constructor(peers: number) {
    const addresses = Array.from({ length: peers }, (_, index) => ({ address: addressOf(index) }));
    this.wire = new VirtualWire({ peers: addresses, settings: { baselineMs: MINUTE_MS } });
    for (let index = 0; index < peers; index++) this.path(index, [...CORE, accessOf(index)]);
  }

  path(index: number, routers: readonly string[]): void {
    this.wire.network.path(addressOf(index), routers);
    this.truth.set(`p${index + 1}`, routers);
  }

  /** Baselines that claim to be whole, of the last so many milliseconds. */
  whole(lastMs: number = Infinity): SweepReport[] {
    const sinceMs = this.wire.clock.wallMs(this.wire.clock.nowUs()) - lastMs;
    return this.wire.finishedSweeps.filter(
      (sweep) =>
        sweep.trigger === "baseline" &&
        sweep.startedMs >= sinceMs &&
        sweep.hops.every((hop) => hop.sent) &&
        sweep.hops.some((hop) => hop.answer?.kind === "echo-reply"),
    );
  }

  assertTrue(sweeps: readonly SweepReport[]): void {
    for (const sweep of sweeps) {
      const truth = this.truth.get(sweep.peer) as readonly string[];
      assert.deepEqual(
        sweep.hops.slice(0, truth.length + 1).map((hop) => hop.answer?.address),
        [...truth, sweep.target],
        `${sweep.peer} flow ${sweep.flow}`,
      );
    }
  }

  /** Trace packets sent in the next so many milliseconds, by TTL. */
  packets(ms: number): Map<number, number> {
    const before = this.wire.network.sent.length;
    this.wire.run(ms);
    const counts = new Map<number, number>();
    for (const { ttl } of this.wire.network.sent.slice(before)) if (ttl !== null) counts.set(ttl, (counts.get(ttl) ?? 0) + 1);
    return counts;
  }
}

describe("peers behind one router", () => {
  for (const [peers, seconds] of [
    [24, 15],
    [200, 40],
  ] as const) {
    test(`${peers} have a baseline within ${seconds} s, all of them true`, () => {
      const star = new Star(peers);
      star.wire.run(seconds * 1000);
      star.assertTrue(star.whole());
      assert.equal(new Set(star.whole().map((sweep) => sweep.peer)).size, peers);
    });
  }

  test("share its answers: one packet in ten seconds whoever asks, and each peer asks for what is its own", () => {
    const star = new Star(24);
    star.wire.run(15 * MINUTE_MS);
    const counts = star.packets(5 * MINUTE_MS);
    star.assertTrue(star.whole(5 * MINUTE_MS));
    assert.ok((counts.get(1) ?? 0) <= 31 && (counts.get(2) ?? 0) <= 31, `${counts.get(1)} to the first router in 300 s`);
    assert.ok((counts.get(1) ?? 0) >= 25, `${counts.get(1)} to the first router in 300 s`);
    const sweeps = star.whole(5 * MINUTE_MS).length;
    assert.ok(sweeps >= 24 * 5 && sweeps <= 24 * 6, `${sweeps} baselines`);
    for (const ttl of [3, 4]) assert.ok(Math.abs((counts.get(ttl) ?? 0) - sweeps) <= 1, `${counts.get(ttl)} packets with TTL ${ttl}`);
    assert.equal(counts.get(5), undefined);
  });

  test("a hop that was asked for another peer carries when, at most a minute before; one asked now does not", () => {
    const star = new Star(24);
    star.wire.run(10 * MINUTE_MS);
    const sweeps = star.whole(5 * MINUTE_MS);
    const ages = sweeps.flatMap((sweep) => sweep.hops.flatMap(({ sharedMs }) => (sharedMs === undefined ? [] : [sweep.startedMs - sharedMs])));
    assert.ok(ages.length > sweeps.length, `${ages.length} shared hops`);
    assert.ok(Math.max(...ages) <= MINUTE_MS && Math.min(...ages) >= -1_000, `${Math.max(...ages)} ms old`);
    assert.deepEqual(new Set(sweeps.map((sweep) => sweep.hops[3]?.sharedMs)), new Set([undefined]));
  });

  test("what is only taken from others says so, until the peer has asked itself", () => {
    const star = new Star(24);
    const assumed = (sweeps: readonly SweepReport[]): SweepReport[] =>
      sweeps.filter((sweep) => sweep.hops.some((hop) => hop.note?.startsWith("seen for other peers") === true));
    star.wire.run(15_000);
    assert.ok(assumed(star.whole()).length >= 15);
    star.wire.run(10 * MINUTE_MS);
    assert.deepEqual(assumed(star.whole(4 * MINUTE_MS)), []);
  });
});

describe("no path is told that is not there", () => {
  test("sites that differ behind the first router, a peer on the link itself, and one behind a router of its own", () => {
    const star = new Star(40);
    for (let index = 0; index < 40; index++)
      star.path(index, [CORE[0] as string, `10.7.0.${(index >> 3) + 1}`, `10.7.1.${(index >> 3) + 1}`, accessOf(index)]);
    star.path(7, []);
    star.path(21, [accessOf(21)]);
    // A neighbour's replies come with a TTL that no router has lowered.
    star.wire.network.host(addressOf(7), (request) => {
      const answer = echoReply(request);
      answer.bytes.writeUInt8(64, 8);
      return [answer];
    });
    star.wire.run(20 * MINUTE_MS);
    star.assertTrue(star.whole());
    assert.equal(new Set(star.whole().map((sweep) => sweep.peer)).size, 40);
  });

  test("when the route of one peer changes, its next baselines show the new one and never a mixture", () => {
    const star = new Star(24);
    star.wire.run(15 * MINUTE_MS);
    star.path(3, ["10.9.0.1", "10.9.9.2", "10.9.9.3", accessOf(3)]);
    star.wire.run(3 * MINUTE_MS);
    const own = star.whole(3 * MINUTE_MS).filter((sweep) => sweep.peer === "p4");
    assert.ok(own.length >= 2, `${own.length}`);
    star.assertTrue(own);
  });

  test("when a shared router is replaced, each peer finds that out by itself within ten minutes", () => {
    const star = new Star(24);
    star.wire.run(15 * MINUTE_MS);
    for (let index = 0; index < 24; index++) star.path(index, [CORE[0] as string, "10.9.0.22", accessOf(index)]);
    star.wire.run(10 * MINUTE_MS);
    const sweeps = star.whole(2 * MINUTE_MS);
    assert.equal(new Set(sweeps.map((sweep) => sweep.peer)).size, 24);
    star.assertTrue(sweeps);
  });

  test("a path that grew by a router is found though the target's old TTL is now that router's", () => {
    const star = new Star(3);
    star.wire.run(5 * MINUTE_MS);
    star.path(0, [...CORE, "10.9.0.3", accessOf(0)]);
    star.wire.run(3 * MINUTE_MS);
    star.assertTrue(star.whole(MINUTE_MS));
  });
});

test("the four flows of a peer have their baselines in turn, each with its own path", () => {
  const star = new Star(1);
  const flows = new Map<number, string>();
  star.wire.network.path(addressOf(0), []);
  star.wire.network.host(addressOf(0), (request) => {
    const id = request.packet.readUInt16BE(4);
    if (!flows.has(id)) flows.set(id, `10.9.1.${flows.size + 1}`);
    return request.ttl === 1 ? [timeExceeded(request, flows.get(id) as string)] : [echoReply(request)];
  });
  star.wire.run(20 * MINUTE_MS);
  const seen = star.whole(15 * MINUTE_MS).map((sweep) => `${sweep.flow} ${sweep.hops[0]?.answer?.address}`);
  assert.equal(new Set(seen).size, 4);
  assert.deepEqual(new Set(seen.map((text) => text.slice(0, 1))), new Set(["0", "1", "2", "3"]));
});
