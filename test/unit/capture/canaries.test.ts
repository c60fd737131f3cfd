import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { canariesFor, GATEWAY, gatewayFor, LOOPBACK } from "../../../src/capture/canaries.ts";
import type { Route } from "../../../src/capture/host/routes.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { MAX_PEERS } from "../../../src/config/peers.ts";
import { buildLanes } from "../../../src/wire/lanes.ts";
import { wirePeers, wireSettings } from "../wire/wire-settings.ts";

function route(more: Partial<Route> = {}): Route {
  return { destination: new Uint8Array(4), prefixLength: 0, interface: "eth0", gateway: "192.0.2.1", metric: 0, ...more };
}

const peers = wirePeers(3);

describe("canaries", () => {
  test("are the loopback and the gateway, as often as the fastest peer", () => {
    const mixed = peers.map((peer, index) => ({ ...peer, intervalMs: [1_000, 200, 500][index] as number }));
    assert.deepEqual(
      canariesFor(mixed, "192.0.2.1").map(({ name, address, canary, intervalMs, everReplied }) => [name, address, canary, intervalMs, everReplied]),
      [
        [LOOPBACK, "127.0.0.1", true, 200, false],
        [GATEWAY, "192.0.2.1", true, 200, false],
      ],
    );
  });

  test("no router is asked more often than ten times a second", () => {
    const fast = peers.map((peer) => ({ ...peer, intervalMs: 10 }));
    assert.deepEqual(
      canariesFor(fast, null).map(({ intervalMs }) => intervalMs),
      [100, 100],
    );
  });

  test("without peers there are none", () => assert.deepEqual(canariesFor([], "192.0.2.1"), []));

  test("are called as no node can be", () => {
    for (const name of [LOOPBACK, GATEWAY]) {
      const yaml = `peers:\n  - { name: "${name}", address: 10.0.0.2 }\n`;
      assert.throws(() => parseConfig(yaml, { file: "peers.yaml", hostName: "this-node" }), { code: "name" });
    }
  });

  test("leave the ids to the peers where there are no more: the largest mesh still starts", () => {
    let random = 0;
    const most = wirePeers(MAX_PEERS);
    const settings = wireSettings({ peers: [...most, ...canariesFor(most, "192.0.2.1")] });
    assert.equal(settings.peers.length, MAX_PEERS);
    const { ids } = buildLanes(settings, { nowUs: 0, random32: () => (random = (random * 1_103_515_245 + 12_345) >>> 0) });
    assert.ok(!ids.includes(-1));
    assert.equal(canariesFor(most.slice(2), null).length, 2);
  });
});

describe("the gateway", () => {
  const routes = [route({ gateway: "192.0.2.9", metric: 600 }), route({ gateway: "192.0.2.1", metric: 100 })];

  test("is that of the best default route, if a peer may be behind it", () => {
    assert.equal(gatewayFor(["10.0.0.2", null], routes), "192.0.2.1");
  });

  test("is none for a node that probes nothing but itself, or knows no address yet", () => {
    assert.equal(gatewayFor([], routes), null);
    assert.equal(gatewayFor([null, "127.0.0.1", "127.8.0.9", "::1"], routes), null);
    assert.equal(gatewayFor(["127.0.0.1", "::2"], routes), "192.0.2.1");
  });

  test("is none without a default route, or with one that has none (a point-to-point link)", () => {
    assert.equal(gatewayFor(["10.0.0.2"], null), null);
    assert.equal(gatewayFor(["10.0.0.2"], []), null);
    assert.equal(gatewayFor(["10.0.0.2"], [route({ gateway: null })]), null);
  });

  test("that is link-local has its zone", () => {
    const six = route({ destination: new Uint8Array(16), gateway: "fe80::1", interface: "wan0" });
    assert.equal(gatewayFor(["fd00::2"], [six]), "fe80::1%wan0");
  });
});
