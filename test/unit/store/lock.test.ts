import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { lockDataDir } from "../../../src/store/lock.ts";
import { tempDir } from "./temp-dir.ts";

test("a second agent on the same directory is refused and told the pid; after release it may start", (t) => {
  const dir = tempDir(t);
  const lock = lockDataDir(dir, 4242);
  assert.throws(() => lockDataDir(dir, 4243), {
    name: "StoreError",
    code: "locked",
    message: `Cannot start: another agent (pid 4242) is running on ${dir}; stop it, or give this one another data_dir`,
  });
  lock.release();
  const next = lockDataDir(dir, 4244);
  assert.throws(() => lockDataDir(dir, 4245), /pid 4244/);
  next.release();
});

/** A process that takes the lock, lets go of the object, collects garbage and says so; it lives until it is killed. */
async function holderOf(t: TestContext, dir: string): Promise<ChildProcess> {
  const module = new URL("../../../src/store/lock.ts", import.meta.url).href;
  const script = `import(${JSON.stringify(module)}).then(async (m) => {
    m.lockDataDir(${JSON.stringify(dir)}, process.pid);
    for (let i = 0; i < 5; i++) { globalThis.gc(); await new Promise((resolve) => setImmediate(resolve)); }
    console.log("held");
    setInterval(() => {}, 1000);
  })`;
  const holder = spawn(process.execPath, ["--expose-gc", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => holder.kill("SIGKILL"));
  await once(holder.stdout, "data");
  return holder;
}

test("the lock is held as long as the process lives, also when its object was garbage-collected, and is gone when it was killed", async (t) => {
  const dir = tempDir(t);
  const holder = await holderOf(t, dir);
  assert.throws(() => lockDataDir(dir, 1), new RegExp(`pid ${holder.pid}\\)`));
  holder.kill("SIGKILL");
  await once(holder, "exit");
  lockDataDir(dir, 1).release();
});

test("a damaged lock file says that it may be deleted", (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, "agent.lock"), "x".repeat(5000));
  assert.throws(() => lockDataDir(dir, 1), /agent\.lock is damaged; it holds no data, delete it/);
});
