/**
 * How long a process was ready to run and did not, while it is watched: because others had the processor (/proc/PID/schedstat, field 2, of its main thread), or
 * because the machine below ours had it (`steal` of /proc/stat, of the processor that lost most). Both are sums, so a look that comes late, for the watch has
 * to wait as well, makes the answer coarser and never wrong.
 */
import { readFileSync } from "node:fs";

const LOOK_MS = 20;
/** A quarter of an hour; beyond that nothing more is noted. */
const MAX_LOOKS = 45_000;
/** USER_HZ, the unit of /proc/stat. */
const TICK_MS = 10;
/** Among the columns of a processor's line, its name first. */
const STEAL = 8;

interface Look {
  /** Wall ms. */
  readonly atMs: number;
  /** ms since the process began. */
  readonly waitedMs: number;
  /** ms since the machine was started, one for each processor. */
  readonly stolenMs: readonly number[];
}

export class ProcessorWait {
  readonly #file: string;
  readonly #looks: Look[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.#file = `/proc/${pid}/schedstat`;
    this.#look();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** ms waited between the last look before an interval (wall ms) and the first one after it; null when the process ended before that look. */
  during(startMs: number, endMs: number): number | null {
    const before = this.#looks.findLast((look) => look.atMs <= startMs) ?? this.#looks[0];
    const after = this.#looks.find((look) => look.atMs >= endMs);
    if (before === undefined || after === undefined) return null;
    const stolenMs = Math.max(0, ...after.stolenMs.map((ms, processor) => ms - (before.stolenMs[processor] ?? ms)));
    // What was waited before the first look was waited before the first interval ended, too.
    return after.waitedMs - (before.atMs <= startMs ? before.waitedMs : 0) + stolenMs;
  }

  /** Looks no more; what was seen can still be asked for. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.#looks.length >= MAX_LOOKS) return;
    try {
      const [, waited = "0"] = readFileSync(this.#file, "latin1").split(" ", 2);
      this.#looks.push({ atMs: Date.now(), waitedMs: Number(waited) / 1e6, stolenMs: stolen() });
    } catch {
      // The process has ended: what it waited until then is known.
    }
  }
}

function stolen(): readonly number[] {
  const processors = readFileSync("/proc/stat", "latin1")
    .split("\n")
    .filter((line) => /^cpu\d/.test(line));
  return processors.map((line) => Number(line.split(" ")[STEAL]) * TICK_MS);
}
