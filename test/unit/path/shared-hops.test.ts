import assert from "node:assert/strict";
import { test } from "node:test";
import type { Hop } from "../../../src/path/hop.ts";
import { firstUnsharedTtl } from "../../../src/path/shared-hops.ts";
import { hop } from "./hop-builder.ts";

/** One letter a hop, `?` for one that is not known. */
function path(letters: string, firstTtl = 1): Hop[] {
  return letters.split("").map((letter, index) => hop(firstTtl + index, letter === "?" ? null : `10.0.0.${letter.charCodeAt(0)}`));
}

test("with nothing running a trace starts at the first hop, known path or not", () => {
  assert.deepEqual(firstUnsharedTtl([], []), { ttl: 1, sharesWith: [] });
});

test("a trace starts behind the hops that it shares", () => {
  assert.deepEqual(firstUnsharedTtl(path("abcz"), [path("abx")]), { ttl: 3, sharesWith: [0] });
  assert.deepEqual(firstUnsharedTtl(path("abcz"), [path("axy"), path("pqr"), path("abw")]), { ttl: 3, sharesWith: [0, 2] });
});

test("paths without a common hop start at the first", () => {
  assert.deepEqual(firstUnsharedTtl(path("abz"), [path("pqr")]), { ttl: 1, sharesWith: [] });
});

test("a trace starts behind the last shared hop where paths meet again, also at another TTL", () => {
  assert.deepEqual(firstUnsharedTtl(path("abcdz"), [path("apcx")]), { ttl: 4, sharesWith: [0] });
  assert.deepEqual(firstUnsharedTtl(path("abcdz"), [path("adx")]), { ttl: 5, sharesWith: [0] });
});

test("hops that a running trace skips are free", () => {
  assert.deepEqual(firstUnsharedTtl(path("abcz"), [path("xy", 3)]), { ttl: 1, sharesWith: [] });
});

test("two traces to one target wait for each other", () => {
  assert.equal(firstUnsharedTtl(path("abz"), [path("abz")]), null);
});

test("an unknown path waits", () => {
  assert.equal(firstUnsharedTtl([], [path("abz")]), null);
  assert.equal(firstUnsharedTtl(path("abz"), [[]]), null);
});

test("a hop that is not known counts as shared", () => {
  assert.deepEqual(firstUnsharedTtl(path("a?cz"), [path("abx")]), { ttl: 3, sharesWith: [0] });
  assert.deepEqual(firstUnsharedTtl(path("abcz"), [path("a?x")]), { ttl: 3, sharesWith: [0] });
});

test("a path that ends in silence is unknown from there on", () => {
  assert.equal(firstUnsharedTtl(path("abc?"), [path("abx")]), null);
  assert.equal(firstUnsharedTtl(path("abcz"), [path("ab?")]), null);
});
