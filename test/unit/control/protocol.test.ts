import assert from "node:assert/strict";
import test from "node:test";
import { ControlFailure, parseAnswer, parseRequest, requestLine, type ControlRequest } from "../../../src/control/protocol.ts";

test("a request is read as it was written", () => {
  const requests: ControlRequest[] = [
    { op: "status", dataDir: "/var/lib/meshprobe", peers: 40, language: "zh" },
    { op: "status", dataDir: null, peers: null, language: "en" },
    { op: "trace", dataDir: null, peer: "bj-b1" },
    { op: "reload", dataDir: "/d" },
  ];
  for (const request of requests) assert.deepEqual(parseRequest(requestLine(request)), request);
});

test("a language that is not spoken here is English", () => {
  for (const line of ['{"op":"status"}', '{"op":"status","language":"fr"}', '{"op":"status","language":7}'])
    assert.deepEqual(parseRequest(line), { op: "status", dataDir: null, peers: null, language: "en" });
});

test("what is no request is refused with its reason, never with another error", () => {
  const wrong = [
    "",
    "hello",
    "null",
    "[]",
    "3",
    '{"op":"stop"}',
    '{"op":"__proto__"}',
    '{"op":["status"]}',
    '{"op":"trace"}',
    '{"op":"trace","peer":""}',
    '{"op":"trace","peer":7}',
    '{"op":"status","peers":-1}',
    '{"op":"status","peers":1.5}',
    '{"op":"status","peers":"4"}',
    '{"op":"status","data_dir":{}}',
    `{"op":"trace","peer":"${"x".repeat(4_001)}"}`,
  ];
  for (const line of wrong)
    assert.throws(
      () => parseRequest(line),
      (error) => error instanceof ControlFailure && error.code === "request",
      line,
    );
});

test("what is no answer is told apart", () => {
  for (const line of ["", "HTTP/1.1 400", "{}", "null", '{"kind":"else"}']) assert.equal(parseAnswer(line), null, line);
  assert.deepEqual(parseAnswer('{"kind":"done","result":1}'), { kind: "done", result: 1 });
});
