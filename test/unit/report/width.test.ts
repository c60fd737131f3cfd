import assert from "node:assert/strict";
import { test } from "node:test";
import { tableLines } from "../../../src/report/table.ts";
import { padEnd, padStart, textWidth } from "../../../src/report/width.ts";

test("a Chinese character is two columns wide, a mark on another character none, anything else one", () => {
  assert.deepEqual(["", "bj-b1", "丢包率", "（出向）", "10.1.0.1 之后", "e\u0301", "…—“”→"].map(textWidth), [0, 5, 6, 8, 13, 1, 5]);
});

test("columns stay under each other whatever is in them", () => {
  assert.deepEqual([padEnd("丢包", 6), padStart("丢包", 6), padEnd("丢包", 3)], ["丢包  ", "  丢包", "丢包"]);
  const rows = [
    ["上海一", "12"],
    ["bj-b1", "123"],
  ];
  assert.deepEqual(
    tableLines(rows, [
      { title: "对端", align: "left", cell: ([name = ""]) => name },
      { title: "丢包", align: "right", cell: ([, lost = ""]) => lost },
    ]),
    ["对端    丢包", "上海一    12", "bj-b1    123"],
  );
});
