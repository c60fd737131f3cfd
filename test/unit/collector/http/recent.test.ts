import assert from "node:assert/strict";
import { test } from "node:test";
import { Recent } from "../../../../src/collector/http/recent.ts";

const MINUTE_MS = 60_000;

test("the status has each node once, and what was refused, of the last ten minutes", () => {
  let nowMs = 0;
  const recent = new Recent(() => nowMs);
  assert.equal(recent.text(), "0 nodes heard in the last 10 min");
  for (const node of ["sh-a1", "bj-b1", "sh-a1"]) recent.heard(node);
  recent.refused();
  nowMs = 4 * MINUTE_MS;
  recent.heard("sh-a1");
  for (let each = 0; each < 2; each++) recent.refused();
  assert.equal(recent.text(), "2 nodes heard, 3 refused in the last 10 min");
  nowMs = 10 * MINUTE_MS;
  assert.equal(recent.text(), "1 node heard, 2 refused in the last 10 min", "what came in minute 0 is over");
  nowMs = 14 * MINUTE_MS;
  assert.equal(recent.text(), "0 nodes heard in the last 10 min");
});

test("a clock that is set back leaves nothing in the future", () => {
  let nowMs = 1_000 * MINUTE_MS;
  const recent = new Recent(() => nowMs);
  recent.heard("sh-a1");
  recent.refused();
  nowMs = 0;
  assert.equal(recent.text(), "0 nodes heard in the last 10 min");
});
