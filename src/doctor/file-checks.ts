/**
 * The files of the agent, as the user who runs it meets them: that it can read its configuration and keys, that nobody else can change or read them, that it can
 * write its data. The classic: the agent was tried once as root, and its databases belong to root since.
 */
import { dirname, join } from "node:path";
import { fail, ok, type Verdict, warn } from "./finding.ts";
import { closedDirectory, ENTER, mayAccess, READ, type Runner, runnerName, WRITE } from "./runner.ts";
import type { System } from "./system.ts";

const GROUP_OR_OTHERS_WRITE = 0o022;
const OTHERS_READ = 0o007;

export interface FilesOptions {
  readonly file: string;
  readonly runner: Runner;
}

export function checkConfigFile(system: System, { file, runner }: FilesOptions): Verdict {
  const facts = system.file(file);
  if (facts === null) return fail(`${file} cannot be seen by this user`, "run the doctor as root");
  const closed = closedDirectory(system, file, runner);
  if (closed !== null) return fail(`${file} cannot be reached by ${runnerName(runner)}`, `chmod a+x ${closed}`);
  if (!mayAccess(facts, runner, READ)) return fail(`${file} cannot be read by ${runnerName(runner)} (${shown(facts.mode)})`, `chmod a+r ${file}`);
  if ((facts.mode & GROUP_OR_OTHERS_WRITE) !== 0) return warn(`${file} may be changed by other users (${shown(facts.mode)})`, `chmod go-w ${file}`);
  return ok(`${file} is valid, and readable by ${runnerName(runner)}`);
}

/** A key or token: for the agent's user, and nobody else. */
export function checkSecret(system: System, { file, runner }: FilesOptions): Verdict {
  const facts = system.file(file);
  if (facts === null) return fail(`${file} does not exist, or this user cannot see it`, "create it, or remove its key from the configuration");
  const closed = closedDirectory(system, file, runner);
  if (closed !== null) return fail(`${file} cannot be reached by ${runnerName(runner)}`, `chmod a+x ${closed}`);
  if ((facts.mode & OTHERS_READ) !== 0) return fail(`${file} may be used by every user (${shown(facts.mode)})`, `chmod o= ${file}`);
  if (!mayAccess(facts, runner, READ))
    return fail(`${file} cannot be read by ${runnerName(runner)} (${shown(facts.mode)})`, `chgrp it to the agent's group, and chmod g+r ${file}`);
  return ok(`${file} is readable by ${runnerName(runner)} alone (${shown(facts.mode)})`);
}

const DATABASES: readonly string[] = ["evidence.db", "metrics.db", "agent.lock"];

export function checkDataDir(system: System, { file: dir, runner }: FilesOptions): Verdict {
  const facts = system.file(dir);
  if (facts === null) return checkFutureDataDir(system, { file: dir, runner });
  if (facts.kind !== "directory") return fail(`${dir} is not a directory`, "move it away, or set data_dir");
  const closed = closedDirectory(system, dir, runner);
  if (closed !== null) return fail(`${dir} cannot be reached by ${runnerName(runner)}`, `chmod a+x ${closed}`);
  const owner = `chown -R ${runner.uid}:${runner.gids[0] ?? 0} ${dir}`;
  if (!mayAccess(facts, runner, READ | WRITE | ENTER)) return fail(`${dir} cannot be written by ${runnerName(runner)} (${shown(facts.mode)})`, owner);
  for (const name of DATABASES) {
    const found = system.file(join(dir, name));
    if (found !== null && !mayAccess(found, runner, READ | WRITE))
      return fail(`${join(dir, name)} belongs to user ${found.uid}, and ${runnerName(runner)} cannot write it`, owner);
  }
  if ((facts.mode & OTHERS_READ) !== 0) return warn(`${dir} is open to every user (${shown(facts.mode)})`, `chmod o= ${dir}`);
  return ok(`${dir} can be written by ${runnerName(runner)}`);
}

/** It is made at the first start: below the nearest directory that there is. */
function checkFutureDataDir(system: System, { file: dir, runner }: FilesOptions): Verdict {
  const parent = nearestDirectory(system, dir);
  const facts = system.file(parent);
  if (facts !== null && mayAccess(facts, runner, WRITE | ENTER)) return ok(`${dir} will be made at the first start`);
  return fail(
    `${dir} does not exist, and ${runnerName(runner)} cannot make it in ${parent}`,
    `install -d -m 0750 -o ${runner.uid} -g ${runner.gids[0] ?? 0} ${dir}`,
  );
}

/** The directory itself or the first above it that is there. */
export function nearestDirectory(system: System, dir: string): string {
  return system.file(dir) !== null || dirname(dir) === dir ? dir : nearestDirectory(system, dirname(dir));
}

function shown(mode: number): string {
  return `mode ${(mode & 0o777).toString(8).padStart(4, "0")}`;
}
