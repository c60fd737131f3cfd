import assert from "node:assert/strict";
import { test } from "node:test";
import { isLiteral, Names } from "../../../src/capture/names.ts";

test("literals need no resolver, zones included", async () => {
  const names = new Names({ lookup: () => assert.fail("asked"), onProblem: assert.fail });
  for (const literal of ["10.0.0.1", "fd00::1", "fe80::1%eth0"]) {
    assert.equal(isLiteral(literal), true);
    assert.equal(names.address(literal), literal);
  }
  await names.resolve(["10.0.0.1", "fe80::1%eth0"], assert.fail);
});

test("a name has no address until it was resolved, then its last good one, also when the resolver is down", async () => {
  const problems: string[] = [];
  let answer: string | null = null;
  const lookup = (): Promise<string> => (answer === null ? Promise.reject(new Error("EAI_AGAIN")) : Promise.resolve(answer));
  const names = new Names({ lookup, onProblem: (host) => void problems.push(host) });
  const changed: string[] = [];
  const resolve = (): Promise<void> => names.resolve(["gz.example", "10.0.0.1"], (host, address) => void changed.push(`${host} ${address}`));
  await resolve();
  assert.deepEqual([names.address("gz.example"), problems, changed], [null, ["gz.example"], []]);
  answer = "10.0.0.7";
  await resolve();
  await resolve();
  answer = null;
  await resolve();
  assert.equal(names.address("gz.example"), "10.0.0.7");
  answer = "10.0.0.8";
  await resolve();
  assert.deepEqual(changed, ["gz.example 10.0.0.7", "gz.example 10.0.0.8"]);
  assert.equal(problems.length, 2);
});

test("one name that hangs or fails does not keep the others waiting, and few are asked at once", async () => {
  let asked = 0;
  let most = 0;
  const hang = Promise.withResolvers<string>();
  const lookup = async (host: string): Promise<string> => {
    most = Math.max(most, ++asked);
    await new Promise((resolve) => setImmediate(resolve));
    if (host === "hang") return hang.promise;
    asked--;
    if (host === "fail") throw new Error("ENOTFOUND");
    return "10.0.0.9";
  };
  const names = new Names({ lookup, onProblem: () => {} });
  const hosts = ["hang", "fail", ...Array.from({ length: 20 }, (_, index) => `n${index}`)];
  const resolved: string[] = [];
  const { promise: others, resolve: othersDone } = Promise.withResolvers<void>();
  const all = names.resolve(hosts, (host) => {
    resolved.push(host);
    if (resolved.length === 20) othersDone();
  });
  await others;
  assert.equal(resolved.includes("hang"), false);
  assert.ok(most <= 4, `${most} at once`);
  hang.resolve("10.0.0.1");
  await all;
  assert.equal(names.address("hang"), "10.0.0.1");
});
