/** The documentation against the parser, which is asked like a stranger: by what it refuses. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { stringify } from "yaml";
import { ConfigError } from "../../../src/config/config-error.ts";
import { DATA_DIR, type KeyText, PEER_KEYS, SECTIONS } from "../../../src/config/documentation.ts";
import { parseConfig } from "../../../src/config/parse.ts";

/** Looks like no key, so that the parser lists those it knows. */
const NONSENSE = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";
const REQUIRED_FIRST = { name: "a", address: "10.0.0.1", url: "https://a.example" };

function refusal(value: unknown): ConfigError | null {
  try {
    parseConfig(stringify(value), { file: "/f/peers.yaml", hostName: "this-node" });
    return null;
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error;
  }
}

/** `wrap` puts a map at the place that is asked about. Empty where the parser takes no keys of its own choosing. */
function knownKeys(wrap: (value: unknown) => unknown): string[] {
  const listed = /known here: (.*)$/.exec(refusal(wrap({ [NONSENSE]: 1 }))?.message ?? "")?.[1];
  return listed === undefined ? [] : listed.split(", ");
}

/** All keys that the parser knows, as dotted paths of those that hold values. */
function walk(wrap: (value: unknown) => unknown, path: string): string[] {
  const keys = knownKeys(wrap);
  if (keys.length === 0) return [path];
  return keys.flatMap((key) => walk((value) => wrap({ [key]: value }), path === "" ? key : `${path}.${key}`));
}

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
  return path[0] === "collector" ? { collector: { url: REQUIRED_FIRST.url, ...(whole["collector"] as object) } } : whole;
}

test("the parser and the documentation know the same keys", () => {
  const ours = [DATA_DIR.key, "peers", ...SECTIONS.flatMap(({ section, keys }) => documented(keys, `${section}.`))];
  assert.deepEqual(walk((value) => value, "").sort(), ours.sort());
  assert.ok(ours.length > 25, "the walk found next to nothing");
  assert.deepEqual(knownKeys((value) => ({ peers: [value] })).sort(), PEER_KEYS.map(({ key }) => key).sort());
});

test("both ends of every documented range are taken, and the parser names the same two when a value is beyond", () => {
  let ranges = 0;
  const check = (text: KeyText, put: (value: string) => unknown): void => {
    const [min, max] = text.range ?? assert.fail();
    for (const [end, beyond] of [
      [min, under(min)],
      [max, over(max)],
    ] as const) {
      // Other keys may forbid it (detect.merge, detect.window), the range does not.
      assert.notEqual(refusal(put(end))?.code, "range", `${text.key}: ${end}`);
      if (beyond === null) continue;
      const error = refusal(put(beyond));
      assert.equal(error?.code, "range", `${text.key}: ${beyond}`);
      assert.ok(error.message.includes(`use ${min} to ${max}, because`), `${text.key}: documented ${min} to ${max}, but ${error.message}`);
    }
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
    assert.equal(/use one of (.*)$/.exec(refusal(at(path, NONSENSE))?.message ?? "")?.[1], text.words.join(", "), text.key);
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

function under(end: string): string | null {
  return scaled(end, (number) => (number === 0 ? -1 : number - (Number.isInteger(number) && number < 2 ? 0.5 : 1)));
}

function over(end: string): string | null {
  return scaled(end, (number) => number + 1);
}

/** Null where the number so made cannot be written (half a probe, a negative time). */
function scaled(end: string, change: (number: number) => number): string | null {
  const [, digits, unit = ""] = /^(\d+)(.*)$/.exec(end) ?? assert.fail(end);
  const number = change(Number(digits));
  return number < 0 || (unit === "" && !Number.isInteger(number)) ? null : `${number}${unit}`;
}
