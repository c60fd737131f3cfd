import assert from "node:assert/strict";
import { test } from "node:test";
import { PaceGroup } from "../../../src/wire/probing/pacer.ts";
import { VirtualWire } from "./virtual-wire.ts";

test("peers of a group are spread evenly over their interval, in the order of their place", () => {
  const group = new PaceGroup({ intervalUs: 100_000, peers: [3, 1, 2, 0], baseUs: 1_000_000 });
  assert.deepEqual(
    [0, 1, 2, 3].map((member) => group.atUs(member, 2)),
    [1_200_000, 1_225_000, 1_250_000, 1_275_000],
  );
});

test("what is due is counted from the base, one by one, and the slot of a time is the first at or after it", () => {
  const group = new PaceGroup({ intervalUs: 100_000, peers: [0, 1], baseUs: 1_000_000 });
  assert.deepEqual(
    [999_999, 1_000_000, 1_049_999, 1_050_000, 1_100_000, 2_000_000].map((us) => group.dueAt(us)),
    [0, 1, 1, 2, 3, 21],
  );
  assert.deepEqual(
    [0, 1_000_000, 1_000_001, 1_100_000].map((us) => group.slotAt(0, us)),
    [0, 0, 1, 1],
  );
  for (let slot = 0; slot < 50; slot++) assert.equal(group.slotAt(1, group.atUs(1, slot)), slot);
});

test("a slot may be late by half an interval, or by 100 ms, but never by more than an interval", () => {
  const tolerance = (intervalUs: number): number => new PaceGroup({ intervalUs, peers: [0], baseUs: 0 }).toleranceUs;
  assert.deepEqual([tolerance(10_000), tolerance(100_000), tolerance(60_000_000)], [10_000, 100_000, 30_000_000]);
});

const RUN_MS = 9_000;

test("200 peers at 100 ms and 7 at 250 ms: no tick sends more than its even share, and each peer keeps its interval", () => {
  const addresses = Array.from({ length: 207 }, (_, index) => ({ address: `10.1.0.${index + 1}`, intervalMs: index < 200 ? 100 : 250 }));
  const wire = new VirtualWire({ peers: addresses });
  const perTick = new Map<number, number>();
  const times = new Map<string, number[]>();
  for (const { address } of addresses)
    wire.network.host(address, (request) => {
      if (request.ttl !== null) return [];
      const nowUs = wire.clock.nowUs();
      perTick.set(nowUs, (perTick.get(nowUs) ?? 0) + 1);
      times.set(address, [...(times.get(address) ?? []), nowUs]);
      return [];
    });
  // Nobody answers: after ten seconds probes with fresh ids would go out as well.
  wire.run(RUN_MS);
  assert.ok(Math.max(...perTick.values()) <= 22, `${Math.max(...perTick.values())} in one tick`);
  for (const [address, at] of times) {
    const intervalUs = addresses.find((peer) => peer.address === address)?.intervalMs === 100 ? 100_000 : 250_000;
    const gaps = at.slice(1).map((us, index) => us - (at[index] as number));
    assert.ok(
      gaps.every((gap) => Math.abs(gap - intervalUs) <= 10_000),
      `${address}: ${gaps.join()}`,
    );
    assert.ok(Math.abs(at.length - (RUN_MS * 1000) / intervalUs) <= 1, `${address}: ${at.length} probes`);
  }
});

test("the four flows take turns, each with its own id and its constant checksum, and no two peers share an id", () => {
  const wire = new VirtualWire({ peers: [{ address: "10.0.0.2" }, { address: "10.0.0.3" }] });
  wire.run(10_000);
  const flows = (target: string): string[] =>
    wire.network.sent
      .filter((request) => request.target === target && request.ttl === null)
      .map(({ packet }) => `${packet.readUInt16BE(4)} ${packet.readUInt16BE(2)} ${packet.readUInt8(30)}`);
  const [a, b] = [flows("10.0.0.2"), flows("10.0.0.3")];
  assert.equal(new Set(a).size, 4);
  assert.equal(new Set([...a, ...b].map((flow) => flow.split(" ")[0])).size, 8);
  a.forEach((flow, index) => assert.equal(flow, a[index % 4]));
});
