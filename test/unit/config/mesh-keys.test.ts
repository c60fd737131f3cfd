import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { ConfigError } from "../../../src/config/config-error.ts";
import { loadMeshKeys } from "../../../src/config/mesh-keys.ts";

const FIXTURES = join(import.meta.dirname, "../../fixtures/mesh-keys");

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "meshprobe-keys-"));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A copy of the fixture that only its owner may read, or whoever `mode` says. */
function keyFile(t: TestContext, fixture: string, mode = 0o600): string {
  const file = join(folder(t), "mesh.key");
  copyFileSync(join(FIXTURES, fixture), file);
  chmodSync(file, mode);
  return file;
}

function refusal(file: string): ConfigError {
  try {
    loadMeshKeys(file);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error;
  }
  return assert.fail("it was taken");
}

describe("a key file is refused", () => {
  const mistakes: Readonly<Record<string, { readonly code: string; readonly says: string }>> = {
    "invalid-empty.key": { code: "empty", says: ": holds no key; write one on a line of its own: openssl rand -hex 32" },
    "invalid-only-comments.key": { code: "empty", says: ": holds no key; write one on a line of its own: openssl rand -hex 32" },
    "invalid-short.key": { code: "range", says: ":4:1: key of 31 characters; at least 32 are wanted: openssl rand -hex 32" },
    "invalid-nine.key": { code: "range", says: ":9:1: more than 8 keys; remove the oldest" },
  };
  for (const [fixture, { code, says }] of Object.entries(mistakes)) {
    test(fixture, (t) => {
      const file = keyFile(t, fixture);
      const error = refusal(file);
      assert.deepEqual([error.code, error.message], [code, `${file}${says}`]);
    });
  }

  test("that others may read, write or run, whatever is in it", (t) => {
    for (const mode of [0o604, 0o602, 0o601, 0o644]) {
      const file = keyFile(t, "valid-rotated.key", mode);
      const error = refusal(file);
      const shown = `0${mode.toString(8)}`;
      assert.deepEqual(
        [error.code, error.message],
        ["unsafe", `${file}: may be read by other users (mode ${shown}), who could sign with it; chmod o= ${file}`],
      );
    }
  });

  test("that is not there, or is a directory", (t) => {
    const place = folder(t);
    const missing = join(place, "none.key");
    assert.deepEqual(
      [refusal(missing).code, refusal(missing).message],
      ["unreadable", `${missing}: mesh key cannot be read: ENOENT; create it (openssl rand -hex 32) or remove mesh.key_file`],
    );
    chmodSync(place, 0o700);
    assert.deepEqual([refusal(place).code, refusal(place).message], ["unreadable", `${place}: is not a regular file; name one`]);
  });

  test("that is a FIFO, without waiting for somebody to write into it", (t) => {
    const fifo = join(folder(t), "fifo");
    execFileSync("mkfifo", ["-m", "600", fifo]);
    const module = new URL("../../../src/config/mesh-keys.ts", import.meta.url).href;
    const script = `import(${JSON.stringify(module)}).then((m) => { try { m.loadMeshKeys(process.argv[1]); } catch (error) { console.log(error.message); } })`;
    const said = execFileSync(process.execPath, ["-e", script, fifo], { encoding: "utf8", timeout: 10_000 });
    assert.equal(said, `${fifo}: is not a regular file; name one\n`);
  });

  test("without a word of the key in the message", (t) => {
    for (const fixture of Object.keys(mistakes)) assert.doesNotMatch(refusal(keyFile(t, fixture)).message, /tooshort|number 9|0f1e/);
  });
});

test("keys are the bytes of their trimmed lines, in order, the first signs; comments, empty lines and Windows line ends are none", (t) => {
  const keys = loadMeshKeys(keyFile(t, "valid-rotated.key"));
  assert.deepEqual(
    keys.map((key) => Buffer.from(key, "hex").toString("utf8")),
    [1, 2].map((number) => `key number ${number} of more than thirty-two characters`),
  );
});

test("eight keys are taken, and a group that may read them", (t) => {
  assert.equal(loadMeshKeys(keyFile(t, "valid-eight.key", 0o640)).length, 8);
});
