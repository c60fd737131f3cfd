/** What whoever loads the link learns of probes that turn overdue. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { GATEWAY } from "../../../src/capture/canaries.ts";
import { echoReply } from "../../contract/fake-icmp-socket.ts";
import { PEER, VirtualWire } from "./virtual-wire.ts";

const OTHER = "10.0.0.3";
const ROUTER = "10.0.0.254";

function wire(peers: ConstructorParameters<typeof VirtualWire>[0]): VirtualWire {
  const made = new VirtualWire(peers);
  made.run(10_000);
  return made;
}

test("nothing is said while every probe is answered in time", () => {
  assert.deepEqual(wire({}).of("overdue"), []);
});

test("one late reply is said within a tick of its soft timeout, with the peer's name", () => {
  const on = wire({ peers: [{ address: PEER }, { address: OTHER }] });
  let late = true;
  on.network.host(PEER, (request) => {
    const reply = echoReply(request);
    const afterUs = late ? 300_000 : reply.afterUs;
    late = false;
    return [{ ...reply, afterUs }];
  });
  on.run(250);
  assert.deepEqual(
    on.of("overdue").map(({ peers }) => peers),
    [["p1"]],
  );
  on.run(5_000);
  assert.equal(on.of("overdue").length, 1);
});

test("a peer that is gone is said once a second, not once a probe", () => {
  const on = wire({});
  on.network.host(PEER, () => []);
  on.run(10_000);
  const { length } = on.of("overdue");
  assert.ok(length >= 9 && length <= 11, `${length} messages in 10 s`);
});

test("a stall of our own, a canary and a peer that has never answered are nobody's fault", () => {
  const stalled = wire({});
  stalled.stall(3_000);
  stalled.run(3_000);
  assert.deepEqual(stalled.of("overdue"), []);
  const on = wire({
    peers: [
      { name: GATEWAY, canary: true, agentId: 0, address: ROUTER, everReplied: false },
      { address: PEER, everReplied: false },
    ],
  });
  on.network.host(ROUTER, () => []);
  on.run(3_000);
  assert.deepEqual(on.of("overdue"), []);
  const silent = new VirtualWire({ peers: [{ address: PEER, everReplied: false }] });
  silent.network.host(PEER, () => []);
  silent.run(10_000);
  assert.deepEqual(silent.of("overdue"), []);
});
