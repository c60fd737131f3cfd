import assert from "node:assert/strict";
import { test } from "node:test";
import { COMMANDS } from "../../../src/commands/commands.ts";
import { type Declaration, declare } from "../../../src/commands/command.ts";
import { commandHelp, programHelp, usageLines } from "../../../src/commands/help.ts";

const declarations = COMMANDS.map(({ declaration }) => declaration);

const SAMPLE: Declaration = declare({
  name: "sample",
  summary: "does a thing",
  description: ["A first paragraph that is long enough to go over the end of a line of sixty columns.", "A second one."],
  operands: { min: 1, max: 1, entries: [{ name: "PEER", text: "whom" }] },
  options: {
    format: { argument: "FORMAT", text: "how", words: ["text", "json"], default: "text" },
    "an-option-with-a-long-name": { argument: "FILE", text: "what" },
    output: { argument: "FILE", text: "where to", short: "o" },
    full: { text: "all of it" },
  },
  examples: [{ command: "meshprobe sample bj-b1", text: "one peer" }, { command: "meshprobe sample bj-b1 --full" }],
  exitCodes: { 1: "something was found" },
});

test("the help of a command has its usage, paragraphs, options with defaults, examples and exit codes, within the columns", () => {
  assert.equal(
    commandHelp(SAMPLE, 60),
    `meshprobe sample: does a thing

Usage: meshprobe sample PEER [OPTIONS]

A first paragraph that is long enough to go over the end of
a line of sixty columns.

A second one.

Options:
  PEER              whom
  --format FORMAT   how (default text)
  --an-option-with-a-long-name FILE
                    what
  -o, --output FILE
                    where to
  --full            all of it
  --help            this text

Examples:
  meshprobe sample bj-b1  one peer
  meshprobe sample bj-b1 --full

Exit codes: 0 fine, 1 something was found, 2 usage or
configuration.
`,
  );
});

test("usage lines: operands that must, may or may often stand there, or the forms as declared", () => {
  const entries = [
    { name: "FILE", text: "f" },
    { name: "INCIDENT", text: "i" },
  ];
  assert.deepEqual(usageLines({ ...SAMPLE, operands: { min: 1, max: 1, entries } }), ["sample FILE|INCIDENT [OPTIONS]"]);
  assert.deepEqual(usageLines({ ...SAMPLE, operands: { min: 0, max: 9, entries } }), ["sample [FILE|INCIDENT…] [OPTIONS]"]);
  const forms = { ...SAMPLE, forms: ["INCIDENT… -o FILE", "--peer NAME -o FILE"] };
  assert.deepEqual(usageLines(forms), ["sample INCIDENT… -o FILE", "sample --peer NAME -o FILE"]);
  assert.match(commandHelp(forms, 80), /^Usage: meshprobe sample INCIDENT… -o FILE\n {7}meshprobe sample --peer NAME -o FILE\n/m);
});

test("every command is listed with its summary, and its help says each of its options once", () => {
  const list = programHelp(declarations);
  for (const declaration of declarations) {
    assert.ok(list.includes(`  ${declaration.name}`) && list.includes(declaration.summary), declaration.name);
    const help = commandHelp(declaration, 100);
    for (const name of [...Object.keys(declaration.options), "help"]) {
      assert.equal(help.match(new RegExp(`^  (?:-[a-z], )?--${name}( [A-Z]+)?(  |$)`, "gm"))?.length, 1, `${declaration.name} --${name}`);
    }
    assert.ok(declaration.examples.length > 0, `${declaration.name} teaches by example`);
    for (const line of help.split("\n")) assert.ok(line.length <= 100 || line.includes("meshprobe "), `too wide: ${line}`);
  }
});

test("the words of a declaration fit into the sentences that are made of them", () => {
  for (const { name, summary, options } of declarations) {
    assert.doesNotMatch(summary, /\.$/, name);
    for (const [option, { text }] of Object.entries(options)) assert.doesNotMatch(text, /\.$|\n/, `${name} --${option}`);
  }
});
