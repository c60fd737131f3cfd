/** A sender on fakes: its clock, its queue and its collector. */
import type { TestContext } from "node:test";
import { Sync } from "../../../src/sync/sync.ts";
import { FakeLog } from "../capture/fake-log.ts";
import { FakeClock, settle } from "./fake-clock.ts";
import { FakeExchange, type FakeRequest } from "./fake-exchange.ts";
import { FakeOutbox } from "./fake-outbox.ts";

export interface Bench {
  readonly clock: FakeClock;
  readonly exchange: FakeExchange;
  readonly outbox: FakeOutbox;
  readonly sync: Sync;
  readonly log: FakeLog;
  isCalm: boolean;
  /** Those that hold a record of this lane, or ask for it alone. */
  readonly of: (lane: number) => FakeRequest[];
  /** Writes a record, and says so. */
  readonly write: (lane: 0 | 1 | 2 | 3, id: string, data?: unknown) => number;
}

export interface BenchOptions {
  readonly urls?: readonly string[];
  readonly rate?: number;
  readonly random?: () => number;
  /** What the queue holds from the start. */
  readonly fill?: (outbox: FakeOutbox) => void;
  readonly rule?: (bench: Bench) => FakeExchange["rule"];
  readonly tokenFile?: string;
}

/** Has begun: its first requests are out. */
export async function bench(t: TestContext, options: BenchOptions = {}): Promise<Bench> {
  const { urls = ["https://c.example"], rate = 1e6, random = () => 0.5 } = options;
  const clock = new FakeClock();
  const exchange = new FakeExchange(clock);
  const outbox = new FakeOutbox([0, 1, 2, 3]);
  options.fill?.(outbox);
  const log = new FakeLog();
  const sync: Sync = new Sync({
    collector: { urls, tokenFile: options.tokenFile ?? null, caFile: null, certFile: null, keyFile: null, rate },
    node: { name: "sh-a1", address: "10.0.0.1", version: "1.2.3" },
    outboxes: [outbox],
    log,
    isCalm: () => result.isCalm,
    blindSinceMs: () => null,
    clock,
    random,
    exchange,
  });
  const result: Bench = {
    clock,
    exchange,
    outbox,
    sync,
    log,
    isCalm: true,
    of: (lane) => exchange.requests.filter(({ body }) => body?.files.some(({ lanes }) => lanes.some((one) => one.lane === lane)) === true),
    write: (lane, id, data) => {
      const seq = outbox.add(lane, id, data);
      sync.wake();
      return seq;
    },
  };
  if (options.rule !== undefined) exchange.rule = options.rule(result);
  sync.start();
  t.after(async () => {
    const stopped = sync.stop();
    await clock.advance(1_000);
    await stopped;
  });
  await settle();
  await settle();
  return result;
}
