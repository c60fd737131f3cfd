import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Appointments } from "../../../../src/collector/http/appointments.ts";
import { Gate, type Pass } from "../../../../src/collector/http/gate.ts";
import { LIMITS } from "../../../../src/collector/http/limits.ts";
import { Rush } from "../../../../src/collector/http/rush.ts";

const lull = { wait: (): Promise<void> => Promise.resolve() };

describe("a rush", () => {
  test("is when heads of twenty nodes come on new connections within a second, and over when they do not", () => {
    let nowMs = 0;
    const rush = new Rush(() => nowMs);
    for (let node = 1; node < 20; node++) rush.came(`n${node}`);
    assert.equal(rush.isOn, false);
    nowMs = 1_000;
    rush.came("n20");
    assert.equal(rush.isOn, true);
    nowMs = 1_001;
    assert.equal(rush.isOn, false);
  });

  test("is nothing that a node can make alone, nor nineteen", () => {
    const rush = new Rush(() => 0);
    for (let head = 0; head < 1_000; head++) rush.came(`n${head % 19}`);
    assert.equal(rush.isOn, false);
  });

  test("keeps bulk out for twenty seconds of forty, however long it lasts", () => {
    let nowMs = 0;
    const rush = new Rush(() => nowMs);
    let onMs = 0;
    for (; nowMs < 120_000; nowMs += 10) {
      rush.came(`n${nowMs}`);
      if (!rush.isOn) continue;
      onMs += 10;
      // The first begins with the twentieth head.
      assert.ok((nowMs - 190) % 40_000 < 20_000, `a rush at ${nowMs} ms`);
    }
    assert.ok(onMs <= 60_000 && onMs > 59_000, `${onMs} ms of 120,000`);
  });

  /** How long it is on while so many nodes a second come, each a new one; the clock goes on by that time. */
  const onMsWhile = (rush: Rush, clock: { nowMs: number }, { perSecond, seconds }: { perSecond: number; seconds: number }): number => {
    const [from, every] = [clock.nowMs, 1_000 / perSecond];
    let onMs = 0;
    for (let index = 1; index <= perSecond * seconds; index++) {
      clock.nowMs = from + index * every;
      rush.came(`n${clock.nowMs}`);
      if (rush.isOn) onMs += every;
    }
    return onMs;
  };

  test("is not what comes all day, as of a large fleet whose connections are not kept; what is far more is one all the same", () => {
    const clock = { nowMs: 0 };
    const rush = new Rush(() => clock.nowMs);
    onMsWhile(rush, clock, { perSecond: 50, seconds: 180 });
    assert.equal(onMsWhile(rush, clock, { perSecond: 50, seconds: 1_200 }), 0);
    assert.ok(onMsWhile(rush, clock, { perSecond: 300, seconds: 15 }) > 13_000);
  });

  test("is on twice while two thousand nodes come back in a minute to a collector that has just begun", () => {
    const clock = { nowMs: 0 };
    const onMs = onMsWhile(new Rush(() => clock.nowMs), clock, { perSecond: 35, seconds: 60 });
    assert.ok(onMs > 38_000, `${onMs} ms`);
  });

  test("is not made usual by a node that comes again and again", () => {
    const clock = { nowMs: 0 };
    const rush = new Rush(() => clock.nowMs);
    for (; clock.nowMs < 600_000; clock.nowMs += 5) rush.came("one");
    assert.ok(onMsWhile(rush, clock, { perSecond: 40, seconds: 10 }) > 9_000);
  });
});

