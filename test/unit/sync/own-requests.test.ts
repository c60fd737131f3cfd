import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestLog } from "../../../src/sync/own-requests.ts";

test("a request counts when it fails, or takes as long as the shortest timer of TCP", () => {
  let nowMs = 0;
  const log = new RequestLog(() => nowMs);
  const quick = log.begin();
  assert.deepEqual(log.requests, { suspect: 0, underWay: true });
  nowMs = 199;
  quick(false);
  assert.deepEqual(log.requests, { suspect: 0, underWay: false });
  const slow = log.begin();
  nowMs += 200;
  assert.deepEqual(log.requests, { suspect: 1, underWay: true });
  slow(false);
  slow(true);
  assert.deepEqual(log.requests, { suspect: 1, underWay: false });
  log.begin()(true);
  assert.deepEqual(log.requests, { suspect: 2, underWay: false });
});
