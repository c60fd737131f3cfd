/** The documentation of collector.yaml against its parser, as for peers.yaml. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { stringify } from "yaml";
import { COLLECTOR_ENTRIES } from "../../../../src/collector/config/documentation.ts";
import { parseCollectorConfig } from "../../../../src/collector/config/parse.ts";
import type { KeyText } from "../../../../src/config/key-text.ts";
import { Stranger } from "../../config/stranger.ts";

const parse = (text: string): unknown => parseCollectorConfig(text, "/f/collector.yaml");
const STRANGER = new Stranger(parse);
type Placed = readonly [path: readonly string[], text: KeyText];
const KEYS = COLLECTOR_ENTRIES.flatMap((one): Placed[] =>
  "section" in one ? one.keys.map((text): Placed => [[one.section, text.key], text]) : [[[one.key], one]],
);

const at = (path: readonly string[], value: unknown): unknown => path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);

test("the parser and the documentation know the same keys", () => {
  assert.deepEqual(STRANGER.allKeys().sort(), KEYS.map(([path]) => path.join(".")).sort());
  assert.ok(KEYS.length >= 10, "the walk found next to nothing");
});

test("both ends of every documented range are taken, and the parser names the same two when a value is beyond", () => {
  const ranges = KEYS.filter(([, text]) => text.range !== undefined);
  for (const [path, text] of ranges) STRANGER.checkRange(text, (value) => at(path, value));
  assert.equal(ranges.length, KEYS.filter(([, text]) => text.value === "duration").length);
  assert.ok(ranges.length > 0);
});

test("a key with its documented default makes the same configuration as a file without it", () => {
  const plain = parse("log: {}");
  const defaults = KEYS.filter(([, text]) => text.default !== null);
  for (const [path, text] of defaults) assert.deepEqual(parse(stringify(at(path, text.default))), plain, path.join("."));
  assert.ok(defaults.length > 5);
});

test("the words of a key are those of the parser", () => {
  const words = KEYS.filter(([, text]) => text.value === "word");
  for (const [path, text] of words)
    assert.equal(
      STRANGER.words((value) => at(path, value)),
      text.words?.join(", "),
    );
  assert.equal(words.length, 1);
});
