import assert from "node:assert/strict";
import { test } from "node:test";
import { type AskedPeer, askedPeers, type StoredPeer, storedPeers } from "../../../src/doctor/peers-check.ts";
import { DOCTOR_ENGLISH } from "../../../src/doctor/labels.ts";
import { findingLine, sumLine } from "../../../src/doctor/text.ts";

const asked = (name: string, answer: AskedPeer["answer"]): AskedPeer => ({ name, host: `${name}.example`, answer });

test("peers that answer are one line; each that does not has its own, with what to look at", () => {
  const all = askedPeers([asked("a", { kind: "answered", rttMs: 3.14 }), asked("b", { kind: "answered", rttMs: 41 })]);
  assert.deepEqual(all, [{ check: "peers", level: "ok", text: "2 of 2 answered an echo request, the slowest after 41.0 ms", mend: null }]);
  const some = askedPeers([
    asked("a", { kind: "answered", rttMs: 3 }),
    asked("b", { kind: "silent" }),
    asked("c", { kind: "refused", errno: "ENETUNREACH" }),
    asked("d", { kind: "unresolved" }),
    asked("e", { kind: "unreachable", by: "10.9.9.9" }),
  ]);
  assert.deepEqual(
    some.map(({ check, level, text }) => [check, level, text]),
    [
      ["peers", "fail", "1 of 5 answered an echo request"],
      ["peer b", "fail", "b.example did not answer within 2 s"],
      ["peer c", "fail", "the kernel does not send to c.example: ENETUNREACH"],
      ["peer d", "fail", "d.example has no address"],
      ["peer e", "fail", "e.example cannot be reached, says 10.9.9.9"],
    ],
  );
  assert.ok(some.every(({ mend }) => mend !== null));
});

test("when none answers it is this node that is to be looked at; of many, twenty are named", () => {
  const none = askedPeers(Array.from({ length: 25 }, (_, index) => asked(`p${index}`, { kind: "silent" })));
  assert.match(none[0]?.mend ?? "", /this node's own uplink/);
  assert.equal(none.length, 22);
  assert.deepEqual(none.at(-1)?.text, "and 5 more");
});

const NOW = Date.UTC(2026, 10, 22);
const stored = (name: string, facts: Partial<StoredPeer>): StoredPeer => ({
  name,
  address: "10.0.0.2",
  firstReplyAt: "2026-11-21T00:00:00.000Z",
  sent: 600,
  received: 600,
  ...facts,
});

test("of a running agent's peers: never answered and silent now are failures, not probed is not known", () => {
  assert.deepEqual(
    storedPeers([stored("a", {})], NOW).map(({ level, text }) => [level, text]),
    [["ok", "1 of 1 answer the running agent"]],
  );
  const found = storedPeers(
    [
      stored("a", { firstReplyAt: null, received: 0 }),
      stored("b", { received: 0 }),
      stored("c", { sent: 0, received: 0 }),
      stored("d", { received: 1 }),
      stored("just-started", { sent: 0, received: 0, firstReplyAt: new Date(NOW - 5_000).toISOString() }),
    ],
    NOW,
  );
  assert.deepEqual(
    found.map(({ check, level }) => [check, level]),
    [
      ["peers", "fail"],
      ["peer a", "fail"],
      ["peer b", "fail"],
      ["peer c", "warn"],
    ],
  );
  assert.match(found[2]?.text ?? "", /none of the last 600 probes/);
});

test("no peers at all is a warning", () => {
  for (const findings of [askedPeers([]), storedPeers([], NOW)]) assert.deepEqual([findings.length, findings[0]?.level], [1, "warn"]);
});

test("a line says level, what, and the mend behind the arrow; what others wrote cannot reach the terminal", () => {
  assert.equal(findingLine({ check: "mtr", level: "ok", text: "runs", mend: null }, DOCTOR_ENGLISH), "ok    mtr            runs");
  assert.equal(
    findingLine({ check: "peer \u001b[2J", level: "fail", text: "a\nb", mend: "c\td" }, DOCTOR_ENGLISH),
    "FAIL  peer \\x1b[2J   a\\x0ab  → c\\x09d",
  );
  assert.equal(sumLine([], DOCTOR_ENGLISH), "all is well");
  assert.equal(
    sumLine(
      [
        { check: "a", level: "warn", text: "", mend: "" },
        { check: "b", level: "ok", text: "", mend: null },
      ],
      DOCTOR_ENGLISH,
    ),
    "0 failures, 1 warning",
  );
});
