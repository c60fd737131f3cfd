/** A parser of configurations, asked like a stranger would: by what it refuses. So the documentation of keys is held against what is, and not against our lists. */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import { ConfigError } from "../../../src/config/config-error.ts";
import type { KeyText } from "../../../src/config/key-text.ts";

/** Looks like no key, so that the parser lists those it knows. */
const NONSENSE = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";

/** Puts a value at the place that is asked about. */
export type Put = (value: unknown) => unknown;

export class Stranger {
  readonly #parse: (text: string) => unknown;

  constructor(parse: (text: string) => unknown) {
    this.#parse = parse;
  }

  refusal(value: unknown): ConfigError | null {
    try {
      this.#parse(stringify(value));
      return null;
    } catch (error) {
      assert.ok(error instanceof ConfigError, String(error));
      return error;
    }
  }

  /** Empty where the parser takes no keys of its own choosing. */
  knownKeys(put: Put): string[] {
    const listed = /known here: (.*)$/.exec(this.refusal(put({ [NONSENSE]: 1 }))?.message ?? "")?.[1];
    return listed === undefined ? [] : listed.split(", ");
  }

  /** All keys that the parser knows, as dotted paths of those that hold values. */
  allKeys(put: Put = (value) => value, path = ""): string[] {
    const keys = this.knownKeys(put);
    if (keys.length === 0) return [path];
    return keys.flatMap((key) => this.allKeys((value) => put({ [key]: value }), path === "" ? key : `${path}.${key}`));
  }

  /** Both ends of the documented range are taken, and the same two are named when a value is beyond. */
  checkRange(text: KeyText, put: Put): void {
    const [min, max] = text.range ?? assert.fail();
    for (const [end, beyond] of [
      [min, under(min)],
      [max, over(max)],
    ] as const) {
      // Other keys may forbid it (detect.merge, detect.window), the range does not.
      assert.notEqual(this.refusal(put(end))?.code, "range", `${text.key}: ${end}`);
      if (beyond === null) continue;
      const error = this.refusal(put(beyond));
      assert.equal(error?.code, "range", `${text.key}: ${beyond}`);
      assert.ok(error.message.includes(`use ${min} to ${max}, because`), `${text.key}: documented ${min} to ${max}, but ${error.message}`);
    }
  }

  /** What the parser lists for a word that is none. */
  words(put: Put): string | undefined {
    return /use one of (.*)$/.exec(this.refusal(put(NONSENSE))?.message ?? "")?.[1];
  }
}

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
