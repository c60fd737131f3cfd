/** When the wire itself is at fault it accuses nobody. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { echoReply } from "../../contract/fake-icmp-socket.ts";
import { PEER, VirtualWire } from "./virtual-wire.ts";

/** Peers p1…pn at 10.0.0.2…, 100 ms each. */
function mesh(peers: number): { readonly address: string }[] {
  return Array.from({ length: peers }, (_, index) => ({ address: `10.0.${index >> 8}.${(index & 255) + 2}` }));
}

/** Answers everything except the probes sent within [fromMs, toMs) of the run. */
function deadBetween(wire: VirtualWire, fromMs: number, toMs: number): void {
  wire.network.host(PEER, (request) => (wire.nowMs >= fromMs && wire.nowMs < toMs ? [] : [echoReply(request)]));
}

describe("after a stall", () => {
  test("what has arrived meanwhile is read before anything is judged: 5 s, 50 peers, nothing lost, one blind interval", () => {
    const wire = new VirtualWire({ peers: mesh(50) });
    wire.run(10_003);
    wire.stall(5_000);
    wire.run(40_000);
    assert.deepEqual(
      wire.blinds.map(({ cause }) => cause),
      ["stall"],
    );
    const [blind] = wire.blinds;
    assert.ok(blind !== undefined && blind.ms >= 5_000 && blind.ms <= 5_012, `${blind?.ms} ms`);
    assert.deepEqual(wire.bursts, []);
    for (let peer = 1; peer <= 50; peer++) {
      const { sent, received, lost, blind: unjudged, skipped } = wire.totals(`p${peer}`);
      assert.deepEqual([lost, unjudged, received], [0, 0, sent]);
      assert.ok(skipped >= 48 && skipped <= 51, `${skipped} skipped`);
    }
  });

  test("stalls that follow each other are one blind interval, told when a tick comes in time again", () => {
    const wire = new VirtualWire();
    wire.run(10_003);
    for (let tick = 0; tick < 5; tick++) wire.stall(400);
    assert.equal(wire.blinds.length, 0, "not yet");
    wire.run(1_000);
    assert.equal(wire.blinds.length, 1);
    const [blind] = wire.blinds;
    assert.ok(blind !== undefined && blind.ms >= 2_000 && blind.ms <= 2_020, `${blind?.ms} ms`);
  });

  test("an overload without end is told every ten seconds", () => {
    const wire = new VirtualWire();
    wire.run(10_003);
    for (let tick = 0; tick < 100; tick++) wire.stall(300);
    assert.deepEqual(
      wire.blinds.map(({ ms }) => Math.round(ms / 1000)),
      [10, 10],
    );
    wire.prober.stop();
    assert.equal(wire.blinds.length, 3);
  });

  test("slots that were due are skipped and counted, not caught up, and sent + skipped are all slots", () => {
    const wire = new VirtualWire();
    wire.run(5_000);
    const before = wire.network.sent.length;
    wire.stall(3_000);
    const at = wire.network.sent.length - before;
    assert.ok(at <= 1, `${at} probes at once`);
    wire.run(40_000);
    const { sent, skipped } = wire.totals();
    assert.ok(skipped >= 28 && skipped <= 30, `${skipped} skipped`);
    const slots = wire.of("rollups").flatMap((message) => message.rows).length * 100;
    assert.ok(Math.abs(sent + skipped - slots) <= 1, `${sent} sent + ${skipped} skipped in ${slots} slots`);
  });

  test("probes whose answer is missing are blind, neither good nor lost, when their deadline was in the stall", () => {
    const wire = new VirtualWire();
    deadBetween(wire, 9_700, 10_000);
    wire.run(10_003);
    wire.stall(5_000);
    wire.run(40_000);
    const { lost, blind } = wire.totals();
    assert.deepEqual([lost, blind], [0, 3]);
    assert.deepEqual(wire.bursts, []);
  });

  test("a blind probe whose answer turns up late is late", () => {
    const wire = new VirtualWire();
    wire.network.host(PEER, (request) => [echoReply(request, { afterUs: wire.nowMs > 9_800 && wire.nowMs < 10_000 ? 8_000_000 : 5_000 })]);
    wire.run(10_003);
    wire.stall(5_000);
    wire.run(40_000);
    const { lost, blind, late } = wire.totals();
    assert.deepEqual({ lost, blind, late }, { lost: 0, blind: 0, late: 2 });
  });

  test("a burst that was going on before goes on after, is one burst, and ends only when the peer is good again", () => {
    const wire = new VirtualWire();
    deadBetween(wire, 9_000, 20_000);
    wire.run(12_003);
    wire.stall(2_000);
    wire.run(40_000);
    assert.equal(wire.bursts.length, 1);
    const [burst] = wire.bursts;
    const lengthMs = (burst?.endedMs ?? 0) - (burst?.startedMs ?? 0);
    assert.ok(lengthMs >= 10_800 && lengthMs <= 11_200, `${lengthMs} ms`);
    assert.ok((burst?.count.blind ?? 0) > 0, "no probe in it is blind");
    assert.ok((burst?.count.lost ?? 0) >= 60, `${burst?.count.lost} lost`);
  });

  test("bad probes from before it are forgotten: two before and three after open no burst", () => {
    const wire = new VirtualWire();
    deadBetween(wire, 9_700, 10_600);
    wire.run(10_003);
    wire.stall(300);
    wire.run(20_000);
    assert.deepEqual(wire.bursts, []);
  });

  test("each stall is one blind interval", () => {
    const wire = new VirtualWire();
    for (let n = 0; n < 5; n++) {
      wire.run(3_000);
      wire.stall(700);
    }
    wire.run(3_000);
    assert.equal(wire.blinds.length, 5);
  });

  test("RTTs of replies that waited in the buffer are doubtful, stay out of the percentiles, and judge nobody", () => {
    const wire = new VirtualWire();
    wire.run(10_003);
    wire.stall(900);
    wire.run(40_000);
    const rows = wire.of("rollups").flatMap((message) => message.rows);
    const { doubtful, received, sent } = wire.totals();
    assert.equal(received, sent);
    assert.ok(doubtful <= 2, `${doubtful}`);
    assert.ok(Math.max(...rows.map((row) => row.rttMaxUs)) < 10_000, "the stall is in an RTT");
    assert.deepEqual(wire.bursts, []);
  });
});

