import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { canariesFor, GATEWAY, LOOPBACK } from "../../../src/capture/canaries.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { MAX_PEERS } from "../../../src/config/peers.ts";
import { buildLanes } from "../../../src/wire/probing/lanes.ts";
import { wirePeers, wireSettings } from "../wire/wire-settings.ts";

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

  test("have ids also in the largest mesh", () => {
    let random = 0;
    const most = wirePeers(MAX_PEERS);
    const settings = wireSettings({ peers: [...most, ...canariesFor(most, "192.0.2.1")] });
    assert.equal(settings.peers.length, MAX_PEERS + 2);
    const { ids } = buildLanes(settings, { nowUs: 0, random32: () => (random = (random * 1_103_515_245 + 12_345) >>> 0) });
    assert.ok(ids.includes(-1), "and some are left");
  });
});
