import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { Journal } from "../../accept/journal.ts";

function fileIn(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "meshprobe-journal-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, "rows", "row.jsonl");
}

test("what was kept is there after an interruption, and half a line at the end is dropped", (t) => {
  const file = fileIn(t);
  const first = new Journal(file);
  first.keep({ number: 0 });
  first.keep({ number: 1 });
  appendFileSync(file, '{"sample":{"numb');
  const second = new Journal(file);
  assert.deepEqual(second.samples, [{ number: 0 }, { number: 1 }]);
  assert.equal(second.result, null);
  second.keep({ number: 2 });
  assert.deepEqual(new Journal(file).samples, [{ number: 0 }, { number: 1 }, { number: 2 }]);
});

test("a finished row keeps its result", (t) => {
  const file = fileIn(t);
  const result = { samples: 1, figures: { median_s: 0.1 }, bar: "≤ 0.25 s", passed: true };
  const journal = new Journal(file);
  journal.keep({ number: 0 });
  journal.finish(result);
  assert.deepEqual(new Journal(file).result, result);
});
