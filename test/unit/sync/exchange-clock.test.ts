import assert from "node:assert/strict";
import { test } from "node:test";
import { ExchangeClock } from "../../../src/sync/exchange-clock.ts";
import { FakeClock } from "./fake-clock.ts";

/** An exchange with a collector that is so much ahead of our wall clock; it ends now. */
function exchange(
  clock: FakeClock,
  { aheadMs, outMs, backMs, thereMs = 2 }: { readonly aheadMs: number; readonly outMs: number; readonly backMs: number; readonly thereMs?: number },
) {
  const answeredMs = clock.nowMs();
  const writtenMs = answeredMs - outMs - thereMs - backMs;
  const theirReceivedMs = clock.wallMs() + aheadMs - backMs - thereMs;
  return { writtenMs, answeredMs, theirReceivedMs, theirAnsweredMs: theirReceivedMs + thereMs };
}

test("the offset is what the times say, wrong by half the delay at most", () => {
  const clock = new FakeClock();
  const book = new ExchangeClock(clock);
  assert.equal(book.reading, null);
  book.add(exchange(clock, { aheadMs: 5_000, outMs: 10, backMs: 10 }));
  assert.deepEqual(book.reading, { offset_ms: 5_000, error_ms: 11.5 });
  const lopsided = new ExchangeClock(clock);
  lopsided.add(exchange(clock, { aheadMs: -300, outMs: 40, backMs: 0 }));
  assert.deepEqual(lopsided.reading, { offset_ms: -280, error_ms: 21.5 });
});

test("the exchange with the least delay of the last five minutes counts, and then no more", async () => {
  const clock = new FakeClock();
  const book = new ExchangeClock(clock);
  book.add(exchange(clock, { aheadMs: 100, outMs: 5, backMs: 5 }));
  await clock.advance(60_000);
  book.add(exchange(clock, { aheadMs: 100, outMs: 200, backMs: 0 }));
  assert.equal(book.reading?.offset_ms, 100);
  await clock.advance(250_000);
  assert.equal(book.reading?.offset_ms, 200);
  await clock.advance(100_000);
  assert.equal(book.reading, null);
});

test("setting our wall clock moves the offset with it", () => {
  const clock = new FakeClock();
  const book = new ExchangeClock(clock);
  book.add(exchange(clock, { aheadMs: 0, outMs: 1, backMs: 1 }));
  clock.setWall(-3_600_000);
  assert.equal(book.reading?.offset_ms, 3_600_000);
});

test("times that cannot be are left out", () => {
  const clock = new FakeClock();
  const book = new ExchangeClock(clock);
  book.add({ writtenMs: 0, answeredMs: 10, theirReceivedMs: 100, theirAnsweredMs: 50 });
  book.add({ writtenMs: 0, answeredMs: 10, theirReceivedMs: 100, theirAnsweredMs: 200 });
  assert.equal(book.reading, null);
});

test("a processor that was not ours between two looks at the clocks does not move the offset", () => {
  const clock = new FakeClock();
  let looks = 0;
  // The first look at the wall clock comes 8 ms late.
  const late = {
    ...clock,
    after: clock.after.bind(clock),
    nowMs: () => clock.nowMs() + (looks > 0 ? 8 : 0),
    wallMs: () => clock.wallMs() + (looks++ < 0 ? 0 : 8),
  };
  const book = new ExchangeClock(late);
  book.add(exchange(clock, { aheadMs: 5_000, outMs: 1, backMs: 1 }));
  assert.deepEqual(book.reading, { offset_ms: 5_000, error_ms: 2.5 });
});
