/**
 * The files of the agent, as the user who runs it meets them: that it can read its configuration and keys, that nobody else can change or read them, that it can
 * write its data. The classic: the agent was tried once as root, and its databases belong to root since.
 */
import { dirname, join } from "node:path";
import { verbatim } from "../phrases/phrase.ts";
import { fail, ok, type Verdict, warn } from "./finding.ts";
import { say } from "./phrases.ts";
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
  if (facts === null) return fail(say("unseen", { file }), say("asRoot"));
  const closed = closedDirectory(system, file, runner);
  if (closed !== null) return fail(say("unreached", { file, WHO: runnerName(runner) }), verbatim(`chmod a+x ${closed}`));
  if (!mayAccess(facts, runner, READ))
    return fail(say("unread", { file, WHO: runnerName(runner), mode: shown(facts.mode) }), verbatim(`chmod a+r ${file}`));
  if ((facts.mode & GROUP_OR_OTHERS_WRITE) !== 0) return warn(say("changeable", { file, mode: shown(facts.mode) }), verbatim(`chmod go-w ${file}`));
  return ok(say("valid", { file, WHO: runnerName(runner) }));
}

/** A key or token: for the agent's user, and nobody else. */
export function checkSecret(system: System, { file, runner }: FilesOptions): Verdict {
  const facts = system.file(file);
  if (facts === null) return fail(say("noSecret", { file }), say("makeSecret"));
  const closed = closedDirectory(system, file, runner);
  if (closed !== null) return fail(say("unreached", { file, WHO: runnerName(runner) }), verbatim(`chmod a+x ${closed}`));
  if ((facts.mode & OTHERS_READ) !== 0) return fail(say("everybodys", { file, mode: shown(facts.mode) }), verbatim(`chmod o= ${file}`));
  if (!mayAccess(facts, runner, READ))
    return fail(say("unread", { file, WHO: runnerName(runner), mode: shown(facts.mode) }), say("groupRead", { file }));
  return ok(say("secret", { file, WHO: runnerName(runner), mode: shown(facts.mode) }));
}

/** A certificate: no secret, but who changes it decides whom we believe. */
export function checkCertificate(system: System, { file, runner }: FilesOptions): Verdict {
  const facts = system.file(file);
  if (facts === null) return fail(say("noSecret", { file }), say("makeSecret"));
  const closed = closedDirectory(system, file, runner);
  if (closed !== null) return fail(say("unreached", { file, WHO: runnerName(runner) }), verbatim(`chmod a+x ${closed}`));
  if (!mayAccess(facts, runner, READ))
    return fail(say("unread", { file, WHO: runnerName(runner), mode: shown(facts.mode) }), verbatim(`chmod a+r ${file}`));
  if ((facts.mode & GROUP_OR_OTHERS_WRITE) !== 0) return warn(say("changeable", { file, mode: shown(facts.mode) }), verbatim(`chmod go-w ${file}`));
  return ok(say("publicFile", { file, WHO: runnerName(runner) }));
}

const DATABASES: readonly string[] = ["evidence.db", "metrics.db", "agent.lock"];

export function checkDataDir(system: System, { file: dir, runner }: FilesOptions): Verdict {
  const facts = system.file(dir);
  if (facts === null) return checkFutureDataDir(system, { file: dir, runner });
  if (facts.kind !== "directory") return fail(say("noDirectory", { file: dir }), say("setDataDir"));
  const closed = closedDirectory(system, dir, runner);
  if (closed !== null) return fail(say("unreached", { file: dir, WHO: runnerName(runner) }), verbatim(`chmod a+x ${closed}`));
  const owner = verbatim(`chown -R ${runner.uid}:${runner.gids[0] ?? 0} ${dir}`);
  if (!mayAccess(facts, runner, READ | WRITE | ENTER))
    return fail(say("unwritten", { file: dir, WHO: runnerName(runner), mode: shown(facts.mode) }), owner);
  for (const name of DATABASES) {
    const found = system.file(join(dir, name));
    if (found !== null && !mayAccess(found, runner, READ | WRITE))
      return fail(say("othersFile", { file: join(dir, name), n: found.uid, WHO: runnerName(runner) }), owner);
  }
  if ((facts.mode & OTHERS_READ) !== 0) return warn(say("open", { file: dir, mode: shown(facts.mode) }), verbatim(`chmod o= ${dir}`));
  return ok(say("writable", { file: dir, WHO: runnerName(runner) }));
}

/** It is made at the first start: below the nearest directory that there is. */
function checkFutureDataDir(system: System, { file: dir, runner }: FilesOptions): Verdict {
  const parent = nearestDirectory(system, dir);
  const facts = system.file(parent);
  if (facts !== null && mayAccess(facts, runner, WRITE | ENTER)) return ok(say("toBeMade", { file: dir }));
  return fail(
    say("cannotMake", { file: dir, WHO: runnerName(runner), parent }),
    verbatim(`install -d -m 0750 -o ${runner.uid} -g ${runner.gids[0] ?? 0} ${dir}`),
  );
}

/** The directory itself or the first above it that is there. */
export function nearestDirectory(system: System, dir: string): string {
  return system.file(dir) !== null || dirname(dir) === dir ? dir : nearestDirectory(system, dirname(dir));
}

function shown(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, "0");
}
