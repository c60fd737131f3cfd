/** The grammar of Prometheus' text format 0.0.4, strictly: throws for anything that a scraper would refuse, or that promtool would complain of. */
import assert from "node:assert/strict";

export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/;
const VALUE = /^(?:[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?|[-+]?Inf|NaN)$/i;

/** By family. */
export function parseExposition(text: string): Map<string, ParsedSample[]> {
  assert.ok(text.endsWith("\n"), "ends with a line feed");
  const families = new Map<string, ParsedSample[]>();
  const seen = new Set<string>();
  let family = { name: "", type: "" };
  let help = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line);
    if (comment?.[1] === "HELP") {
      help = comment[2] as string;
      assert.match(comment[3] as string, /^(?:[^\\]|\\[\\n])*$/);
    } else if (comment?.[1] === "TYPE") {
      const [, , name = "", type = ""] = comment;
      assert.equal(name, help, "HELP stands before TYPE");
      assert.match(name, NAME);
      assert.match(type, /^(?:counter|gauge|histogram|summary|untyped)$/);
      assert.ok(!families.has(name), `${name} comes once`);
      if (type === "counter") assert.match(name, /_total$/);
      families.set(name, []);
      family = { name, type };
    } else {
      const sample = parseSample(line);
      const suffixes = family.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
      assert.ok(
        suffixes.some((suffix) => sample.name === family.name + suffix),
        `${sample.name} belongs to ${family.name}`,
      );
      const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
      assert.ok(!seen.has(key), `${key} comes once`);
      seen.add(key);
      families.get(family.name)?.push(sample);
    }
  }
  for (const [name, samples] of families) if (samples.some((sample) => sample.name === `${name}_bucket`)) checkHistogram(name, samples);
  return families;
}

function parseSample(line: string): ParsedSample {
  const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s.exec(line);
  assert.ok(match !== null, line);
  const [, name = "", inside = "", value = ""] = match;
  assert.match(value, VALUE);
  const labels: Record<string, string> = {};
  for (let rest = inside; rest !== "";) {
    const label = LABEL.exec(rest);
    assert.ok(label !== null, `labels of ${line}`);
    const [whole, key = "", escaped = ""] = label;
    assert.ok(!Object.hasOwn(labels, key), `${key} comes once`);
    labels[key] = escaped.replace(/\\(.)/g, (_, character: string) => (character === "n" ? "\n" : character));
    rest = rest.slice(whole.length);
  }
  return { name, labels, value: value.endsWith("Inf") ? (value.startsWith("-") ? -Infinity : Infinity) : Number(value) };
}

function checkHistogram(name: string, samples: readonly ParsedSample[]): void {
  const series = new Map<string, ParsedSample[]>();
  for (const sample of samples) {
    const { le: _, ...others } = sample.labels;
    const key = JSON.stringify(others);
    series.set(key, [...(series.get(key) ?? []), sample]);
  }
  for (const [key, own] of series) {
    const buckets = own.filter((sample) => sample.name === `${name}_bucket`);
    const ends = buckets.map(({ labels }) => (labels["le"] === "+Inf" ? Infinity : Number(labels["le"])));
    assert.deepEqual(
      ends,
      [...ends].sort((a, b) => a - b),
      `${key}: buckets in order`,
    );
    buckets.reduce((before, { value }) => (assert.ok(value >= before, `${key}: cumulative`), value), 0);
    assert.equal(ends.at(-1), Infinity);
    const count = own.filter((sample) => sample.name === `${name}_count`);
    assert.deepEqual(
      count.map(({ value }) => value),
      [buckets.at(-1)?.value],
      `${key}: count`,
    );
    assert.equal(own.filter((sample) => sample.name === `${name}_sum`).length, 1);
  }
}
