import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { ConfigError } from "../../../src/config/config-error.ts";
import { parseConfig } from "../../../src/config/parse.ts";

const folder = new URL("../../fixtures/config/", import.meta.url);
const files = readdirSync(folder).filter((file) => /^invalid-.*\.yaml$/.test(file));

test("the folder of mistakes is not empty", () => assert.ok(files.length > 80, `${files.length} fixtures`));

for (const file of files) {
  test(`${file} is refused with the message in its first line`, () => {
    const text = readFileSync(new URL(file, folder), "utf8");
    const expected = /^# expect: (.*)\n/.exec(text)?.[1];
    assert.throws(
      () => parseConfig(text, { file, hostName: "this-node" }),
      (error) => {
        assert.ok(error instanceof ConfigError, String(error));
        assert.equal(error.message, `${file}:${expected}`);
        assert.ok(error.message.startsWith(`${file}:${error.line}:${error.column}: `));
        assert.match(error.message, /; /, "says what to do");
        return true;
      },
    );
  });
}
