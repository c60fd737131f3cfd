import assert from "node:assert/strict";
import { test } from "node:test";
import { textWidth } from "../../../src/report/width.ts";
import { wrap } from "../../../src/report/wrap.ts";

test("a text that fits is one line, also when it fits exactly, and an empty one is an empty line", () => {
  assert.deepEqual(wrap("one two", 7), ["one two"]);
  assert.deepEqual(wrap("", 7), [""]);
});

test("lines break at spaces; those after the first are indented within the columns", () => {
  assert.deepEqual(wrap("one two three four", 8), ["one two", "three", "four"]);
  assert.deepEqual(wrap("one two three four", 8, 2), ["one two", "  three", "  four"]);
  assert.deepEqual(wrap("aa bb cc dd ee", 5, 1), ["aa bb", " cc", " dd", " ee"]);
});

test("a word longer than a line has one of its own, at the start, in the middle and at the end", () => {
  assert.deepEqual(wrap("2001:db8::1 is", 5), ["2001:db8::1", "is"]);
  assert.deepEqual(wrap("at 2001:db8::1 it is", 5, 1), ["at", " 2001:db8::1", " it", " is"]);
  assert.deepEqual(wrap("at 2001:db8::1", 5), ["at", "2001:db8::1"]);
});

test("no word is lost or changed, and no line but that of one word is too long", () => {
  const text = "from 04:12:03.2 to 04:12:12.1 UTC, 31 % of packets from sh-a1 to bj-b1 were lost, outbound only, behind 10.20.12.2";
  for (let columns = 4; columns < 130; columns++) {
    const lines = wrap(text, columns, 3);
    assert.equal(lines.map((line) => line.trim()).join(" "), text);
    assert.ok(
      lines.every((line) => line.length <= columns || !line.trim().includes(" ")),
      `${columns}`,
    );
  }
});

test("Chinese breaks between characters, two columns each, and never before a closing mark or behind an opening one", () => {
  assert.deepEqual(wrap("丢包率为三成，仅去程", 10), ["丢包率为三", "成，仅去程"]);
  assert.deepEqual(wrap("丢包率为三，仅去程", 10), ["丢包率为", "三，仅去程"]);
  assert.deepEqual(wrap("仅去程方（出向）", 10), ["仅去程方", "（出向）"]);
  assert.deepEqual(wrap("故障点在 10.20.12.2 之后；很可能", 12, 2), ["故障点在", "  10.20.12.2", "  之后；很可", "  能"]);
});

test("no Chinese character is lost at any width", () => {
  const text = "04:12:03.2 至 04:12:12.1（UTC），sh-a1 到 bj-b1 的丢包率为 31 %，仅去程方向（出向），故障点在 10.20.12.2 之后；很可能是“路径”";
  const bare = text.replaceAll(" ", "");
  for (let columns = 4; columns < 130; columns++) {
    const lines = wrap(text, columns, 2);
    assert.equal(lines.join("").replaceAll(" ", ""), bare);
    for (const line of lines) assert.doesNotMatch(line, /^\s*[，。；：）”]|[（“]$/);
    if (columns > 24) for (const line of lines) assert.ok(textWidth(line) <= columns, line);
  }
});
