import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startDelay } from "./delay.ts";
import { createLab, type Lab } from "./lab.ts";
import { skipLab } from "./requirements.ts";
import { readMtr, readPing, type PingResult } from "./tools.ts";
import { demoSpec } from "./topology.ts";

describe("delay", { skip: skipLab }, () => {
  let lab: Lab;
  before(async () => {
    lab = await createLab(demoSpec);
  });
  after(() => lab.close());

  const ping = async (to: string): Promise<PingResult> =>
    readPing((await lab.exec("node", ["ping", "-n", "-q", "-c", "20", "-i", "0.01", "-W", "1", to])).stdout);
  /** Never below; above by scheduling only, so the fastest of twenty is judged. */
  const near = (result: PingResult, expectedMs: number): void => {
    assert.equal(result.received, 20);
    const min = result.rttMs?.min ?? 0;
    assert.ok(min >= expectedMs && min < expectedMs + 8, `${min} ms, expected ${expectedMs} ms`);
  };

  test("both ways: the RTT grows by twice the delay beyond the link, by nothing elsewhere, and the path looks the same from both ends", async () => {
    const delay = await startDelay(lab, { between: ["r2", "r3"], delayMs: 15 });
    near(await ping(lab.address("peer-b")), 30);
    near(await ping(lab.address6("peer-b")), 30);
    near(await ping(lab.topology.end("r3", "r2").address), 30);
    near(await ping(lab.address("peer-c")), 0);
    for (const [from, to] of [
      ["node", "peer-b"],
      ["peer-b", "node"],
    ] as const) {
      for (const family of [4, 6] as const) {
        const { stdout } = await lab.exec(from, ["mtr", "--raw", "-n", "-c", "1", "-G", "0.5", lab.topology.address(to, family)]);
        assert.deepEqual(readMtr(stdout), lab.hopAddresses(from, to, family), `${from} → ${to}`);
      }
    }
    await delay.stop();
    near(await ping(lab.address("peer-b")), 0);
    near(await ping(lab.address6("peer-b")), 0);
  });

  test("one way: the RTT grows by the delay, and jitter by up to its own", async () => {
    const delay = await startDelay(lab, { between: ["r1", "r2"], delayMs: 10, jitterMs: 20, oneWay: true });
    const { received, rttMs } = await ping(lab.address("peer-c"));
    assert.equal(received, 20);
    assert.ok(rttMs !== null && rttMs.min >= 10 && rttMs.min < 20 && rttMs.max > 20, JSON.stringify(rttMs));
    await delay.stop();
    near(await ping(lab.address("peer-c")), 0);
  });

  test("a host cannot run the relay", async () => {
    await assert.rejects(startDelay(lab, { between: ["node", "r1"], delayMs: 1 }), /the relay must run in a router/);
  });
});
