import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";

/** Prints each module that is loaded from a package, or from src/ outside the rooms that only hold words. */
const WATCH = `
import { registerHooks } from "node:module";
registerHooks({ resolve(specifier, context, next) {
  const found = next(specifier, context);
  process.stdout.write(found.url + "\\n");
  return found;
} });
await import(process.argv[1]);
`;

test("all declarations together load no package: the report must not pay for the agent", () => {
  const list = new URL("../../../src/commands/commands.ts", import.meta.url).href;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", WATCH, list], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  const loaded = stdout.split("\n").filter((url) => url !== "");
  assert.ok(
    loaded.some((url) => url.endsWith("/src/commands/report.ts")),
    stdout,
  );
  assert.deepEqual(
    loaded.filter((url) => url.includes("/node_modules/")),
    [],
    "load it inside run, with await import(…)",
  );
});
