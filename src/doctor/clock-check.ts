/**
 * Whether the wall clock follows others. Round-trip times do not need it; the times on a ticket do, and comparing them with a carrier's or another node's. There is
 * no file that says what adjtimex(2) would; so who keeps the clock is asked, the one that knows the offset first.
 */
import { ok, type Verdict, warn } from "./finding.ts";
import { say } from "./phrases.ts";
import type { System } from "./system.ts";

/** Fields of `chronyc -c tracking`: reference id first, offset of the system clock in seconds, leap status last. */
const CHRONY_FIELDS = 14;
const CHRONY_OFFSET = 4;
const NOT_SYNCHRONISED = "Not synchronised";
/** Further off, the times of two nodes cannot be put side by side: losses are told to the tenth of a second. */
const MAX_OFFSET_MS = 100;

export async function checkClock(system: System): Promise<Verdict> {
  return (await askChrony(system)) ?? (await askTimedated(system)) ?? timesyncdFile(system) ?? unknown();
}

async function askChrony(system: System): Promise<Verdict | null> {
  const end = await system.run("chronyc", ["-n", "-c", "tracking"]);
  const fields = end.kind === "ended" && end.exitCode === 0 ? end.stdout.trim().split(",") : [];
  if (fields.length !== CHRONY_FIELDS) return null;
  if (fields.at(-1) === NOT_SYNCHRONISED) return warn(say("noSource"), say("seeSources"));
  const offsetMs = Math.abs(Number(fields[CHRONY_OFFSET])) * 1000;
  if (!Number.isFinite(offsetMs)) return null;
  const words = say("chrony", { n: offsetMs.toFixed(3) });
  return offsetMs <= MAX_OFFSET_MS ? ok(words) : warn(words, say("makeStep"));
}

async function askTimedated(system: System): Promise<Verdict | null> {
  const end = await system.run("timedatectl", ["show", "--property=NTPSynchronized"]);
  const answer = end.kind === "ended" && end.exitCode === 0 ? /^NTPSynchronized=(yes|no)$/m.exec(end.stdout)?.[1] : undefined;
  if (answer === undefined) return null;
  return answer === "yes" ? ok(say("synchronised")) : warn(say("notSynchronised"), say("installChrony"));
}

/** systemd-timesyncd touches it at every synchronisation: systemd-timesyncd.service(8). */
function timesyncdFile(system: System): Verdict | null {
  return system.file("/run/systemd/timesync/synchronized") === null ? null : ok(say("timesyncd"));
}

function unknown(): Verdict {
  return warn(say("clockUnknown"), say("installChronyHost"));
}
