/** The trace after a burst: at one a second, alone on its routers, at the expense of baselines, and over when something else begins. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SweepReport } from "../../../src/wire/messages.ts";
import { PEER, VirtualWire } from "./virtual-wire.ts";

const OTHER = "10.0.0.3";
const ROUTER = "10.9.0.1";

function wire(): VirtualWire {
  const made = new VirtualWire({ peers: [{ address: PEER }, { address: OTHER }], settings: { baselineMs: 60_000 } });
  made.network.path(PEER, [ROUTER, "10.9.0.2"]);
  made.network.path(OTHER, [ROUTER, "10.9.0.3"]);
  made.run(120_000);
  return made;
}

function afters(made: VirtualWire, peer: string): SweepReport[] {
  return made.finishedSweeps.filter((sweep) => sweep.trigger === "after" && sweep.peer === peer);
}

test("so many sweeps, one a second, whole each", () => {
  const made = wire();
  made.prober.command({ kind: "trace-after", peer: "p1", cycles: 10 });
  made.prober.command({ kind: "trace-after", peer: "nobody", cycles: 10 });
  made.run(15_000);
  const sweeps = afters(made, "p1");
  assert.deepEqual(
    sweeps.map((sweep) => sweep.cycle),
    Array.from({ length: 10 }, (_, index) => ({ number: index + 1, of: 10 })),
  );
  for (const [index, sweep] of sweeps.entries()) {
    assert.deepEqual(
      sweep.hops.slice(0, 3).map((hop) => hop.answer?.address),
      [ROUTER, "10.9.0.2", PEER],
    );
    if (index > 0) assert.ok(sweep.startedMs - (sweeps[index - 1] as SweepReport).startedMs >= 1_000);
  }
});

test("two through one router go one after the other, so that it is asked once a second, and no baseline adds to that", () => {
  const made = wire();
  const before = made.network.sent.length;
  for (const peer of ["p1", "p2"]) made.prober.command({ kind: "trace-after", peer, cycles: 10 });
  made.run(8_900);
  assert.equal(made.network.sent.slice(before).filter((request) => request.ttl === 1).length, 9);
  assert.deepEqual([afters(made, "p1").length, afters(made, "p2").length], [9, 0]);
  made.run(60_000);
  assert.equal(afters(made, "p1").length, 10);
  assert.equal(afters(made, "p2").length, 10);
});

test("a burst elsewhere interrupts it, has its sweeps whole, and it goes on when there are answers left for it", () => {
  const made = wire();
  made.prober.command({ kind: "trace-after", peer: "p1", cycles: 20 });
  made.run(5_500);
  made.network.host(OTHER, () => []);
  made.run(3_000);
  const before = afters(made, "p1").length;
  assert.ok(before >= 5 && before < 8, `${before} sweeps`);
  const traced = made.finishedSweeps.filter((sweep) => sweep.peer === "p2" && sweep.trigger === "burst");
  assert.deepEqual(
    traced.map((sweep) => [sweep.skipped, sweep.hops.slice(0, 2).map((hop) => hop.answer?.address)]),
    [
      [null, [ROUTER, "10.9.0.3"]],
      [null, [ROUTER, "10.9.0.3"]],
    ],
  );
  made.run(2_000);
  assert.equal(afters(made, "p1").length, before, "the routers are the burst's");
  made.run(30_000);
  const sweeps = afters(made, "p1");
  assert.deepEqual(
    sweeps.map((sweep) => sweep.cycle?.number),
    Array.from({ length: 20 }, (_, index) => index + 1),
  );
  assert.ok(sweeps.every((sweep) => sweep.hops.slice(0, 3).every((hop) => hop.answer !== null)));
});

test("another burst of the same peer ends it, with the reason", () => {
  const made = wire();
  made.prober.command({ kind: "trace-after", peer: "p1", cycles: 100 });
  made.run(5_500);
  made.network.host(PEER, () => []);
  made.run(10_000);
  const sweeps = afters(made, "p1");
  assert.equal(sweeps.at(-1)?.skipped, `stopped after ${sweeps.length - 1} of 100 sweeps: another burst began`);
  assert.ok(sweeps.length - 1 < 8, `${sweeps.length - 1} sweeps`);
});

test("while an mtr asks its routers it waits, and says so when that takes too long", () => {
  const made = wire();
  made.prober.command({ kind: "mtr", pid: 1, peer: "p2", firstTtl: 1 });
  made.prober.command({ kind: "trace-after", peer: "p1", cycles: 1 });
  made.run(20_000);
  assert.deepEqual(afters(made, "p1"), []);
  made.prober.command({ kind: "mtr-ended", pid: 1 });
  made.run(1_500);
  assert.deepEqual(
    afters(made, "p1").map((sweep) => sweep.skipped),
    [null],
  );
  made.prober.command({ kind: "mtr", pid: 2, peer: "p2", firstTtl: 1 });
  made.prober.command({ kind: "trace-after", peer: "p1", cycles: 1 });
  made.run(121_000);
  assert.match(afters(made, "p1").at(-1)?.skipped ?? "", /^hop budget: /);
});

test("an mtr that begins later, for whomever, takes its routers over: it waits, and goes on when the mtr has ended", () => {
  const made = wire();
  made.prober.command({ kind: "trace-after", peer: "p1", cycles: 20 });
  made.run(5_500);
  made.prober.command({ kind: "mtr", pid: 1, peer: "p2", firstTtl: 1 });
  const before = afters(made, "p1").length;
  made.run(20_000);
  assert.equal(afters(made, "p1").length, before);
  made.prober.command({ kind: "mtr-ended", pid: 1 });
  made.run(30_000);
  assert.equal(afters(made, "p1").at(-1)?.cycle?.number, 20);
});

test("an mtr that begins behind the routers that it shares leaves it alone", () => {
  const made = wire();
  made.prober.command({ kind: "trace-after", peer: "p1", cycles: 20 });
  made.run(5_500);
  made.prober.command({ kind: "mtr", pid: 1, peer: "p2", firstTtl: 2 });
  made.run(20_000);
  assert.equal(afters(made, "p1").at(-1)?.cycle?.number, 20);
});
