import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ReadFile } from "../../../../src/capture/host/host-files.ts";
import { hostDelta, type HostDelta } from "../../../../src/capture/host/host-delta.ts";
import { ETH0, FakeHost, healthyFiles, NET_DEV, pulledFiles, withFiles } from "./host-fixture.ts";

const delta = (before: ReadFile, after: ReadFile, options: { readonly elapsedMs?: number; readonly target?: string } = {}): HostDelta => {
  const host = new FakeHost();
  return hostDelta(host.snapshot(before, 5_000), host.snapshot(after, 5_000 + (options.elapsedMs ?? 10_000)), options.target);
};

test("a pulled cable, with all that came of it", () => {
  assert.deepEqual(delta(healthyFiles, pulledFiles), {
    elapsedMs: 10_000,
    host: {
      interface: "eth0",
      gateway: "192.0.2.1",
      carrierLost: true,
      carrierChanges: 1,
      nicErrors: 4,
      nicDrops: 5,
      softnetDrops: 12,
      queueDrops: null,
      gatewayNeighbour: "failed",
      conntrackFull: false,
      tcpRetransmits: 9,
      linkUse: 0.05,
    },
    agent: { cpuPressure: 0.25, steal: 0.05 },
    more: {
      rxErrors: 3,
      rxDrops: 5,
      txErrors: 1,
      txDrops: 0,
      softnetSqueezed: 2,
      rawDrops: 0,
      ipOutDiscards: 4,
      ipOutNoRoutes: 1,
      icmpUnreachableIn: 31,
      tcpTimeouts: 5,
      tcpLostRetransmits: 2,
      runDelayMs: 2.5,
    },
  });
});

test("nothing happened: zeros and no, not null", () => {
  const { host } = delta(healthyFiles, healthyFiles);
  assert.deepEqual(
    [host.carrierLost, host.carrierChanges, host.nicErrors, host.nicDrops, host.tcpRetransmits, host.gatewayNeighbour, host.linkUse],
    [false, 0, 0, 0, 0, "reachable", 0],
  );
});

test("counters that went back are unknown, not negative", () => {
  const { host, more } = delta(pulledFiles, healthyFiles);
  assert.deepEqual([host.carrierChanges, host.nicErrors, host.softnetDrops, host.tcpRetransmits, host.linkUse], [null, null, null, null, null]);
  assert.equal(more.runDelayMs, null);
});

describe("carrier", () => {
  const lost = (before: ReadFile, after: ReadFile) => delta(before, after).host.carrierLost;

  test("that came back between two snapshots was lost all the same", () => {
    assert.equal(lost(healthyFiles, withFiles(healthyFiles, { [`${ETH0}/carrier_changes`]: "4\n" })), true);
  });

  test("of an interface that was switched off is lost, though the kernel refuses to tell it", () => {
    assert.equal(lost(healthyFiles, withFiles(healthyFiles, { [`${ETH0}/carrier`]: null, [`${ETH0}/operstate`]: "down\n" })), true);
  });

  test("of an interface that is gone is lost", () => {
    assert.equal(lost(healthyFiles, withFiles(healthyFiles, { [NET_DEV]: "lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n" })), true);
  });

  test("that was missing before too is no finding, and no alibi", () => {
    assert.equal(lost(pulledFiles, pulledFiles), null);
  });

  test("that nobody tells is unknown", () => {
    assert.equal(lost(healthyFiles, withFiles(healthyFiles, { [`${ETH0}/carrier`]: null })), null);
    assert.equal(
      lost(healthyFiles, () => null),
      null,
    );
  });
});

describe("interface", () => {
  test("is the one packets left by before: with an interface its routes go", () => {
    const gone = withFiles(pulledFiles, { "/proc/net/route": "Iface\n", "/proc/net/ipv6_route": "" });
    const { host } = delta(healthyFiles, gone);
    assert.deepEqual([host.interface, host.carrierLost, host.gatewayNeighbour], ["eth0", true, "failed"]);
  });

  test("is that of the route to the target where one is named", () => {
    const two = withFiles(healthyFiles, {
      "/proc/net/route": `${healthyFiles("/proc/net/route") ?? ""}eth1\t006433C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n`,
    });
    const { host } = delta(two, two, { target: "198.51.100.7" });
    assert.deepEqual([host.interface, host.gateway, host.gatewayNeighbour, host.carrierLost], ["eth1", null, null, null]);
  });

  test("is unknown without any route, and so is all of it", () => {
    const none = withFiles(healthyFiles, { "/proc/net/route": null, "/proc/net/ipv6_route": null });
    const { host } = delta(none, none);
    assert.deepEqual([host.interface, host.carrierLost, host.nicErrors, host.queueDrops, host.linkUse], [null, null, null, null, null]);
  });
});

