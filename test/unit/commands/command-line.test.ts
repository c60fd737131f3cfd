import assert from "node:assert/strict";
import { test } from "node:test";
import { type Declaration, declare } from "../../../src/commands/command.ts";
import { parseCommandLine } from "../../../src/commands/command-line.ts";

const NONE = declare({
  name: "sample",
  summary: "s",
  description: [],
  options: {
    format: { argument: "FORMAT", text: "f", words: ["text", "json", "html"], default: "text" },
    since: { argument: "TIME", text: "t" },
    full: { text: "all" },
  },
  examples: [],
  exitCodes: {},
});
const ONE = declare({ ...NONE, operands: { min: 1, max: 1, entries: [{ name: "PEER", text: "p" }] } });

test("defaults are filled in, switches are false, what was not given is undefined", () => {
  assert.deepEqual(parseCommandLine(NONE, []).values, { format: "text", since: undefined, full: false });
  assert.deepEqual(parseCommandLine(NONE, ["--format=json", "--full", "--since", "2h"]).values, { format: "json", since: "2h", full: true });
});

test("operands stand before, between and behind options", () => {
  assert.deepEqual(parseCommandLine(ONE, ["--full", "bj-b1", "--since", "2h"]).operands, ["bj-b1"]);
  assert.deepEqual(parseCommandLine(ONE, ["--", "--odd-name"]).operands, ["--odd-name"]);
});

test("an option that may be given again is a list; short names stand for long ones", () => {
  const many = declare({
    ...NONE,
    options: {
      with: { argument: "FILE", text: "w", many: true },
      output: { argument: "FILE", text: "o", short: "o" },
      lang: { argument: "LANG", text: "l", words: ["en", "zh"], many: true },
    },
  });
  assert.deepEqual(parseCommandLine(many, []).values, { with: [], output: undefined, lang: [] });
  assert.deepEqual(parseCommandLine(many, ["--with", "a", "-o", "x", "--with=b", "--lang", "zh"]).values, {
    with: ["a", "b"],
    output: "x",
    lang: ["zh"],
  });
  assert.throws(() => parseCommandLine(many, ["--lang", "en", "--lang", "fr"]), { message: 'unknown --lang "fr": it is en or zh' });
});

test("what is not declared is refused in one line that names the help", () => {
  const refused: readonly (readonly [Declaration, readonly string[], RegExp])[] = [
    [NONE, ["--sinse"], /^Unknown option '--sinse'; see meshprobe sample --help$/],
    [NONE, ["extra"], /^Unexpected argument 'extra'; see meshprobe sample --help$/],
    [NONE, ["--since"], /^Option '--since <value>' argument missing; see meshprobe sample --help$/],
    [NONE, ["--full=yes"], /^Option '--full' does not take an argument; see/],
    [NONE, ["--format", "xml"], /^unknown --format "xml": it is text, json or html$/],
    [ONE, [], /^PEER is missing; see meshprobe sample --help$/],
    [ONE, ["a", "b"], /^too many arguments: at most 1 \(PEER\); see/],
  ];
  for (const [declaration, args, message] of refused) {
    assert.throws(() => parseCommandLine(declaration, args), { name: "UsageError", message }, args.join(" "));
  }
});
