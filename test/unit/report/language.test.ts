import assert from "node:assert/strict";
import { test } from "node:test";
import { localeLanguage } from "../../../src/report/language.ts";

test("the first variable of the locale that is set decides; all that is not Chinese is English", () => {
  const cases: [Record<string, string>, string][] = [
    [{}, "en"],
    [{ LANG: "zh_CN.UTF-8" }, "zh"],
    [{ LANG: "zh" }, "zh"],
    [{ LANG: "zh_TW.Big5" }, "zh"],
    [{ LANG: "zha_CN.UTF-8" }, "en"],
    [{ LANG: "C.UTF-8" }, "en"],
    [{ LANG: "zh_CN.UTF-8", LC_ALL: "C" }, "en"],
    [{ LANG: "en_US.UTF-8", LC_MESSAGES: "zh_CN.UTF-8" }, "zh"],
    [{ LANG: "zh_CN.UTF-8", LC_ALL: "", LC_MESSAGES: "" }, "zh"],
    [{ LANG: "en_US.UTF-8", LC_CTYPE: "zh_CN.UTF-8" }, "en"],
  ];
  for (const [env, language] of cases) assert.equal(localeLanguage(env), language, JSON.stringify(env));
});
