import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { RunDelay } from "../../../src/wire/socket/run-delay.ts";

describe("how long a process waited for a processor", () => {
  const directory = mkdtempSync(join(tmpdir(), "meshprobe-run-delay-"));
  const file = join(directory, "schedstat");
  after(() => rmSync(directory, { recursive: true, force: true }));

  test("is the second figure of schedstat, ns, read anew each time", () => {
    writeFileSync(file, "18446744073709551615 105167 42\n");
    const delay = new RunDelay(file);
    assert.equal(delay.totalUs(), 105.167);
    for (const ns of [0, 7, 999_999_999_999_999]) {
      writeFileSync(file, `1 ${ns} 3\n`);
      assert.equal(delay.totalUs(), ns / 1000);
    }
  });

  test("is 0 where the kernel does not tell", () => {
    assert.equal(new RunDelay(join(directory, "missing")).totalUs(), 0);
    for (const text of ["", "0\n"]) {
      writeFileSync(file, text);
      assert.equal(new RunDelay(file).totalUs(), 0);
    }
  });
});
