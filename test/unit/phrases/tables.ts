/** What every table of phrases must hold, whatever it is about. */
import assert from "node:assert/strict";
import { type Dictionary, type Pair, translator } from "../../../src/phrases/phrase.ts";
import { fill } from "../../../src/verdict/words.ts";

export function places(template: string): string[] {
  return [...template.matchAll(/\{(\w+)\}/g)].map(([, place = ""]) => place).sort();
}

/** A value for each place that cannot be mistaken for another. */
function valuesFor(template: string, parts: readonly string[]): Record<string, string> {
  return Object.fromEntries(places(template).map((place, index) => [place, isPart(place) ? (parts[index % parts.length] ?? "") : `${701 + index}`]));
}

/** Every phrase, said, is known again, and comes out as the Chinese template with the same values; none is taken for another. */
export function assertTranslates({ phrases, parts }: Dictionary, latin: RegExp): void {
  const translate = translator({ phrases, parts });
  const inner = translator({ phrases: parts, parts });
  const templates = parts.flatMap(({ from }) => Object.values(from));
  const [composed, plain] = [
    templates.filter((template) => places(template).some(isPart)),
    templates.filter((template) => !places(template).some(isPart)),
  ];
  const simple = plain.map((template) => fill(template, valuesFor(template, [])));
  const samples = [...simple, ...composed.map((template) => fill(template, valuesFor(template, simple)))];
  for (const part of samples) assertChinese(inner(part), part, latin);
  for (const pair of phrases) for (const name of Object.keys(pair.from)) assertPhrase(pair, name, { translate, inner, samples, latin });
}

function isPart(place: string): boolean {
  return place === place.toUpperCase();
}

interface Around {
  readonly translate: (text: string) => string;
  readonly inner: (text: string) => string;
  readonly samples: readonly string[];
  readonly latin: RegExp;
}

function assertPhrase({ from, to }: Pair, name: string, { translate, inner, samples, latin }: Around): void {
  const [english = "", chinese = ""] = [from[name], to[name]];
  assert.deepEqual(places(chinese), places(english), name);
  const values = valuesFor(english, samples);
  const text = fill(english, values);
  const expected = fill(chinese, Object.fromEntries(Object.entries(values).map(([place, value]) => [place, isPart(place) ? inner(value) : value])));
  assert.equal(translate(text), expected, name);
  assertChinese(expected, text, latin);
}

function assertChinese(chinese: string, english: string, latin: RegExp): void {
  assert.doesNotMatch(chinese.replaceAll(latin, ""), /[A-Za-z]|, |; |[^.]\. |\{/, `${english} → ${chinese}`);
}