test("link use is unknown without a speed, and over less than a second", () => {
  const unknown = withFiles(pulledFiles, { [`${ETH0}/speed`]: "-1\n" });
  assert.equal(delta(healthyFiles, unknown).host.linkUse, null);
  assert.equal(delta(healthyFiles, pulledFiles, { elapsedMs: 300 }).host.linkUse, null);
  assert.equal(delta(healthyFiles, pulledFiles, { elapsedMs: 1_000 }).host.linkUse, 0.5);
});

test("conntrack is full from 99 % on, and unknown where it is not loaded", () => {
  const full = (count: string | null) => delta(healthyFiles, withFiles(healthyFiles, { "/proc/sys/net/netfilter/nf_conntrack_count": count }));
  assert.deepEqual(
    ["262144\n", "259523\n", "259522\n", null].map((count) => full(count).host.conntrackFull),
    [true, true, false, null],
  );
});

describe("with what tc and ip said", () => {
  const { signal } = new AbortController();
  const IPV6 = "2001:db8:1::9";
  const drops = (host: FakeHost, count: number): void => {
    host.tools = { ...host.tools, tc: JSON.stringify([{ dev: "eth0", root: true, drops: count }]) };
  };

  test("drops of the queue count between two answers; without a new answer they are unknown", async () => {
    const host = new FakeHost();
    drops(host, 17);
    await host.reader.readChildren(signal);
    const before = host.reader.read();
    assert.equal(hostDelta(before, host.reader.read()).host.queueDrops, null);
    drops(host, 40);
    await host.reader.readChildren(signal);
    assert.equal(hostDelta(before, host.reader.read()).host.queueDrops, 23);
  });

  test("an IPv6 gateway is known from ip alone, as long as that is fresh", async () => {
    const host = new FakeHost();
    const before = host.reader.read();
    await host.reader.readChildren(signal);
    const seen = [1_000, 5_000].map((laterMs) => hostDelta(before, host.snapshot(healthyFiles, 5_000 + laterMs), IPV6).host.gatewayNeighbour);
    assert.deepEqual(seen, ["failed", null]);
  });

  test("a gateway that had failed while all was well is no finding", async () => {
    const host = new FakeHost();
    await host.reader.readChildren(signal);
    const before = host.reader.read();
    assert.equal(hostDelta(before, host.reader.read(), IPV6).host.gatewayNeighbour, null);
  });

  test("one that is being asked again is not called reachable", async () => {
    const host = new FakeHost();
    host.tools = { ip: JSON.stringify([{ dst: "192.0.2.1", dev: "eth0", state: ["PROBE"] }]) };
    const before = host.reader.read();
    await host.reader.readChildren(signal);
    assert.equal(hostDelta(before, host.reader.read()).host.gatewayNeighbour, null);
  });
});

test("what may be the agent's own deliveries is not evidence that other traffic suffered", () => {
  const host = new FakeHost();
  const [before, after] = [host.snapshot(healthyFiles, 5_000), host.snapshot(pulledFiles, 15_000)];
  const sentAgain = (was: typeof before.own, is: typeof before.own): number | null =>
    hostDelta({ ...before, own: was }, { ...after, own: is }).host.tcpRetransmits;
  assert.equal(sentAgain({ suspect: 3, underWay: false }, { suspect: 3, underWay: false }), 9);
  assert.equal(sentAgain({ suspect: 3, underWay: false }, { suspect: 4, underWay: false }), null);
  assert.equal(sentAgain({ suspect: 3, underWay: true }, { suspect: 3, underWay: false }), null);
  assert.equal(sentAgain({ suspect: 3, underWay: false }, { suspect: 3, underWay: true }), null);
});
