import assert from "node:assert/strict";
import { test } from "node:test";
import { escapeForTerminal } from "../../../src/report/escape.ts";

test("what could steer a terminal is shown instead of done", () => {
  assert.equal(escapeForTerminal("a\u001b[2Jb\r\n\u009bc\u007f"), "a\\x1b[2Jb\\x0d\\x0a\\x9bc\\x7f");
  assert.equal(escapeForTerminal("abc\u202edcb\u200b\ud800"), "abc\\u{202e}dcb\\u{200b}\\u{d800}");
});

test("ordinary text of any script stays as it is, and the escape cannot be imitated", () => {
  assert.equal(escapeForTerminal("上海-a1 zürich 😀 fe80::1%eth0"), "上海-a1 zürich 😀 fe80::1%eth0");
  assert.equal(escapeForTerminal("\\x1b"), "\\\\x1b");
});
