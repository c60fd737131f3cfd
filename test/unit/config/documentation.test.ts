/** The documentation against the parser, which is asked like a stranger: by what it refuses. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { stringify } from "yaml";
import { DATA_DIR, PEER_KEYS, SECTIONS } from "../../../src/config/documentation.ts";
import type { KeyText } from "../../../src/config/key-text.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { Stranger } from "./stranger.ts";

const STRANGER = new Stranger((text) => parseConfig(text, { file: "/f/peers.yaml", hostName: "this-node" }));
const COLLECTOR_URL = "https://a.example";

function documented(keys: readonly KeyText[], path: string): string[] {
  return keys.flatMap((text) => (text.keys === undefined ? [`${path}${text.key}`] : documented(text.keys, `${path}${text.key}.`)));
}

function each(run: (text: KeyText, path: readonly string[]) => void): void {
  const visit = (keys: readonly KeyText[], path: readonly string[]): void =>
    keys.forEach((text) => {
      run(text, [...path, text.key]);
      visit(text.keys ?? [], [...path, text.key]);
    });
  visit([DATA_DIR], []);
  for (const { section, keys } of SECTIONS) visit(keys, [section]);
}

function at(path: readonly string[], value: unknown): unknown {
  const whole = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>;
  return path[0] === "collector" ? { collector: { url: COLLECTOR_URL, ...(whole["collector"] as object) } } : whole;
}

test("the parser and the documentation know the same keys", () => {
  const ours = [DATA_DIR.key, "peers", ...SECTIONS.flatMap(({ section, keys }) => documented(keys, `${section}.`))];
  assert.deepEqual(STRANGER.allKeys().sort(), ours.sort());
  assert.ok(ours.length > 25, "the walk found next to nothing");
  assert.deepEqual(STRANGER.knownKeys((value) => ({ peers: [value] })).sort(), PEER_KEYS.map(({ key }) => key).sort());
});

test("both ends of every documented range are taken, and the parser names the same two when a value is beyond", () => {
  let ranges = 0;
  const check = (text: KeyText, put: (value: unknown) => unknown): void => {
    STRANGER.checkRange(text, put);
    ranges++;
  };
  each((text, path) => {
    if (text.range !== undefined) check(text, (value) => at(path, value));
  });
  for (const text of PEER_KEYS) {
    if (text.range !== undefined) check(text, (value) => ({ peers: [{ name: "a", address: "10.0.0.1", [text.key]: value }] }));
  }
  assert.ok(ranges > 20, `${ranges} ranges`);
});

test("a key with its documented default makes the same configuration as a file without it", () => {
  const plain = parseConfig("peers: []", { file: "/f/peers.yaml", hostName: "this-node" });
  let defaults = 0;
  each((text, path) => {
    if (text.default === null || path[0] === "collector" || text.value === "map") return;
    const written = parseConfig(stringify(at(path, text.default === "true" ? true : text.default)), { file: "/f/peers.yaml", hostName: "this-node" });
    assert.deepEqual(written, plain, path.join("."));
    defaults++;
  });
  assert.ok(defaults > 15, `${defaults} defaults`);
});

test("the words of a key are those of the parser", () => {
  let keys = 0;
  each((text, path) => {
    assert.equal(text.words !== undefined, text.value === "word", text.key);
    if (text.words === undefined) return;
    assert.equal(
      STRANGER.words((value) => at(path, value)),
      text.words.join(", "),
      text.key,
    );
    keys++;
  });
  assert.ok(keys > 0);
});

test("every range has values that the parser counts, and every numeric key has a range", () => {
  each((text) => {
    const isNumber = ["duration", "integer", "rate", "bit rate", "size"].includes(text.value);
    assert.equal(text.range !== undefined, isNumber, text.key);
  });
});
