import assert from "node:assert/strict";
import { test } from "node:test";
import { newId } from "../../../src/capture/ids.ts";

test("forty thousand names of one second are all different, and say the second", () => {
  const atMs = Date.UTC(2026, 10, 21, 4, 12, 3, 120);
  const names = Array.from({ length: 40_000 }, () => newId(atMs));
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(name, /^20261121T041203-[0-9a-f]{4}$/);
});
