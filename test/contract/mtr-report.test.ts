/** Our table against the installed mtr's own, over the same answers: a helper in place of mtr-packet answers without a packet and notes what it answered. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import process from "node:process";
import { readMtr } from "../../src/path/mtr-raw.ts";
import { hopRows, mtrLines } from "../../src/report/page/mtr-table.ts";
import { tempDir } from "../unit/store/temp-dir.ts";

const HELPER = join(import.meta.dirname, "../fixtures/mtr/answering-packet.ts");
const TARGET = "127.9.9.9";
const CYCLES = 4;

test("the table of the page is that of mtr --report-wide, to the character, over the same answers", (t) => {
  const dir = tempDir(t);
  const helper = join(dir, "packet");
  const answered = join(dir, "answered.raw");
  writeFileSync(helper, `#!/bin/sh\nexec '${process.execPath}' '${HELPER}'\n`);
  chmodSync(helper, 0o755);
  const table = execFileSync("mtr", ["--report-wide", "-n", "-c", String(CYCLES), "-i", "1", "-G", "1", TARGET], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], LC_ALL: "C", MTR_PACKET: helper, ANSWERED: answered },
  });
  const [start, ...printed] = table.trimEnd().split("\n");
  assert.match(start ?? "", /^Start: /);
  const lines = readFileSync(answered, "utf8")
    .trimEnd()
    .split("\n")
    .map((text, index) => ({ atMs: index, text }));
  const { hops, reached } = readMtr(lines, { target: TARGET, graceMs: 0 });
  assert.equal(reached, true);
  assert.deepEqual(mtrLines(hopRows(hops), hostname()), printed);
  assert.match(printed.join("\n"), / 2\.\|-- 10\.0\.0\.2 +25\.0% /, "the figures are of lossy hops too");
  assert.match(printed.join("\n"), / 3\.\|-- \?\?\? +100\.0 /);
  assert.equal(printed.length, 7, "five hops, a head, a second address");
});
