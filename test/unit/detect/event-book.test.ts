import assert from "node:assert/strict";
import { test } from "node:test";
import { EventBook } from "../../../src/detect/event-book.ts";

test("incidents that began within two seconds of the first of an event are one event", () => {
  const book = new EventBook();
  assert.equal(book.join(10_000, "e1"), "e1");
  assert.equal(book.join(12_000, "e2"), "e1");
  assert.equal(book.join(8_000, "e3"), "e1");
  assert.equal(book.join(12_001, "e4"), "e4");
});

test("the window is about the first incident: events do not grow into each other", () => {
  const book = new EventBook();
  assert.deepEqual(
    [0, 1_500, 3_000, 4_500].map((ms, index) => book.join(ms, `e${index}`)),
    ["e0", "e0", "e2", "e2"],
  );
});

test("between two events the nearer one is joined", () => {
  const book = new EventBook();
  book.join(0, "a");
  book.join(3_000, "b");
  assert.deepEqual([book.join(1_400, "x"), book.join(1_600, "y")], ["a", "b"]);
});

test("thin loss that is noticed minutes later still joins the event that it began with", () => {
  const book = new EventBook();
  book.join(0, "a");
  for (let n = 1; n <= 60; n++) book.join(n * 10_000, `e${n}`);
  assert.equal(book.join(1_000, "late"), "a");
});

test("a clock set back an hour makes new events and breaks none", () => {
  const book = new EventBook();
  book.join(3_600_000, "a");
  assert.equal(book.join(1_000, "b"), "b");
  assert.equal(book.join(3_600_500, "c"), "a");
});
