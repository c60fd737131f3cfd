import assert from "node:assert/strict";
import { test } from "node:test";
import { echoReply } from "../../contract/fake-icmp-socket.ts";
import { TalkingPeer } from "./talking-peer.ts";
import { PEER, VirtualWire } from "./virtual-wire.ts";

const PERIOD_MS = 10_000;
const PEER_ID = 0xb0b00001;

for (const timeoutMs of [2_000, 30_000]) {
  test(`requests of a peer count in the period that they arrive in, however long its probes are waited for (${timeoutMs / 1000} s)`, () => {
    const wire = new VirtualWire({ settings: { timeoutMs } });
    wire.network.host(PEER, (request) => [echoReply(request)]);
    const peer = new TalkingPeer(wire, { address: PEER, agentId: PEER_ID });
    // To the beginning of a period.
    wire.run(PERIOD_MS - (wire.clock.wallMs(wire.clock.nowUs()) % PERIOD_MS));
    const firstMs = wire.clock.wallMs(wire.clock.nowUs());
    wire.run(2 * PERIOD_MS);
    peer.run(PERIOD_MS, { arrives: (number) => number % 4 !== 1 });
    wire.run(PERIOD_MS);
    wire.prober.stop();
    const rows = wire.of("rollups").flatMap((message) => message.rows.filter((row) => row.atMs >= firstMs));
    assert.deepEqual(
      rows.map(({ atMs, heardExpected, heardReceived }) => [(atMs - firstMs) / PERIOD_MS, heardExpected, heardReceived]),
      [
        [0, 0, 0],
        [1, 0, 0],
        [2, 100, 75],
        [3, 0, 0],
      ],
    );
  });
}
