import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A directory of its own for one test, removed after it. */
export function tempDir(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "meshprobe-test-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
