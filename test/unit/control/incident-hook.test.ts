import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { IncidentHook, MAX_WAITING, type HookOptions } from "../../../src/control/incident-hook.ts";
import { FakeLog } from "../capture/fake-log.ts";
import { tempDir } from "../store/temp-dir.ts";

interface Room {
  readonly hook: IncidentHook;
  readonly log: FakeLog;
  readonly directory: string;
}

/** The script is run by sh; $1 is a directory of its own. */
function room(t: TestContext, script: string, options: Partial<HookOptions> = {}): Room {
  const directory = tempDir(t);
  const file = join(directory, "hook.sh");
  writeFileSync(file, script);
  const log = new FakeLog();
  const hook = new IncidentHook({
    command: ["/bin/sh", file, directory],
    log,
    body: ({ incidentId }) => ({ incident: { id: incidentId } }),
    ...options,
  });
  t.after(() => hook.stop());
  return { hook, log, directory };
}

/** Told after the others, it ends the wait for them. */
async function done({ hook, directory }: Room, others: number): Promise<void> {
  const lines = (): number => (existsSync(join(directory, "out")) ? readFileSync(join(directory, "out"), "utf8").split("\n").length - 1 : 0);
  while (lines() < others) await new Promise((resolve) => setTimeout(resolve, 10));
  await hook.stop();
}

test("the program gets the news on its stdin, in order, one at a time, with a small environment", async (t) => {
  const here = room(t, 'mkdir "$1/lock" || exit 9; cat >> "$1/out"; env > "$1/env"; rmdir "$1/lock"');
  process.env["MESHPROBE_SECRET"] = "s3cret";
  t.after(() => delete process.env["MESHPROBE_SECRET"]);
  here.hook.tell("opened", "a");
  here.hook.tell("judged", "a");
  here.hook.tell("closed", "b");
  await done(here, 3);
  const heard = readFileSync(join(here.directory, "out"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(heard, [
    { schema: "meshprobe.hook/1", event: "opened", incident: { id: "a" } },
    { schema: "meshprobe.hook/1", event: "judged", incident: { id: "a" } },
    { schema: "meshprobe.hook/1", event: "closed", incident: { id: "b" } },
  ]);
  assert.doesNotMatch(readFileSync(join(here.directory, "env"), "utf8"), /s3cret/);
  assert.deepEqual(here.log.said, []);
});

test("a program that fails is logged with the last line of its stderr, and the next news is told", async (t) => {
  const here = room(t, 'echo first >&2; echo "no route to pager" >&2; cat >> "$1/out"; exit 3');
  here.hook.tell("opened", "a");
  here.hook.tell("closed", "a");
  while (here.log.said.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(here.log.said, ["warn hooks.incident failed: no route to pager", "warn hooks.incident failed: no route to pager"]);
});

test("one that hangs is killed with all of its group when its time is over", async (t) => {
  const here = room(t, 'trap "" TERM; (trap "" TERM; echo $! > /dev/null; sleep 600) & echo $! > "$1/child"; echo x >> "$1/out"; wait', {
    limitMs: 300,
  });
  here.hook.tell("opened", "a");
  while (here.log.said.length < 1) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.match(here.log.said.join(), /longer than 0\.3 s and was killed/);
  const child = Number(readFileSync(join(here.directory, "child"), "utf8"));
  // Nobody may have asked for its exit code yet.
  const isGone = (): boolean => !existsSync(`/proc/${child}/stat`) || readFileSync(`/proc/${child}/stat`, "utf8").includes(") Z ");
  while (!isGone()) await new Promise((resolve) => setTimeout(resolve, 10));
});

test("one that does not read, or that is not there, does no harm", async (t) => {
  const big = "x".repeat(2_000_000);
  const deaf = room(t, 'echo x >> "$1/out"', { body: () => ({ big }) });
  deaf.hook.tell("opened", "a");
  await done(deaf, 1);
  assert.deepEqual(deaf.log.said, []);
  const none = room(t, "", { command: ["/no/such/program"] });
  none.hook.tell("opened", "a");
  while (none.log.said.length < 1) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.match(none.log.said.join(), /could not be started: ENOENT/);
});

test("what waits is bounded, and what is dropped is said once", async (t) => {
  const here = room(t, 'echo x >> "$1/out"; sleep 600');
  for (let n = 0; n < MAX_WAITING + 50; n++) here.hook.tell("opened", `i${n}`);
  assert.deepEqual(here.log.said, ["warn hooks.incident is slower than the incidents: some are not told"]);
  await done(here, 1);
});

test("an incident that is gone, or cannot be read, is passed over", async (t) => {
  const here = room(t, 'cat >> "$1/out"', {
    body: ({ incidentId }) => {
      if (incidentId === "broken") throw new Error("the disk is gone");
      return incidentId === "gone" ? null : { incident: incidentId };
    },
  });
  for (const id of ["gone", "broken", "there"]) here.hook.tell("closed", id);
  await done(here, 1);
  assert.match(readFileSync(join(here.directory, "out"), "utf8"), /"there"/);
  assert.deepEqual(here.log.said, ["warn hooks.incident failed: the disk is gone"]);
});