test("a tick that is late judges nothing: deadlines that passed while it did not come open no burst, and are no blind interval either", () => {
  const wire = new VirtualWire();
  let isSlow = false;
  wire.network.host(PEER, (request) => [echoReply(request, { afterUs: isSlow ? 70_000 : 5_000 })]);
  wire.run(10_000);
  isSlow = true;
  // Each time the soft deadline of the probe just sent passes in a gap of 63 ms, and its answer comes after the late tick.
  for (let n = 0; n < 100; n++) {
    const before = wire.network.sent.length;
    while (wire.network.sent.length === before) wire.run(1);
    wire.stall(63);
    wire.run(10);
  }
  isSlow = false;
  wire.run(20_000);
  assert.deepEqual([wire.bursts, wire.blinds], [[], []]);
  assert.equal(wire.totals().lost, 0);
});

describe("when the receive buffer overflows", () => {
  /** 100 peers 80 ms away: 80 answers are always on their way, and the buffer holds 65. 99 ms without a tick are no stall yet. */
  function overflowing(): VirtualWire {
    const wire = new VirtualWire({ peers: mesh(100), capacity: 65 });
    // Two distances: what leaves together after the stall must not come back all together and overflow again.
    for (const [index, { address }] of mesh(100).entries())
      wire.network.host(address, (request) => (request.ttl === null ? [echoReply(request, { afterUs: index % 2 === 0 ? 80_000 : 95_000 })] : []));
    wire.run(5_000);
    wire.stall(99);
    return wire;
  }

  test("the answers that the kernel threw away are blind and nobody is accused", () => {
    const wire = overflowing();
    wire.run(40_000);
    assert.deepEqual(
      wire.blinds.map(({ cause }) => cause),
      ["overflow"],
    );
    const dropped = Number(/receive buffer was full: (\d+) packets dropped/.exec(wire.of("blind")[0]?.detail ?? "")?.[1]);
    assert.ok(dropped > 5, `${dropped} dropped`);
    const sums = Array.from({ length: 100 }, (_, index) => wire.totals(`p${index + 1}`));
    assert.deepEqual([sums.reduce((total, one) => total + one.lost, 0), sums.reduce((total, one) => total + one.blind, 0)], [0, dropped]);
    assert.deepEqual(wire.bursts, []);
  });

  test("real loss right after it is still found", () => {
    const wire = overflowing();
    wire.network.host(PEER, () => []);
    wire.run(5_000);
    assert.deepEqual(
      wire.bursts.map((burst) => burst.peer),
      ["p1"],
    );
  });
});

describe("a suspended machine", () => {
  test("is one blind interval as long as the sleep, and what was on its way is not lost", () => {
    const wire = new VirtualWire();
    deadBetween(wire, 9_500, 10_000);
    wire.run(10_003);
    wire.clock.sleep(3_600_000);
    wire.run(40_000);
    assert.deepEqual(wire.blinds, [{ cause: "suspend", ms: 3_600_000 }]);
    const { lost, blind } = wire.totals();
    assert.equal(lost, 0);
    assert.ok(blind >= 5, `${blind} blind`);
  });
});

test("a step of the wall clock is told and changes labels only: RTTs, loss and intervals stay as they are", () => {
  for (const stepMs of [3_600_000, -3_600_000]) {
    const wire = new VirtualWire();
    wire.run(10_003);
    wire.clock.step(stepMs);
    wire.run(40_000);
    assert.deepEqual(
      wire.of("clock-step").map((message) => message.stepMs),
      [stepMs],
    );
    const { sent, received, skipped, blind } = wire.totals();
    assert.deepEqual([received, skipped, blind], [sent, 0, 0]);
    assert.deepEqual([wire.blinds, wire.bursts], [[], []]);
  }
});

test("a socket that failed and was replaced is a blind interval; what was in flight is not lost", () => {
  const wire = new VirtualWire();
  wire.run(10_001);
  deadBetween(wire, 10_000, 10_400);
  wire.run(400);
  wire.prober.socketReplaced("poll error");
  wire.run(40_000);
  assert.deepEqual(
    wire.blinds.map(({ cause }) => cause),
    ["socket-error"],
  );
  assert.equal(wire.totals().lost, 0);
  assert.equal(wire.totals().blind, 4);
});
