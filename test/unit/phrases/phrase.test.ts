import assert from "node:assert/strict";
import { test } from "node:test";
import { sayer, translator } from "../../../src/phrases/phrase.ts";

const FROM = {
  skipped: "skipped",
  code: "ended with {code}",
  message: "ended with {code}: {message}",
  who: "{WHO} may not read {file}",
  near: "near: {peers}",
} as const;
const PARTS = { agent: "the agent (pid {n})", user: "this user" } as const;
const say = sayer(FROM);
const translate = translator({
  phrases: [
    {
      from: FROM,
      to: { skipped: "跳过", code: "退出码 {code}", message: "退出码 {code}：{message}", who: "{WHO}不能读取 {file}", near: "附近：{peers}" },
    },
  ],
  parts: [{ from: PARTS, to: { agent: "探测代理（pid {n}）", user: "当前用户" } }],
});

test("a sentence is known again by its template, with what stands in its places, also inside of them", () => {
  assert.equal(translate(say("skipped")), "跳过");
  assert.equal(translate(say("code", { code: 7 })), "退出码 7");
  assert.equal(translate(say("message", { code: 7, message: "no: such; thing" })), "退出码 7：no: such; thing");
  assert.equal(translate(say("who", { WHO: sayer(PARTS)("agent", { n: 4711 }), file: "/etc/x y" })), "探测代理（pid 4711）不能读取 /etc/x y");
});

test("sentences put together are known only if all of them are", () => {
  assert.equal(translate("skipped; ended with 7; this user may not read a; b"), "跳过；退出码 7；当前用户不能读取 a; b");
  assert.equal(translate("skipped, ended with 7"), "跳过，退出码 7");
  assert.equal(translate("skipped; never heard of"), "skipped; never heard of");
});

test("what is not known stays as it is", () => {
  for (const text of [
    "",
    "Skipped",
    "skipped ",
    " skipped",
    "ended with ",
    "ended with 7 8",
    "near: ",
    "this user",
    "{code}",
    "constructor",
    "somebody may not read /x",
  ])
    assert.equal(translate(text), text);
});

test("a hostile text costs no more than its length", () => {
  const patterns = Array.from({ length: 100 }, (_, index) => [`p${index}`, `a {x} a {y} a {z} b${index}`]);
  const hard = translator({ phrases: [{ from: Object.fromEntries(patterns), to: Object.fromEntries(patterns) }], parts: [] });
  const started = performance.now();
  for (const text of ["a ".repeat(50_000), "a ".repeat(999), "skipped; ".repeat(222), "a a; ".repeat(399)]) assert.equal(hard(text), text);
  assert.ok(performance.now() - started < 500, `${performance.now() - started} ms`);
});