describe("appointments", () => {
  /** Seconds from now until each. */
  const book = (appointments: Appointments, callers: number): number[] =>
    Array.from({ length: callers }, (_, caller) => appointments.next(`n${caller}`));

  test("come one after the other, at the usual pace while none is known", () => {
    const seconds = book(new Appointments(() => 0), 1_000);
    assert.equal(seconds[0], 2);
    assert.deepEqual(
      seconds,
      seconds.toSorted((a, b) => a - b),
    );
    // 25 ms each.
    assert.equal(seconds.at(-1), 27);
  });

  test("come as fast as the work was done lately", () => {
    let nowMs = 0;
    const appointments = new Appointments(() => nowMs);
    for (; nowMs < 6_400; nowMs += 10) appointments.done();
    assert.equal(book(appointments, 1_000).at(-1), 12);
  });

  test("after a rest the pace is not that of the rest", () => {
    let nowMs = 0;
    const appointments = new Appointments(() => nowMs);
    for (let done = 0; done < 64; done++) appointments.done();
    nowMs = 3_600_000;
    assert.equal(book(appointments, 1_000).at(-1), 52);
  });

  test("nobody is sent away for more than a minute, and those beyond it not all for the same time", () => {
    let turn = 0;
    const seconds = book(
      new Appointments(
        () => 0,
        () => (turn++ % 10) / 10,
      ),
      10_000,
    );
    assert.ok(seconds.every((one) => one >= 2 && one <= 60));
    assert.ok(new Set(seconds.slice(-10)).size === 10, String(seconds.slice(-10)));
  });

  test("those of a minute ago are forgotten", () => {
    let nowMs = 0;
    const appointments = new Appointments(() => nowMs);
    book(appointments, 10_000);
    nowMs = 120_000;
    assert.equal(appointments.next("n0"), 2);
  });

  test("one who asks again and again has one, and takes none from others", () => {
    let nowMs = 0;
    const appointments = new Appointments(() => nowMs);
    assert.deepEqual(book(appointments, 100).at(-1), 5);
    nowMs = 1_500;
    for (let asked = 0; asked < 10_000; asked++) assert.equal(appointments.next("n99"), 3);
    assert.equal(appointments.next("other"), 3, "right behind them");
    nowMs = 4_475;
    assert.equal(appointments.next("n99"), 2, "when its time has come and there is no room yet, it gets another");
  });
});

describe("the gate", () => {
  const asking = (holder: string, bytes = 100_000): { holder: string; bytes: number; isFirst: boolean } => ({ holder, bytes, isFirst: true });

  test("lets no bulk in during a rush, and heads always; whoever is turned away has an appointment", () => {
    let isOn = true;
    let came = 0;
    const rush = {
      came: (): void => void came++,
      get isOn(): boolean {
        return isOn;
      },
    };
    const gate = new Gate(LIMITS, { lull, rush, appointments: { done: () => {}, next: (holder) => (holder === "a" ? 7 : 0) } });
    assert.deepEqual(gate.admit("bulk", asking("a")), { kind: "turned-away", comeAgainS: 7 });
    assert.equal(gate.admit("small", asking("a", 900)).kind, "small");
    assert.equal(gate.admit("small", { ...asking("b", 900), isFirst: false }).kind, "small");
    assert.equal(gate.admit("read", asking("r", 0)).kind, "read");
    assert.equal(came, 1, "a connection that is kept is not at the door");
    isOn = false;
    assert.equal(gate.admit("bulk", asking("a")).kind, "bulk");
  });

  test("one who has too many here already takes no appointment from others", () => {
    const gate = new Gate(LIMITS, { lull, appointments: { done: () => {}, next: () => assert.fail("an appointment") } });
    for (let inside = 0; inside < LIMITS.perHolder; inside++) assert.equal(gate.admit("bulk", asking("a")).kind, "bulk");
    assert.deepEqual(gate.admit("bulk", asking("a")), { kind: "turned-away", comeAgainS: null });
    assert.equal(gate.admit("bulk", asking("b")).kind, "bulk");
  });

  test("the pace of appointments is that of bulk which was worked on, not of what went away before its turn", async () => {
    let done = 0;
    const gate = new Gate(LIMITS, { lull, appointments: { done: () => void done++, next: () => 2 } });
    const inside = (kind: "bulk" | "small", holder: string): Pass => {
      const pass = gate.admit(kind, asking(holder, 900));
      return pass.kind === "turned-away" ? assert.fail("turned away") : pass;
    };
    const [worked, left, small] = [inside("bulk", "a"), inside("bulk", "b"), inside("small", "c")];
    await Promise.all([worked.turn(), small.turn()]);
    for (const pass of [worked, left, small]) pass.leave();
    assert.equal(done, 1);
  });
});
